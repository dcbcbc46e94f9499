// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// holding returns settings that hold spans for two seconds, with a rate of 0 but for the namespace kept.
func holding(hold map[string]any) map[string]any {
	settings := map[string]any{"wait": "2s"}
	for key, value := range hold {
		settings[key] = value
	}
	return map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1}, "tracing": map[string]any{"hold": settings}}
}

// send sends spans in a batch and returns those that have left when nothing moves any more.
func send(t *testing.T, h *samplertest.Sampler, spans ...samplertest.Span) []ptrace.Span {
	t.Helper()
	return sendBatch(t, h, samplertest.TracesOf(t, spans...))
}

func sendBatch(t *testing.T, h *samplertest.Sampler, td ptrace.Traces) []ptrace.Span {
	t.Helper()
	h.Spans.Reset()
	require.NoError(t, h.Traces.ConsumeTraces(t.Context(), td))
	synctest.Wait()
	return left(h)
}

// left returns the spans that have left.
func left(h *samplertest.Sampler) (out []ptrace.Span) {
	for _, td := range h.Spans.AllTraces() {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					out = append(out, span)
				}
			}
		}
	}
	return out
}

func TestSpansWaitUntilALaterBatchNamesTheirTrace(t *testing.T) { // T19, T20
	synctest.Test(t, func(t *testing.T) {
		h := samplertest.Start(t, holding(nil))
		nameless := samplertest.Span{ID: samplertest.LowID}
		other := samplertest.Span{ID: samplertest.HighID}
		assert.Empty(t, send(t, h, nameless, other))
		time.Sleep(time.Second)
		assert.Empty(t, send(t, h, nameless))
		assert.Equal(t, map[string]float64{"": 3}, h.Gauges("held_spans"))
		assert.Empty(t, h.Counts("spans"), "they are counted when they are decided")

		out := send(t, h, samplertest.Span{ID: samplertest.LowID, Attributes: named("kept")})
		assert.Equal(t, []string{"kept", "kept", "kept"}, namespaces(out))
		assert.Equal(t, map[string]int64{"kept kept exact": 1, "kept kept trace": 2}, h.Counts("spans"))
		assert.Equal(t, map[string]float64{"": 1}, h.Gauges("held_spans"))
		assert.Len(t, send(t, h, nameless), 1, "nothing waits once the trace is remembered")

		h.Spans.Reset()
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Empty(t, left(h))
		assert.Equal(t, int64(1), h.Counts("spans")["dropped _none global"], "after the wait, as without hold")
		assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
		assert.Equal(t, map[string]int64{"": 3}, h.Counts("set_aside_spans"))
	})
}

func TestTheWaitOfATraceBeginsWithItsFirstSpan(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		settings := holding(nil)
		settings["sample_rate"] = 1
		h := samplertest.Start(t, settings)
		require.Empty(t, send(t, h, samplertest.Span{ID: samplertest.LowID}))
		time.Sleep(1500 * time.Millisecond)
		require.Empty(t, send(t, h, samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.HighID}))
		time.Sleep(499 * time.Millisecond)
		synctest.Wait()
		require.Empty(t, left(h))
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.Equal(t, 2, len(left(h)))
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		assert.Equal(t, 3, len(left(h)))
		assert.Equal(t, map[string]int64{"kept _none global": 3}, h.Counts("spans"))
	})
}

func TestASpanThatKeepsItsTraceLetsTheHeldOnesGo(t *testing.T) { // T18, T19
	synctest.Test(t, func(t *testing.T) {
		settings := holding(nil)
		settings["tracing"].(map[string]any)["always_keep_traces"] = []any{isError}
		h := samplertest.Start(t, settings)
		span := samplertest.Span{ID: samplertest.LowID, Tracestate: "ot=th:0"}
		require.Empty(t, send(t, h, span, span))
		out := sendBatch(t, h, failed(samplertest.TracesOf(t, span), 0))
		require.Len(t, out, 3)
		assert.Equal(t, "ot=th:0", out[0].TraceState().AsRaw())
		assert.Equal(t, map[string]int64{"kept _none always_keep_trace": 3}, h.Counts("spans"))
	})
}

func TestSpansThatNothingCanChangeAreNotHeld(t *testing.T) { // T19
	type settings = map[string]any
	for name, tt := range map[string]struct {
		settings settings
		span     samplertest.Span
		isHeld   bool
	}{
		"a name would be written":                 {settings{}, samplertest.Span{ID: samplertest.HighID}, true},
		"nothing would be written, one rate":      {settings{"namespace": settings{"inherit": false}}, samplertest.Span{ID: samplertest.HighID}, false},
		"nothing would be written, one of 0.5":    {settings{"sample_rate": 0.5, "namespace": settings{"inherit": false}}, samplertest.Span{ID: samplertest.HighID}, false},
		"two rates, which stamp differently":      {settings{"sample_rate": 0.5, "namespaces": settings{"a": 0.25}, "namespace": settings{"inherit": false}}, samplertest.Span{ID: samplertest.HighID}, true},
		"two rates below what it was sampled at":  {settings{"sample_rate": 0.5, "namespaces": settings{"a": 0.25}, "namespace": settings{"inherit": false}}, samplertest.Span{ID: samplertest.HighID, Tracestate: "ot=th:f"}, false},
		"two rates, of which one keeps":           {settings{"sample_rate": 1, "namespaces": settings{"a": 0.25}, "namespace": settings{"inherit": false}}, samplertest.Span{ID: samplertest.LowID}, true},
		"no rate keeps it":                        {settings{"sample_rate": 0.5}, samplertest.Span{ID: samplertest.LowID}, false},
		"no rate keeps it, but its trace may":     {settings{"sample_rate": 0.5, "tracing": settings{"always_keep_traces": []any{isError}}}, samplertest.Span{ID: samplertest.LowID}, true},
		"it is stamped, unless its trace is kept": {settings{"sample_rate": 0.5, "namespace": settings{"inherit": false}, "tracing": settings{"always_keep_traces": []any{isError}}}, samplertest.Span{ID: samplertest.HighID}, true},
		"it is kept untouched whatever its trace": {settings{"namespace": settings{"inherit": false}, "tracing": settings{"always_keep_traces": []any{isError}}}, samplertest.Span{ID: samplertest.HighID}, false},
		"it is exempt":                            {settings{"tracing": settings{"always_keep": []any{`span.name == "span 0"`}}}, samplertest.Span{ID: samplertest.HighID}, false},
		"its priority decides":                    {settings{"tracing": settings{"honor_priority": true}}, samplertest.Span{ID: samplertest.HighID, Attributes: settings{"sampling.priority": 1}}, false},
		"it names its trace":                      {settings{}, samplertest.Span{ID: samplertest.HighID, Attributes: named("payments")}, false},
		"it has a missing value":                  {settings{}, samplertest.Span{ID: samplertest.HighID, Attributes: named("unknown")}, true},
		"a dry run":                               {settings{"dry_run": true}, samplertest.Span{ID: samplertest.HighID}, false},
		"spans are disabled":                      {settings{"tracing": settings{"enabled": false}}, samplertest.Span{ID: samplertest.HighID}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tracing, ok := tt.settings["tracing"].(settings)
				if !ok {
					tracing = settings{}
					tt.settings["tracing"] = tracing
				}
				tracing["hold"] = settings{"wait": "2s"}
				h := samplertest.Start(t, tt.settings)
				send(t, h, tt.span)
				assert.Equal(t, tt.isHeld, len(h.Counts("spans")) == 0)
			})
		})
	}
}

func TestBeyondMaxSpansTheTracesHeldForLongestAreDecided(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		settings := holding(map[string]any{"max_spans": 3})
		settings["sample_rate"] = 1
		h := samplertest.Start(t, settings)
		a, b, c := samplertest.RandomID(), samplertest.RandomID(), samplertest.RandomID()
		require.Empty(t, send(t, h, samplertest.Span{ID: a}))
		require.Empty(t, send(t, h, samplertest.Span{ID: b}, samplertest.Span{ID: a}))
		out := send(t, h, samplertest.Span{ID: c})
		require.Len(t, out, 2)
		assert.Equal(t, a, out[0].TraceID())
		assert.Equal(t, a, out[1].TraceID())
		assert.Equal(t, map[string]int64{"": 1}, h.Counts("early_released_traces"))
		assert.Equal(t, map[string]float64{"": 2}, h.Gauges("held_spans"))

		var many []samplertest.Span
		for range 5 {
			many = append(many, samplertest.Span{ID: c})
		}
		assert.Len(t, send(t, h, many...), 7, "a trace that is too large does not stay either")
		assert.Equal(t, map[string]int64{"": 3}, h.Counts("early_released_traces"))
	})
}

func TestHeldSpansLeaveWithTheirResourceAndScope(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		h := samplertest.Start(t, holding(nil))
		td := ptrace.NewTraces()
		for _, service := range []string{"a", "b"} {
			samplertest.AppendSpans(t, td, map[string]any{"service.name": service}, map[string]any{"scope": service}, samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.LowID})
			rs := td.ResourceSpans().At(td.ResourceSpans().Len() - 1)
			rs.SetSchemaUrl("resource " + service)
			rs.ScopeSpans().At(0).SetSchemaUrl("scope " + service)
			rs.ScopeSpans().At(0).Scope().SetName("library " + service)
		}
		want := ptrace.NewTraces()
		td.CopyTo(want)
		require.Empty(t, sendBatch(t, h, td))
		send(t, h, samplertest.Span{ID: samplertest.LowID, Attributes: named("kept")})
		require.Len(t, h.Spans.AllTraces(), 2)
		for _, rs := range want.ResourceSpans().All() {
			for _, span := range rs.ScopeSpans().At(0).Spans().All() {
				span.Attributes().PutStr("namespace", "kept")
			}
		}
		assert.Equal(t, want, h.Spans.AllTraces()[1])
	})
}

func TestHeldSpansLeaveWithTheMetadataOfTheirClient(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		h := samplertest.Start(t, holding(nil))
		for _, tenant := range []string{"a", "b", "a"} {
			ctx := client.NewContext(t.Context(), client.Info{Metadata: client.NewMetadata(map[string][]string{"tenant": {tenant}})})
			require.NoError(t, h.Traces.ConsumeTraces(ctx, samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"tenant": tenant}})))
		}
		send(t, h, samplertest.Span{ID: samplertest.LowID, Attributes: named("kept")})
		calls := h.Spans.AllTraces()
		require.Len(t, calls, 3, "that of the batch, and one for each client")
		for i, ctx := range h.Spans.Contexts()[1:] {
			tenants := client.FromContext(ctx).Metadata.Get("tenant")
			for _, rs := range calls[i+1].ResourceSpans().All() {
				v, _ := rs.ScopeSpans().At(0).Spans().At(0).Attributes().Get("tenant")
				assert.Equal(t, tenants, []string{v.AsString()})
			}
		}
	})
}

func TestAStopDecidesAndSendsWhatIsHeld(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		settings := holding(nil)
		settings["sample_rate"] = 0.5
		h := samplertest.Start(t, settings)
		require.Empty(t, send(t, h, samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.HighID}))
		require.NoError(t, h.Traces.Shutdown(t.Context()))
		require.NoError(t, h.Traces.Shutdown(t.Context()))
		assert.Len(t, left(h), 1)
		assert.Equal(t, map[string]int64{"kept _none global": 1, "dropped _none global": 1}, h.Counts("spans"))
	})
}

func TestHeldSpansThatTheNextComponentRefusesAreCountedAndLogged(t *testing.T) { // T19, C8
	synctest.Test(t, func(t *testing.T) {
		settings := holding(nil)
		settings["sample_rate"] = 1
		h := samplertest.StartBefore(t, settings, consumertest.NewErr(errors.New("the queue is full")))
		for range 20 {
			require.NoError(t, h.Traces.ConsumeTraces(context.Background(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.LowID})))
			time.Sleep(2 * time.Second)
		}
		synctest.Wait()
		assert.Equal(t, map[string]int64{"": 40}, h.Counts("undelivered_spans"))
		assert.Equal(t, map[string]int64{"kept _none global": 40}, h.Counts("spans"))
		assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
		said := h.Logs.FilterMessageSnippet("are lost").All()
		assert.Len(t, said, 5, "at most five times a minute")
		assert.Equal(t, "the queue is full", said[0].ContextMap()["error"])
	})
}
