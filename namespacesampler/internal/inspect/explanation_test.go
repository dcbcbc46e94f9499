// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestExplanationsAgreeWithDecisions asks about spans after they were decided.
func TestExplanationsAgreeWithDecisions(t *testing.T) {
	for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
		t.Run(sampler, func(t *testing.T) {
			h, at := samplertest.StartInspected(t, map[string]any{
				"namespaces": map[string]any{"payments": 1, "orders": 0.5, "silent": 0}, "sample_rate": 0.25,
				"tracing": map[string]any{"sampler": sampler},
			})
			names := []string{"payments", "orders", "silent", "stranger", "unknown", ""}
			states := []string{"", "ot=th:c", "ot=rv:ffffffffffffff", "x=y", "not a state"}
			var spans []samplertest.Span
			for i := range 300 {
				spans = append(spans, samplertest.Span{
					ID: samplertest.RandomID(), Tracestate: states[i%len(states)], Attributes: map[string]any{"namespace": names[i%len(names)]},
				})
			}
			kept := map[[16]byte]bool{}
			for _, s := range h.ConsumeTraces(samplertest.TracesOf(t, spans...)) {
				kept[s.TraceID()] = true
			}
			for _, s := range spans {
				e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?"+url.Values{
					"namespace": {s.Attributes["namespace"].(string)}, "trace_id": {s.ID.String()}, "tracestate": {s.Tracestate},
				}.Encode())
				want := "dropped"
				if kept[s.ID] {
					want = "kept"
				}
				require.NotNil(t, e.Decision)
				assert.Equal(t, want, *e.Decision, "%+v: %+v", s, e)
				assertTells(t, e)
			}
		})
	}
}

// assertTells holds the rules and the words of an explanation with a decision to its other fields.
func assertTells(t *testing.T, e inspect.Explanation) {
	t.Helper()
	for i, a := range e.Rules {
		assert.Equal(t, i == len(e.Rules)-1, a.Matches, "%+v", e)
	}
	last := e.Rules[len(e.Rules)-1]
	assert.Equal(t, []string{e.Rule, e.Source, e.Pattern}, []string{last.Rule, last.Source, last.Pattern})
	verdict, _, _ := strings.Cut(e.Text, ". ")
	assert.True(t, strings.HasSuffix(verdict, " is "+*e.Decision), e.Text)
	if between := e.SampleRate > 0 && e.SampleRate < 1; between && e.Threshold != "never" {
		digits := e.Threshold + strings.Repeat("0", 14-len(e.Threshold))
		assert.Contains(t, e.Text, "a randomness of "+digits+" or more is kept")
		assert.Equal(t, *e.Decision == "kept", *e.Randomness >= digits)
		assert.Contains(t, e.Text, " is "+*e.Randomness+".")
	} else {
		assert.NotContains(t, e.Text, "randomness of")
	}
}

func TestARememberedTraceAnswersForItsSpans(t *testing.T) { // T16
	h, at := samplertest.StartInspected(t, map[string]any{"namespaces": map[string]any{"orders": 0.5}, "sample_rate": 0})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Root: true, Attributes: map[string]any{"namespace": "orders"}}))
	e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=stranger&trace_id="+samplertest.HighID.String())
	assert.Equal(t, "trace", e.Source)
	assert.InDelta(t, 0.5, e.SampleRate, 0)
	assert.Equal(t, "orders", e.RememberedNamespace)
	assert.Equal(t, []inspect.Attempt{{Rule: "exact", Source: "trace", Matches: true}}, e.Rules)
	assert.Equal(t, "8", e.Threshold)
	assert.Equal(t, "ffffffffffffff", *e.Randomness)
	assert.Equal(t, "kept", *e.Decision)

	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=stranger&trace_id="+samplertest.LowID.String())
	assert.Equal(t, "global", e.Source)
	assert.Empty(t, e.RememberedNamespace)
	assert.Equal(t, "never", e.Threshold)
	assert.Equal(t, "dropped", *e.Decision)

	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=orders")
	assert.Equal(t, "shared_override", e.Source)
	assert.Nil(t, e.Randomness)
	assert.Nil(t, e.Decision)

	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=orders&trace_id=00000000000000000000000000000000")
	assert.Nil(t, e.Randomness)
	assert.Nil(t, e.Decision, "nobody can foretell a draw (T9)")

	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=orders&signal=metrics&trace_id="+samplertest.HighID.String())
	assert.Nil(t, e.Decision)
	assert.Equal(t, "8", e.Threshold)
}

func TestATraceThatIsKeptWholeIsExplained(t *testing.T) { // T18
	h, at := samplertest.StartInspected(t, map[string]any{
		"namespaces": map[string]any{"orders": map[string]any{"sample_rate": 0.5, "until": "2126-01-01T00:00:00Z"}}, "sample_rate": 0,
		"tracing": map[string]any{"always_keep_traces": []any{`span.name == "span 1"`}},
	})
	span := samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"namespace": "orders"}}
	question := at + "/explain?namespace=orders&trace_id=" + samplertest.LowID.String()
	assert.Equal(t, "dropped", *samplertest.GetJSON[inspect.Explanation](t, question).Decision)
	require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, span, span)), 2)
	status, body := samplertest.Get(t, question)
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{
		"namespace": "orders", "signal": "traces", "sample_rate": 1, "rule": "always_keep_trace", "source": "trace", "expires_at": null,
		"threshold": "0", "randomness": "00000000000001", "randomness_source": "trace_id", "decision": "kept",
		"remembered_namespace": "orders", "rules": [{"rule": "always_keep_trace", "source": "trace", "matches": true}],
		"text": "A span of orders with this trace ID is kept. Its trace is kept whole, as a span of it has matched a condition in tracing::always_keep_traces. The trace is remembered as one of orders."
	}`, body)
}
