// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestBatchesOfAnyShapeAreWalked walks over batches of spans that are related in any way, as in bad input: circles, spans that share
// an ID, parents in other traces.
func TestBatchesOfAnyShapeAreWalked(t *testing.T) {
	p := newTracesProcessor(benchRuntime(t, func(cfg *Config) {
		cfg.SampleRate = 0.5
		cfg.Namespaces = Overrides{{Name: "b"}, {Name: "c", SampleRate: 1}}
		cfg.Spans.Internal.Match = []string{`span.name == "internal"`}
		cfg.Tracing.AlwaysKeep = []string{`span.name == "kept"`}
		cfg.Tracing.TraceMemory.MaxTraces = 3
	}))
	rng := rand.New(rand.NewPCG(3, 1))
	for range 20_000 {
		checkBatch(t, p, rng)
	}
}

func checkBatch(t *testing.T, p *tracesProcessor, rng *rand.Rand) {
	t.Helper()
	td := ptrace.NewTraces()
	internal := map[spanID]bool{}
	for range rng.IntN(20) {
		s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{15: byte(rng.IntN(4))}) // 0: no trace
		s.SetSpanID(pcommon.SpanID{byte(rng.IntN(16))})
		s.SetParentSpanID(pcommon.SpanID{byte(rng.IntN(16))})
		if rng.IntN(2) == 0 {
			s.Attributes().PutStr("namespace", string(rune('a'+rng.IntN(4))))
		}
		s.SetName([]string{"internal", "internal", "kept", "span", "span"}[rng.IntN(5)])
		id := spanID{s.TraceID(), s.SpanID()}
		others, known := internal[id]
		internal[id] = s.Name() == "internal" && (others || !known) // all that share the ID
	}
	keptOf := func(td ptrace.Traces) (kept int) {
		forEachSpan(td, func(s ptrace.Span) {
			if s.Name() == "kept" {
				kept++
			}
		})
		return kept
	}
	want := keptOf(td)

	out, _ := p.process(t.Context(), td)
	require.Equal(t, want, keptOf(out), "always_keep keeps")
	forEachSpan(out, func(s ptrace.Span) {
		require.NotEqual(t, "internal", s.Name())
		if parent := (spanID{s.TraceID(), s.ParentSpanID()}); !s.ParentSpanID().IsEmpty() {
			require.False(t, internal[parent], "the parent %v was dropped", parent)
		}
	})
}
