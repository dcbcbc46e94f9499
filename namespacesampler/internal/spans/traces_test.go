// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestASpanIsSampledByTheRateOfItsNamespace(t *testing.T) {
	h := samplertest.Start(t, map[string]any{
		"sample_rate": 0,
		"namespaces":  map[string]any{"payments": 1.0, "orders": 0.5},
		"tracing":     map[string]any{"sampler": "trace_id_ratio", "namespaces": map[string]any{"orders": 0.25}},
	})
	out := h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.LowID, Attributes: named("payments")},
		samplertest.Span{ID: samplertest.HighID, Attributes: named("orders")},
		samplertest.Span{ID: samplertest.LowID, Attributes: named("orders")},
		samplertest.Span{ID: samplertest.HighID, Attributes: named("analytics")},
		samplertest.Span{ID: samplertest.HighID},
	))

	require.Len(t, out, 2)
	assert.Equal(t, "span 0", out[0].Name())
	assert.Empty(t, out[0].TraceState().AsRaw(), "T5: at rate 1 nothing is touched")
	assert.Equal(t, "span 1", out[1].Name())
	assert.Equal(t, "ot=th:c", out[1].TraceState().AsRaw(), "the signal's override wins")
	assert.Equal(t, map[string]int64{ // attributes in the order decision, namespace, rule
		"kept payments exact": 1, "kept orders exact": 1, "dropped orders exact": 1,
		"dropped analytics global": 1, "dropped _none global": 1,
	}, h.Counts("spans"))
}

func TestTheNamespaceIsReadFromItemThenScopeThenResource(t *testing.T) {
	settings := map[string]any{
		"sample_rate": 0,
		"namespaces":  map[string]any{"kept": 1},
		"namespace":   map[string]any{"attributes": []any{"first", "second"}},
	}
	at := func(name, value string) map[string]any { return map[string]any{name: value} }
	for name, tt := range map[string]struct {
		item, scope, resource map[string]any
		keep                  bool
	}{
		"on the item":                               {item: at("first", "kept"), keep: true},
		"on the scope":                              {scope: at("first", "kept"), keep: true},
		"on the resource":                           {resource: at("first", "kept"), keep: true},
		"the item before the scope":                 {item: at("first", "other"), scope: at("first", "kept")},
		"the scope before the resource":             {scope: at("first", "other"), resource: at("first", "kept")},
		"the first attribute on the resource wins":  {item: at("second", "other"), resource: at("first", "kept"), keep: true},
		"the second attribute when the first lacks": {item: at("second", "kept"), keep: true},
		"a missing value is passed over":            {item: at("first", "unknown"), resource: at("first", "kept"), keep: true},
		"so is the empty one":                       {item: at("first", ""), scope: at("second", "kept"), keep: true},
		"so is what is no string":                   {item: map[string]any{"first": 5}, resource: at("first", "kept"), keep: true},
		"names are exact":                           {item: at("first", "Kept")},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, settings)
			td := ptrace.NewTraces()
			samplertest.AppendSpans(t, td, tt.resource, tt.scope, samplertest.Span{Attributes: tt.item})
			assert.Len(t, h.ConsumeTraces(td), map[bool]int{true: 1}[tt.keep])
		})
	}
}

func TestEmptiedContainersAreRemovedAndEmptyOnesKept(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1}})
	td := ptrace.NewTraces()
	samplertest.AppendSpans(t, td, map[string]any{"service": "emptied"}, nil, samplertest.Span{})
	samplertest.AppendSpans(t, td, map[string]any{"service": "stays"}, nil, samplertest.Span{}, samplertest.Span{Attributes: map[string]any{"namespace": "kept"}})
	td.ResourceSpans().AppendEmpty().Resource().Attributes().PutStr("service", "empty")

	h.ConsumeTraces(td)
	out := h.Spans.AllTraces()[0]
	require.Equal(t, 2, out.ResourceSpans().Len())
	service, _ := out.ResourceSpans().At(0).Resource().Attributes().Get("service")
	assert.Equal(t, "stays", service.Str())
}

func TestNothingIsPassedOnWhenNothingIsLeft(t *testing.T) { // C5
	h := samplertest.Start(t, map[string]any{"sample_rate": 0})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{}, samplertest.Span{}))
	assert.Empty(t, h.Spans.AllTraces())
	h.ConsumeTraces(ptrace.NewTraces())
	assert.Empty(t, h.Spans.AllTraces())
}

func TestSpansOfASignalThatIsOffAreDroppedAndCounted(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"tracing": map[string]any{"enabled": false}})
	assert.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"namespace": "payments"}}, samplertest.Span{})))
	assert.Equal(t, map[string]int64{"dropped payments disabled": 1, "dropped _none disabled": 1}, h.Counts("spans"))
	assert.Len(t, h.Logs.FilterMessageSnippet("tracing::enabled is false").All(), 1, "it is said once")
}

func TestSpanAndLinkFlagsPass(t *testing.T) { // T12
	h := samplertest.Start(t, map[string]any{"sample_rate": 0.5})
	td := samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID})
	in := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	in.SetFlags(0x300) // the sampled bit is cleared
	in.Links().AppendEmpty().SetFlags(0x101)

	out := h.ConsumeTraces(td)
	require.Len(t, out, 1)
	assert.Equal(t, uint32(0x300), out[0].Flags())
	assert.Equal(t, uint32(0x101), out[0].Links().At(0).Flags())
}

func TestFaultsOfTracestatesAreCounted(t *testing.T) { // T7, T8, T10
	h := samplertest.Start(t, map[string]any{"sample_rate": 0.5})
	h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.HighID, Tracestate: "ot=th:zz"},
		samplertest.Span{ID: samplertest.LowID, Tracestate: "ot=th:f"},
		samplertest.Span{ID: samplertest.LowID, Tracestate: "ot=th:f"},
		samplertest.Span{ID: samplertest.HighID, Tracestate: "ot=th:0"},
	))
	assert.Equal(t, map[string]int64{"malformed": 1, "inconsistent": 2}, h.Counts("tracestate_faults"))
}

// TestOutcomesDoNotDependOnBatches is T15: the same spans in one batch, in many, in any order, in another collector.
func TestOutcomesDoNotDependOnBatches(t *testing.T) {
	settings := map[string]any{
		"sample_rate": 0.3,
		"namespaces":  map[string]any{"payments": 0.7},
		"tracing":     map[string]any{"sampler": "trace_id_ratio"},
	}
	var spans []samplertest.Span
	for i := range 1000 {
		s := samplertest.Span{ID: samplertest.RandomID()}
		if i%3 == 0 {
			s.Attributes = map[string]any{"namespace": "payments"}
		}
		if i%5 == 0 {
			s.Tracestate = "ot=th:4,other=1"
		}
		spans = append(spans, s)
	}
	outcome := func(batches ...[]samplertest.Span) map[[16]byte]string {
		h := samplertest.Start(t, settings)
		kept := map[[16]byte]string{}
		for _, batch := range batches {
			for _, s := range h.ConsumeTraces(samplertest.TracesOf(t, batch...)) {
				kept[s.TraceID()] = s.TraceState().AsRaw()
			}
		}
		return kept
	}
	whole := outcome(spans)
	var singles [][]samplertest.Span
	for i := range spans {
		singles = append(singles, spans[len(spans)-1-i:len(spans)-i])
	}
	assert.NotEmpty(t, whole)
	assert.Less(t, len(whole), len(spans))
	assert.Equal(t, whole, outcome(singles...))
}
