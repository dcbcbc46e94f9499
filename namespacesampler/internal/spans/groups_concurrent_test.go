// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestConcurrentBatchesAgreeOnTheGroupOfATrace: batches with other groups for the same traces look for them at the same time.
func TestConcurrentBatchesAgreeOnTheGroupOfATrace(t *testing.T) { // G4
	const traces = 1000
	groups := []string{"order-13", "order-48", "order-36", "order-22"} // two of them are kept
	for range 5 {
		h := samplertest.Start(t, map[string]any{"consistent_by": []any{groupAttribute}, "sample_rate": 0.5})
		ids := make([]pcommon.TraceID, traces)
		for i := range ids {
			ids[i] = samplertest.RandomID()
		}
		var batches []ptrace.Traces
		for _, group := range groups {
			var spans []samplertest.Span
			for _, id := range ids {
				spans = append(spans, samplertest.Span{ID: id, Attributes: map[string]any{groupAttribute: group, "namespace": "orders"}})
			}
			batches = append(batches, samplertest.TracesOf(t, spans...))
		}
		var all sync.WaitGroup
		start := make(chan struct{})
		for _, td := range batches {
			all.Go(func() {
				<-start
				assert.NoError(t, h.Traces.ConsumeTraces(t.Context(), td))
			})
		}
		close(start)
		all.Wait()
		kept := map[pcommon.TraceID][]string{}
		for _, td := range h.Spans.AllTraces() {
			for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
				kept[span.TraceID()] = append(kept[span.TraceID()], span.TraceState().AsRaw())
			}
		}
		for id, states := range kept {
			require.Len(t, states, len(groups), "a trace is kept whole: %s", id)
			require.Len(t, slices.Compact(states), 1, "by one group: %s", id)
		}
	}
}

// TestConcurrentBatchesLeaveNoSpanOfAGroupedTraceBehind: a batch can find its trace without a name or a group while others are about to tell.
func TestConcurrentBatchesLeaveNoSpanOfAGroupedTraceBehind(t *testing.T) { // T19, G4
	const traces, size, senders = 300, 4, 8
	synctest.Test(t, func(t *testing.T) {
		settings := holding(map[string]any{"wait": "1h"})
		settings["consistent_by"] = []any{groupAttribute}
		settings["namespaces"] = map[string]any{"orders": 0.5}
		registers := []*register{newRegister(), newRegister()}
		h, pipelines := samplertest.StartPipelines(t, settings, registers[0], registers[1])
		batches := shuffled(t, traces, size, 0, func(s ptrace.Span) { s.Attributes().PutStr(groupAttribute, keptGroup) })
		named := map[pcommon.TraceID]bool{}
		for _, td := range batches { // one of the other spans names the trace
			span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
			if _, hasGroup := span.Attributes().Get(groupAttribute); !hasGroup && !named[span.TraceID()] {
				named[span.TraceID()] = true
				span.Attributes().PutStr("namespace", "orders")
			}
		}
		var all sync.WaitGroup
		for n := range senders {
			all.Go(func() {
				for i := n; i < len(batches); i += senders {
					assert.NoError(t, pipelines[i%2].ConsumeTraces(t.Context(), batches[i]))
				}
			})
		}
		all.Wait()
		synctest.Wait()
		assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
		kept, dropped := counted(h)
		assert.EqualValues(t, traces*size, kept)
		assert.Zero(t, dropped)
		left := maps.Clone(registers[0].spans)
		maps.Copy(left, registers[1].spans)
		assert.Len(t, left, traces*size)
	})
}
