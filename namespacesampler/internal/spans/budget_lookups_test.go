// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batchtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// analyticsSource says that all keys belong to analytics, and counts them.
type analyticsSource struct{ keys int }

func (s *analyticsSource) Lookup(_ context.Context, keys []namespace.Key, answers []namespace.Answer) (int, error) {
	s.keys += len(keys)
	for i := range keys {
		answers[i] = namespace.Answer{Name: "analytics", Outcome: namespace.Resolved}
	}
	return 1, nil
}

// newBudgeted returns a processor that looks up the namespaces of keys, all of which are analytics with a budget of 100 spans a second, while
// other namespaces have a rate of 0.1.
func newBudgeted(t *testing.T, cfg Config) (*Processor, *steering.Steering, *analyticsSource) {
	t.Helper()
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	s, err := steering.New(steering.Config{Rates: steering.RatesConfig{
		Global: 0.1, Precision: 4,
		Budgets:   steering.BudgetsConfig{Interval: time.Second, MinRate: 1e-4, InitialRate: 1, IsProportional: cfg.Sampler == decision.NewSampler(decision.Proportional, 4)},
		Overrides: []rate.Override{{Key: "analytics", Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 100}},
	}, Logger: zap.NewNop()})
	require.NoError(t, err)
	source := &analyticsSource{}
	resolver, err := namespace.NewResolver(namespace.ResolverConfig{
		Cache: namespace.CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour}, Wait: time.Second, LoadTimeout: time.Second, MaxLoads: 1,
		Breaker: namespace.BreakerConfig{Failures: 5, Cooldown: time.Second},
	}, source)
	require.NoError(t, err)
	reader := namespace.NewReader(namespace.ReaderConfig{
		Attributes: []string{"namespace"}, WriteTo: "namespace", Lookups: []namespace.Lookup{{Attribute: "key", Format: namespace.FormatText}},
	})
	p, err := New(cfg, &batch.Common{
		Reader: reader, Resolver: resolver, Labels: labels.New(10, nil), Telemetry: telemetry, Problems: &problems.Counts{},
	}, s.Rates)
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		require.NoError(t, s.Stop(context.Background()))
		require.NoError(t, resolver.Close(context.Background()))
	})
	return p, s, source
}

// keyed returns spans of traces with a key in their first span, with evenly spread randomness.
func keyed(traces, spansEach int, made *uint64) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range traces {
		*made++
		id := batchtest.SpreadID(*made)
		for n := range spansEach {
			s := spans.AppendEmpty()
			s.SetTraceID(id)
			s.SetSpanID(pcommon.SpanID{1, byte(n)})
			if n > 0 {
				s.SetParentSpanID(pcommon.SpanID{1})
			}
			s.Attributes().PutStr("key", fmt.Sprint(*made))
		}
	}
	return td
}

// While other namespaces have a lower rate than 1, what no rate keeps is not looked up. What is looked up stands for the rest.
func TestWhatIsNotLookedUpCountsForABudget(t *testing.T) { // B2
	for name, cfg := range map[string]Config{
		"parent_based":   {Memory: &tracememory.Config{MaxTraces: 1000, TTL: time.Minute}, Sampler: decision.NewSampler(decision.Equalizing, 4)},
		"trace_id_ratio": {Sampler: decision.NewSampler(decision.Equalizing, 4)},
		"proportional":   {Sampler: decision.NewSampler(decision.Proportional, 4)},
	} {
		for _, spansEach := range []int{1, 5} {
			t.Run(fmt.Sprint(name, spansEach), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg.Enabled = true
					p, s, source := newBudgeted(t, cfg)
					made := uint64(0)
					second := func() (kept int) {
						for range 4 {
							td := keyed(2500/spansEach, spansEach, &made)
							if out, err := p.Pipeline(nil).Process(t.Context(), td); err == nil {
								kept += out.SpanCount()
							}
							time.Sleep(250 * time.Millisecond)
						}
						synctest.Wait()
						return kept
					}
					second()
					for range 4 {
						source.keys = 0
						kept := second()
						assert.Less(t, source.keys, 1500, "nine in ten are not looked up")
						assert.InDelta(t, 100, kept, 25)
						assert.InEpsilon(t, 0.01, s.Rates.InForce().Traces.Peek("analytics").Probability, 0.03)
					}
				})
			})
		}
	}
}
