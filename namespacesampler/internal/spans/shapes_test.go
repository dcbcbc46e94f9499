// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// shapeID identifies a span of a random batch.
type shapeID struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// The spans of a batch are related in any way, as in bad input: cycles, spans that share an ID, parents in other traces.
func TestBatchesOfAnyShapeAreProcessed(t *testing.T) {
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0.5,
		"namespaces":  map[string]any{"b": 0, "c": 1},
		"spans":       map[string]any{"internal": map[string]any{"enabled": false, "match": []any{`span.name == "internal"`}}},
		"tracing": map[string]any{
			"always_keep": []any{`span.name == "kept"`}, "trace_memory": map[string]any{"max_traces": 3},
		},
	})
	rng := rand.New(rand.NewPCG(3, 1))
	for range 20_000 {
		checkBatch(t, s, rng)
	}
}

func checkBatch(t *testing.T, sampler *samplertest.Sampler, rng *rand.Rand) {
	t.Helper()
	td := ptrace.NewTraces()
	internal := map[shapeID]bool{}
	for range rng.IntN(20) {
		s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{15: byte(rng.IntN(4))}) // 0: no trace
		s.SetSpanID(pcommon.SpanID{byte(rng.IntN(16))})
		s.SetParentSpanID(pcommon.SpanID{byte(rng.IntN(16))})
		if rng.IntN(2) == 0 {
			s.Attributes().PutStr("namespace", string(rune('a'+rng.IntN(4))))
		}
		s.SetName([]string{"internal", "internal", "kept", "span", "span"}[rng.IntN(5)])
		id := shapeID{s.TraceID(), s.SpanID()}
		others, isKnown := internal[id]
		internal[id] = s.Name() == "internal" && (others || !isKnown) // all spans with the ID
	}
	want := 0
	for _, rs := range td.ResourceSpans().All() {
		if rs.ScopeSpans().At(0).Spans().At(0).Name() == "kept" {
			want++
		}
	}

	kept := 0
	for _, s := range sampler.ConsumeTraces(td) {
		require.NotEqual(t, "internal", s.Name())
		if s.Name() == "kept" {
			kept++
		}
		if !s.ParentSpanID().IsEmpty() {
			require.False(t, internal[shapeID{s.TraceID(), s.ParentSpanID()}], "the parent was dropped")
		}
	}
	require.Equal(t, want, kept, "always_keep keeps")
}
