// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batchtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// traffic makes traces whose randomness is evenly spread, however many are made.
type traffic struct{ made uint64 }

// id returns the ID of another trace.
func (f *traffic) id() pcommon.TraceID {
	f.made++
	return batchtest.SpreadID(f.made)
}

// spans returns traces of a namespace, each of one or more spans that carry a tracestate.
func (f *traffic) spans(namespace string, traces, spansEach int, tracestate string) (spans []samplertest.Span) {
	for range traces {
		id := f.id()
		for range spansEach {
			spans = append(spans, samplertest.Span{ID: id, Attributes: map[string]any{"namespace": namespace}, Tracestate: tracestate})
		}
	}
	return spans
}

// budgets returns settings with budgets of a second.
func budgets(tracing map[string]any) map[string]any {
	return map[string]any{"budgets": map[string]any{"interval": "1s"}, "tracing": tracing}
}

// second sends the spans of a second in ten batches and returns what was kept, at the end of the interval.
func second(t *testing.T, s *samplertest.Sampler, spans []samplertest.Span) (kept []ptrace.Span) {
	t.Helper()
	for i := range 10 {
		if part := spans[len(spans)*i/10 : len(spans)*(i+1)/10]; len(part) > 0 {
			kept = append(kept, s.ConsumeTraces(samplertest.TracesOf(t, part...))...)
		}
		pass(100 * time.Millisecond)
	}
	return kept
}

// probabilityOf returns the probability that a kept span is stamped with.
func probabilityOf(t *testing.T, span ptrace.Span) float64 {
	t.Helper()
	return 1 / adjustedCount(t, span)
}

func adjustedCountOf(t *testing.T, spans []ptrace.Span) (count float64) {
	for _, span := range spans {
		count += adjustedCount(t, span)
	}
	return count
}

func TestTheRateFollowsFromTheBudgetAndWhatArrives(t *testing.T) { // B1, B2, B4
	for name, tracing := range map[string]map[string]any{
		"of a namespace":               {"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}}},
		"of a pattern":                 {"namespaces": map[string]any{"ana*": map[string]any{"items_per_second": 200}}},
		"shared":                       {"budget": map[string]any{"items_per_second": 200}},
		"of a namespace, by each span": {"sampler": "trace_id_ratio", "namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}}},
	} {
		for _, spansEach := range []int{1, 20} {
			t.Run(fmt.Sprint(name, spansEach), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, f := samplertest.Start(t, budgets(tracing)), &traffic{}
					second(t, s, f.spans("analytics", 2000/spansEach, spansEach, ""))
					for range 3 {
						kept := second(t, s, f.spans("analytics", 2000/spansEach, spansEach, ""))
						assert.InDelta(t, 200, len(kept), 21)
						for _, span := range kept {
							require.InDelta(t, 0.1, probabilityOf(t, span), 1e-4)
						}
					}
				})
			})
		}
	}
}

func TestWhatArrivesSampledCountsByItsProbability(t *testing.T) { // B2
	for _, tt := range []struct {
		mode       string
		tracestate string
		arrives    int     // spans
		want       float64 // probability that kept spans are stamped with
	}{
		{"equalizing", "ot=th:8", 1000, 0.1},     // 2,000 before
		{"equalizing", "ot=th:e666", 1000, 0.02}, // 10,000 before, which is no power of two
		{"proportional", "ot=th:8", 1000, 0.1},
		{"proportional", "ot=th:e666", 1000, 0.02},
	} {
		t.Run(tt.mode+" "+tt.tracestate, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, f := samplertest.Start(t, budgets(map[string]any{
					"mode": tt.mode, "namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}},
				})), &traffic{}
				threshold, err := sampling.TValueToThreshold(tt.tracestate[len("ot=th:"):])
				require.NoError(t, err)
				arriving := func() (spans []samplertest.Span) {
					for len(spans) < tt.arrives {
						if made := f.spans("analytics", 1, 1, tt.tracestate); threshold.ShouldSample(sampling.TraceIDToRandomness(made[0].ID)) {
							spans = append(spans, made...)
						}
					}
					return spans
				}
				second(t, s, arriving())
				kept := second(t, s, arriving())
				assert.InDelta(t, 200, len(kept), 10)
				for _, span := range kept {
					require.InEpsilon(t, tt.want, probabilityOf(t, span), 0.01)
				}
			})
		})
	}
}

func TestABurstIsGuarded(t *testing.T) { // B5
	for name, batches := range map[string]int{"in one batch": 1, "in a hundred batches": 100} {
		for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
			t.Run(name+" "+sampler, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, f := samplertest.Start(t, budgets(map[string]any{
						"sampler": sampler, "namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}},
					})), &traffic{}
					burst := func() (kept []ptrace.Span) {
						spans := f.spans("analytics", 20_000, 1, "")
						for i := range batches {
							kept = append(kept, s.ConsumeTraces(samplertest.TracesOf(t, spans[20_000*i/batches:20_000*(i+1)/batches]...))...)
						}
						pass(time.Second)
						return kept
					}
					kept := burst()
					assert.Greater(t, len(kept), 300, "the guard begins at one and a half of the budget")
					assert.LessOrEqual(t, len(kept), 800)
					assert.InEpsilon(t, 20_000, adjustedCountOf(t, kept), 0.2)
					kept = burst()
					assert.InDelta(t, 200, len(kept), 20, "the rate fits now")
				})
			})
		}
	}
}

func TestATraceKeepsTheRateThatItBeganWith(t *testing.T) { // B8
	synctest.Test(t, func(t *testing.T) {
		s, f := samplertest.Start(t, budgets(map[string]any{
			"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 100}},
		})), &traffic{}
		old := f.spans("analytics", 1, 1, "")
		require.Len(t, s.ConsumeTraces(samplertest.TracesOf(t, old...)), 1)
		second(t, s, f.spans("analytics", 1000, 1, ""))
		kept := second(t, s, f.spans("analytics", 1000, 1, ""))
		require.InDelta(t, 0.1, probabilityOf(t, kept[0]), 0.001)
		late := s.ConsumeTraces(samplertest.TracesOf(t, old...))
		require.Len(t, late, 1)
		assert.Empty(t, late[0].TraceState().AsRaw())
	})
}

func TestQuietNamespacesAreKeptWholeAndLoudOnesShareTheRest(t *testing.T) { // B3
	synctest.Test(t, func(t *testing.T) {
		s, f := samplertest.Start(t, budgets(map[string]any{
			"budget": map[string]any{"items_per_second": 300}, "namespaces": map[string]any{"fixed": 0.5},
		})), &traffic{}
		arriving := func() (spans []samplertest.Span) {
			for name, traces := range map[string]int{"quiet": 20, "": 80, "loud": 1000, "louder": 4000, "fixed": 1000} {
				spans = append(spans, f.spans(name, traces, 1, "")...)
			}
			return spans
		}
		for range 3 {
			second(t, s, arriving())
		}
		kept := map[string]int{}
		for _, span := range second(t, s, arriving()) {
			name, _ := span.Attributes().Get("namespace")
			kept[name.Str()]++
		}
		assert.Equal(t, 20, kept["quiet"])
		assert.Equal(t, 80, kept[""])
		assert.InDelta(t, 100, kept["loud"], 15)
		assert.InDelta(t, 100, kept["louder"], 15)
		assert.InDelta(t, 500, kept["fixed"], 30, "what has an override takes nothing from the budget")
	})
}

func TestTheRateRisesThreefoldAnInterval(t *testing.T) { // B4
	synctest.Test(t, func(t *testing.T) {
		s, f := samplertest.Start(t, budgets(map[string]any{
			"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 100}},
		})), &traffic{}
		second(t, s, f.spans("analytics", 10_000, 1, ""))
		var rates []float64
		for range 6 {
			s.ConsumeTraces(samplertest.TracesOf(t, f.spans("analytics", 100, 1, "")...))
			rates = append(rates, s.Gauges("budget_sample_rate")["analytics traces"])
			pass(time.Second)
		}
		require.Len(t, rates, 6)
		for i, want := range []float64{0.01, 0.03, 0.09, 0.27, 0.81, 1} {
			assert.InEpsilon(t, want, rates[i], 0.01)
		}
	})
}
