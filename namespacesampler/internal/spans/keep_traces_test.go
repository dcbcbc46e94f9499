// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// keepingTraces returns settings that keep the traces of failed spans at a rate of 0 for everything else.
func keepingTraces(tracing map[string]any) map[string]any {
	settings := map[string]any{"always_keep_traces": []any{isError}}
	maps.Copy(settings, tracing)
	return map[string]any{"sample_rate": 0, "tracing": settings}
}

func TestATraceOfASpanThatMatchesIsKeptWhole(t *testing.T) { // T18
	h := samplertest.Start(t, keepingTraces(nil))
	other := samplertest.RandomID()
	out := h.ConsumeTraces(failed(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.LowID, Tracestate: "ot=th:0,x=1"},
		samplertest.Span{ID: other, Attributes: named("payments")},
		samplertest.Span{ID: samplertest.LowID, Attributes: named("payments")},
		samplertest.Span{ID: samplertest.LowID, Attributes: named("orders")},
		samplertest.Span{ID: other},
		samplertest.Span{ID: samplertest.LowID},
	), 2))
	require.Equal(t, []string{"span 0", "span 2", "span 3", "span 5"}, names(out), "before it and after it")
	assert.Equal(t, "ot=th:0,x=1", out[0].TraceState().AsRaw(), "not touched")
	assert.Empty(t, out[1].TraceState().AsRaw())
	assert.Equal(t, []string{"payments", "payments", "orders", "payments"}, namespaces(out), "the others get the namespace of their trace")
	assert.Equal(t, map[string]int64{
		"kept payments always_keep_trace": 3, "kept orders always_keep_trace": 1, "dropped payments global": 1, "dropped payments trace": 1,
	}, h.Counts("spans"))

	out = h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.LowID, Attributes: named("orders")}, samplertest.Span{ID: other}))
	assert.Equal(t, []string{"span 0", "span 1"}, names(out), "while it is remembered")
	assert.Equal(t, []string{"payments", "orders"}, namespaces(out))
}

func TestATraceRememberedWithARateIsKeptFromTheSpanOnThatMatches(t *testing.T) { // T18
	h := samplertest.Start(t, keepingTraces(nil))
	span := samplertest.Span{ID: samplertest.LowID}
	assert.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: named("payments")})))
	out := h.ConsumeTraces(failed(samplertest.TracesOf(t, span, span), 1))
	assert.Equal(t, []string{"payments", "payments"}, namespaces(out), "it keeps the namespace that it was remembered with")
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, span)), 1)
	assert.Equal(t, map[string]int64{"dropped payments global": 1, "kept payments always_keep_trace": 3}, h.Counts("spans"))
}

func TestATraceThatIsKeptBeforeItHasANameGetsOneLater(t *testing.T) { // T18, T20
	h := samplertest.Start(t, keepingTraces(nil))
	span, orders := samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.LowID, Attributes: named("orders")}
	assert.Equal(t, []string{""}, namespaces(h.ConsumeTraces(failed(samplertest.TracesOf(t, span), 0))))
	assert.Equal(t, []string{""}, namespaces(h.ConsumeTraces(samplertest.TracesOf(t, span))))
	assert.Equal(t, []string{"orders", "orders"}, namespaces(h.ConsumeTraces(samplertest.TracesOf(t, span, orders))))
	assert.Equal(t, []string{"orders"}, namespaces(h.ConsumeTraces(samplertest.TracesOf(t, span))))
	assert.Equal(t, map[string]int64{"kept _none always_keep_trace": 2, "kept orders always_keep_trace": 3}, h.Counts("spans"))
}

func TestASpanKeepsItsTraceEvenIfItIsDropped(t *testing.T) { // T18
	settings := keepingTraces(nil)
	settings["spans"] = map[string]any{"internal": map[string]any{"match": []any{isError}}}
	h := samplertest.Start(t, settings)
	span := samplertest.Span{ID: samplertest.LowID}
	assert.Equal(t, []string{"span 0"}, names(h.ConsumeTraces(failed(samplertest.TracesOf(t, span, span), 1))))
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, span)), 1)
	assert.Equal(t, map[string]int64{"kept _none always_keep_trace": 2, "dropped _none internal": 1}, h.Counts("spans"))
}

// TestWhatAlwaysKeepTracesComesBeforeAndAfter: disabled, internal, always_keep, always_keep_traces, priority, rate.
func TestWhatAlwaysKeepTracesComesBeforeAndAfter(t *testing.T) { // T18
	settings := keepingTraces(map[string]any{"always_keep": []any{`span.name == "span 0"`}, "honor_priority": true})
	priority := func(p int) samplertest.Span {
		return samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"sampling.priority": p}}
	}
	h := samplertest.Start(t, settings)
	out := h.ConsumeTraces(failed(samplertest.TracesOf(t, priority(0), priority(0), priority(1), priority(0)), 3))
	assert.Len(t, out, 4)
	assert.Equal(t, map[string]int64{"kept _none always_keep": 1, "kept _none always_keep_trace": 3}, h.Counts("spans"))

	settings["tracing"].(map[string]any)["enabled"] = false
	h = samplertest.Start(t, settings)
	assert.Empty(t, h.ConsumeTraces(failed(samplertest.TracesOf(t, priority(0)), 0)))
	assert.Equal(t, map[string]int64{"dropped _none disabled": 1}, h.Counts("spans"))
}

func TestASpanWithoutATraceIDKeepsItselfAlone(t *testing.T) { // T18
	h := samplertest.Start(t, keepingTraces(map[string]any{"honor_priority": true}))
	td := samplertest.TracesOf(t, samplertest.Span{}, samplertest.Span{Attributes: map[string]any{"sampling.priority": 0}}, samplertest.Span{})
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		span.SetTraceID(pcommon.TraceID{})
	}
	assert.Equal(t, []string{"span 1"}, names(h.ConsumeTraces(failed(td, 1))))
	assert.Empty(t, h.ConsumeTraces(func() ptrace.Traces {
		td := samplertest.TracesOf(t, samplertest.Span{})
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetTraceID(pcommon.TraceID{})
		return td
	}()))
	assert.Equal(t, map[string]int64{"kept _none always_keep_trace": 1, "dropped _none global": 3}, h.Counts("spans"))
}

// TestABatchKeepsAllItsTracesInASmallMemory: the memory has room for one of three traces.
func TestABatchKeepsAllItsTracesInASmallMemory(t *testing.T) { // T16, T18
	h := samplertest.Start(t, keepingTraces(map[string]any{"trace_memory": map[string]any{"max_traces": 1}}))
	a, b, c := samplertest.RandomID(), samplertest.RandomID(), samplertest.RandomID()
	out := h.ConsumeTraces(failed(samplertest.TracesOf(t,
		samplertest.Span{ID: a}, samplertest.Span{ID: b}, samplertest.Span{ID: c}, samplertest.Span{ID: b}, samplertest.Span{ID: a},
		samplertest.Span{ID: b}, samplertest.Span{ID: a}, samplertest.Span{ID: c}), 1, 4))
	assert.Equal(t, []string{"span 0", "span 1", "span 3", "span 4", "span 5", "span 6"}, names(out))
}

func TestADryRunCountsTracesThatWouldBeKept(t *testing.T) { // T18
	settings := keepingTraces(nil)
	settings["dry_run"] = true
	h := samplertest.Start(t, settings)
	span := samplertest.Span{ID: samplertest.LowID, Attributes: named("payments")}
	assert.Len(t, h.ConsumeTraces(failed(samplertest.TracesOf(t, span, span, samplertest.Span{}), 1)), 3)
	assert.Equal(t, map[string]int64{"kept payments always_keep_trace": 2, "dropped _none global": 1}, h.Counts("spans"))
}

// namespaces returns the namespaces that spans carry themselves, "" for none.
func namespaces(spans []ptrace.Span) (out []string) {
	for _, span := range spans {
		name, _ := span.Attributes().AsRaw()["namespace"].(string)
		out = append(out, name)
	}
	return out
}
