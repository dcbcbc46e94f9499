// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// resolvingTo returns settings with hold, under which every key k has a namespace and no group.
func resolvingTo(t *testing.T, namespace string, settings map[string]any) map[string]any {
	settings["consistent_by"] = []any{"workflow"}
	settings["tracing"] = map[string]any{"hold": map[string]any{"wait": "1h"}}
	lookups := map[string]any{"lookups": []any{map[string]any{"attribute": "k", "query": "SELECT k, '" + namespace + "' FROM unnest($1::text[]) k"}}}
	return samplertest.WithPostgres(samplertest.NewDatabase(t, 0).DSN, lookups, settings)
}

// A held span waits for its group only: its key is not looked up again.
func TestAHeldSpanKeepsTheNamespaceOfItsLookup(t *testing.T) { // T19
	for _, writeTo := range []string{"namespace", "resolved.namespace"} {
		t.Run(writeTo, func(t *testing.T) {
			h := samplertest.Start(t, resolvingTo(t, "payments", map[string]any{
				"sample_rate": 0.5, "namespace": map[string]any{"write_to": writeTo},
			}))
			id := samplertest.HighID
			out := h.ConsumeTraces(samplertest.TracesOf(t,
				samplertest.Span{ID: id, Root: true, Attributes: map[string]any{"namespace": "orders"}},
				samplertest.Span{ID: id, Attributes: map[string]any{"k": "a"}}))
			require.Empty(t, out)
			out = h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id, Attributes: map[string]any{"namespace": "orders", "workflow": "order-22"}}))
			require.Len(t, out, 3)
			assert.Equal(t, map[string]int64{"kept orders global": 2, "kept payments trace": 1}, h.Counts("spans"))
			var names []string
			for _, span := range out {
				if _, ok := span.Attributes().Get("k"); ok {
					name, _ := span.Attributes().Get(writeTo)
					names = append(names, name.AsString())
				}
			}
			assert.Equal(t, []string{"payments"}, names)
		})
	}
}

// A name is guessed if the key of a span that could name the trace was not looked up. It releases nothing, though the group is remembered.
func TestAGuessedNameReleasesNoHeldSpans(t *testing.T) { // T19
	h := samplertest.Start(t, resolvingTo(t, "payments", map[string]any{"sample_rate": 0.5, "namespaces": map[string]any{"orders": 0.01}}))
	id := samplertest.LowID
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id, Tracestate: "ot=rv:f0000000000000"}))
	require.EqualValues(t, map[string]float64{"": 1}, h.Gauges("held_spans"))
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id, Attributes: map[string]any{"k": "a"}},
		samplertest.Span{ID: id, Attributes: map[string]any{"namespace": "orders", "workflow": "order-22"}}))
	require.EqualValues(t, map[string]float64{"": 1}, h.Gauges("held_spans"))
	out := h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id, Attributes: map[string]any{"namespace": "payments"}}))
	require.Len(t, out, 1)
	assert.Equal(t, "ot=rv:f0000000000000;th:8", out[0].TraceState().AsRaw())
}
