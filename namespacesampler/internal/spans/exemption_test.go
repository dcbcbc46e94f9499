// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"maps"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

const isError = "span.status.code == STATUS_CODE_ERROR"

// failed marks the spans of a batch by their index as failed.
func failed(td ptrace.Traces, indexes ...int) ptrace.Traces {
	for _, i := range indexes {
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(i).Status().SetCode(ptrace.StatusCodeError)
	}
	return td
}

func TestAlwaysKeepKeepsMatchingSpansUnchanged(t *testing.T) { // T17
	h := samplertest.Start(t, map[string]any{
		"sample_rate": 0.01, "namespaces": map[string]any{"silent": 0},
		"tracing": map[string]any{"always_keep": []any{isError}},
	})
	out := h.ConsumeTraces(failed(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.LowID, Tracestate: "ot=th:0,x=1", Attributes: named("payments")},
		samplertest.Span{ID: samplertest.LowID, Attributes: named("payments")},
		samplertest.Span{Attributes: named("silent")},
		samplertest.Span{ID: samplertest.HighID},
	), 0, 2, 3))

	require.Equal(t, []string{"span 0", "span 2", "span 3"}, names(out))
	assert.Equal(t, "ot=th:0,x=1", out[0].TraceState().AsRaw())
	assert.Empty(t, out[2].TraceState().AsRaw(), "its probability is 1, though the rate would have kept it too")
	assert.Equal(t, map[string]int64{
		"kept payments always_keep": 1, "dropped payments global": 1, "kept silent always_keep": 1, "kept _none always_keep": 1,
	}, h.Counts("spans"))
}

// TestErrorsAllArriveAndCountsStayUnbiased: 10,000 errors at a rate of 0.01. Each span that is kept stands for 1/P spans, errors
// for themselves; the rest is binomial, and the interval is that of 99.99 %.
func TestErrorsAllArriveAndCountsStayUnbiased(t *testing.T) {
	const errors, others, rate = 10_000, 90_000, 0.01
	h := samplertest.Start(t, map[string]any{
		"namespaces": map[string]any{"analytics": rate},
		"tracing":    map[string]any{"always_keep": []any{isError}},
	})
	kept, adjusted := 0, 0.0
	for range 10 {
		var spans []samplertest.Span
		var indexes []int
		for i := range (errors + others) / 10 {
			spans = append(spans, samplertest.Span{Attributes: named("analytics")})
			if i%10 == 0 {
				indexes = append(indexes, i)
			}
		}
		for _, s := range h.ConsumeTraces(failed(samplertest.TracesOf(t, spans...), indexes...)) {
			switch {
			case s.Status().Code() == ptrace.StatusCodeError:
				kept++
				adjusted++
				require.Empty(t, s.TraceState().AsRaw())
			default:
				require.Equal(t, "ot=th:fd70a", s.TraceState().AsRaw())
				adjusted += 1 / (1 - float64(0xfd70a)/(1<<20)) // the threshold as a part of 1
			}
		}
	}
	assert.Equal(t, errors, kept)
	sigma := math.Sqrt(others*rate*(1-rate)) / rate
	assert.InDelta(t, errors+others, adjusted, 3.9*sigma)
	t.Logf("100,000 spans were estimated as %.0f, ± %.0f", adjusted, 3.9*sigma)
}

func TestInternalSpansAreDroppedAtAnyRate(t *testing.T) {
	settings := map[string]any{
		"tracing": map[string]any{"always_keep": []any{isError}},
		"spans":   map[string]any{"internal": map[string]any{"match": []any{`span.name == "span 1"`}}},
	}
	spans := []samplertest.Span{{Attributes: named("payments")}, {Attributes: named("payments")}, {}}
	h := samplertest.Start(t, settings)
	assert.Equal(t, []string{"span 0", "span 2"}, names(h.ConsumeTraces(failed(samplertest.TracesOf(t, spans...), 0, 1))),
		"also where always_keep matches")
	assert.Equal(t, map[string]int64{
		"kept payments always_keep": 1, "dropped payments internal": 1, "kept _none global": 1,
	}, h.Counts("spans"))

	settings["spans"].(map[string]any)["internal"].(map[string]any)["enabled"] = true
	assert.Len(t, samplertest.Start(t, settings).ConsumeTraces(samplertest.TracesOf(t, spans...)), 3, "enabled, they are like any other")
}

func TestAnInternalRootStillNamesItsTrace(t *testing.T) {
	h := samplertest.Start(t, map[string]any{
		"sample_rate": 0, "namespaces": map[string]any{"kept": 1},
		"spans": map[string]any{"internal": map[string]any{"match": []any{"IsRootSpan()"}}},
	})
	assert.Equal(t, []string{"span 1"},
		names(h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Root: true, Attributes: named("kept")}, samplertest.Span{ID: samplertest.LowID}))))
}

func TestPriorityDecidesWhereItIsHonored(t *testing.T) { // T13
	settings := map[string]any{"sample_rate": 0.5, "tracing": map[string]any{"honor_priority": true}}
	priority := func(value any) map[string]any { return map[string]any{"sampling.priority": value} }
	spans := []samplertest.Span{
		{ID: samplertest.LowID, Tracestate: "ot=th:0", Attributes: priority(1)},
		{ID: samplertest.HighID, Attributes: priority(0)},
		{ID: samplertest.HighID, Attributes: priority("x")},
		{ID: samplertest.LowID, Attributes: priority(-1)},
	}
	h := samplertest.Start(t, settings)
	out := h.ConsumeTraces(samplertest.TracesOf(t, spans...))
	require.Equal(t, []string{"span 0", "span 2"}, names(out))
	assert.Equal(t, "ot=th:0", out[0].TraceState().AsRaw(), "what asks to be kept is not touched")
	assert.Equal(t, "ot=th:8", out[1].TraceState().AsRaw())
	assert.Equal(t, map[string]int64{
		"kept _none priority": 1, "dropped _none priority": 1, "kept _none global": 1, "dropped _none global": 1,
	}, h.Counts("spans"))

	delete(settings, "tracing")
	assert.Equal(t, []string{"span 1", "span 2"}, names(samplertest.Start(t, settings).ConsumeTraces(samplertest.TracesOf(t, spans...))),
		"by default the attribute means nothing")
}

// TestTheOrderOfRules is the table of the documentation: signal, internal, always_keep, priority, rate.
func TestTheOrderOfRules(t *testing.T) {
	everything := map[string]any{
		"sample_rate": 1,
		"tracing":     map[string]any{"enabled": false, "always_keep": []any{isError}, "honor_priority": true},
		"spans":       map[string]any{"internal": map[string]any{"match": []any{isError}}},
	}
	in := func() ptrace.Traces {
		return failed(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"sampling.priority": 0}}), 0)
	}
	steps := []struct {
		rule string
		next func(tracing map[string]any)
	}{
		{"dropped _none disabled", func(tracing map[string]any) { tracing["enabled"] = true }},
		{"dropped _none internal", func(map[string]any) { delete(everything, "spans") }},
		{"kept _none always_keep", func(tracing map[string]any) { delete(tracing, "always_keep") }},
		{"dropped _none priority", func(tracing map[string]any) { delete(tracing, "honor_priority") }},
		{"kept _none global", func(map[string]any) {}},
	}
	for _, step := range steps {
		h := samplertest.Start(t, maps.Clone(everything))
		h.ConsumeTraces(in())
		assert.Equal(t, map[string]int64{step.rule: 1}, h.Counts("spans"))
		step.next(everything["tracing"].(map[string]any))
	}
}

func TestErrorsOfConditionsAreTruncated(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"tracing": map[string]any{"always_keep": []any{`IsMatch(span.name, span.attributes["pattern"])`}}})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"pattern": "(" + strings.Repeat("é", 1<<19)}}))
	said := h.Logs.FilterMessageSnippet("could not be evaluated").All()
	require.Len(t, said, 1)
	text := said[0].ContextMap()["error"].(string)
	assert.LessOrEqual(t, len(text), 300)
	assert.True(t, utf8.ValidString(text))
}

func TestFailedConditionsAreCountedAndLoggedOnce(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"tracing": map[string]any{"always_keep": []any{
		`span.name == "never"`, `ParseJSON(span.attributes["body"])["level"] == "error"`,
	}}})
	for range 2 {
		require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{}, samplertest.Span{}, samplertest.Span{Attributes: map[string]any{"body": `{"level": "info"}`}})), 3)
	}
	assert.Equal(t, map[string]int64{"tracing::always_keep::1": 4}, h.Counts("condition_errors"))
	said := h.Logs.FilterMessageSnippet("could not be evaluated").All()
	require.Len(t, said, 1)
	assert.Equal(t, "tracing::always_keep::1", said[0].ContextMap()["condition"])
}
