// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

func TestTracesAreCutInTheOrderOfEndIntoIdentifiedPieces(t *testing.T) {
	t.Parallel()
	tasks := NewTasks(1, 300)
	pieces, lastEnd := map[pcommon.TraceID]int{}, map[pcommon.TraceID]pcommon.Timestamp{}
	rooted := map[pcommon.TraceID]bool{}
	for round := range maxPieces {
		for request := range cutTraces(newTraces(tasks, 1, 6000, testStart), 1, round) {
			assert.LessOrEqual(t, request.SpanCount(), spansPerRequest+spansPerTrace)
			identified, end := map[pcommon.TraceID]bool{}, map[pcommon.TraceID]pcommon.Timestamp{}
			for s := range items.Spans(request) {
				id := s.TraceID()
				require.False(t, rooted[id], "nothing comes after the piece with the root")
				require.Greater(t, s.EndTimestamp(), lastEnd[id])
				end[id] = max(end[id], s.EndTimestamp())
				identified[id] = identified[id] || carriesNamespaceOrKey(s, isUUID)
			}
			for id := range end {
				require.True(t, identified[id], "a namespace or an identifier in every piece")
				require.Equal(t, round, pieces[id])
				pieces[id]++
				lastEnd[id] = end[id]
			}
			for s := range items.Spans(request) {
				if s.ParentSpanID().IsEmpty() {
					rooted[s.TraceID()] = true
				}
			}
		}
	}
	assert.Len(t, rooted, 300)
	sizes := map[int]int{}
	for _, n := range pieces {
		sizes[n]++
	}
	assert.Len(t, sizes, 4)
	for n := 2; n <= maxPieces; n++ {
		assert.Greater(t, sizes[n], 40, "traces in %d pieces", n)
	}
}

func TestTracesThatAreCutHaveTheSpansOfThoseThatAreNot(t *testing.T) {
	t.Parallel()
	tasks := NewTasks(1, 30)
	for _, n := range []int{0, 1, 19, 20, 21, 1234} { // tasks come round again
		whole, cut := map[pcommon.SpanID]ptrace.Span{}, map[pcommon.SpanID]ptrace.Span{}
		for request := range wholeTraces(newTraces(tasks, 1, n, testStart)) {
			for s := range items.Spans(request) {
				whole[s.SpanID()] = s.Span
			}
		}
		traces := newTraces(tasks, 1, n, testStart)
		for round := range maxPieces {
			for request := range cutTraces(traces, 1, round) {
				for s := range items.Spans(request) {
					require.NotContains(t, cut, s.SpanID())
					cut[s.SpanID()] = s.Span
				}
			}
		}
		require.Len(t, cut, n)
		require.Equal(t, whole, cut)
	}
}
