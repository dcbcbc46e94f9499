// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestTracesAreCutInTheOrderOfEndIntoPiecesThatSpeak(t *testing.T) {
	tasks := newTasks(1, 300)
	pieces, lastEnd := map[pcommon.TraceID]int{}, map[pcommon.TraceID]pcommon.Timestamp{}
	rooted := map[pcommon.TraceID]bool{}
	for round := range maxPieces {
		for request := range cutTraces(newTraces(tasks, 1, 6000, testStart), 1, round) {
			assert.LessOrEqual(t, request.SpanCount(), spansPerRequest+spansPerTrace)
			speaks, end := map[pcommon.TraceID]bool{}, map[pcommon.TraceID]pcommon.Timestamp{}
			for s := range spansIn(request) {
				id := s.span.TraceID()
				require.False(t, rooted[id], "nothing comes after the piece with the root")
				require.Greater(t, s.span.EndTimestamp(), lastEnd[id])
				end[id] = max(end[id], s.span.EndTimestamp())
				r := (&oracle{missing: []string{"unknown"}, directory: directory{}}).resolve(s.span.Attributes(), s.scope, s.resource)
				speaks[id] = speaks[id] || r.named != "" || r.key != ""
			}
			for id := range end {
				require.True(t, speaks[id], "a namespace or an identifier in every piece")
				require.Equal(t, round, pieces[id])
				pieces[id]++
				lastEnd[id] = end[id]
			}
			for s := range spansIn(request) {
				if s.span.ParentSpanID().IsEmpty() {
					rooted[s.span.TraceID()] = true
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
	tasks := newTasks(1, 30)
	for _, n := range []int{0, 1, 19, 20, 21, 1234} { // tasks come round again
		whole, cut := map[pcommon.SpanID]ptrace.Span{}, map[pcommon.SpanID]ptrace.Span{}
		for request := range wholeTraces(newTraces(tasks, 1, n, testStart)) {
			for s := range spansIn(request) {
				whole[s.span.SpanID()] = s.span
			}
		}
		traces := newTraces(tasks, 1, n, testStart)
		for round := range maxPieces {
			for request := range cutTraces(traces, 1, round) {
				for s := range spansIn(request) {
					require.NotContains(t, cut, s.span.SpanID())
					cut[s.span.SpanID()] = s.span
				}
			}
		}
		require.Len(t, cut, n)
		require.Equal(t, whole, cut)
	}
}

func TestTracesBeyondTheCollectorsMemoryCannotBeCut(t *testing.T) {
	c, err := parseConfig([]byte("processors: {namespace_sampler: {tracing: {trace_memory: {max_traces: 99}}}}"))
	require.NoError(t, err)
	require.ErrorContains(t, c.fitsMemory(sizes{spans: 1981, cut: true}), "100 traces that are cut do not fit")
	require.NoError(t, c.fitsMemory(sizes{spans: 1980, cut: true}))
	require.NoError(t, c.fitsMemory(sizes{spans: 1981}))
	c.Tracing.Sampler = traceIDRatio
	require.NoError(t, c.fitsMemory(sizes{spans: 1981, cut: true}))

	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), []string{
		"run", "--config", "../../testdata/demo.yaml", "--listen", "127.0.0.1:0", "--spans", "2000001", "--cut",
	}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "do not fit in tracing::trace_memory::max_traces, 100000")
}
