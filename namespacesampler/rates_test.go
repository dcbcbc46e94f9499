// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// newTestRates returns started rates of a configuration, with what they log.
func newTestRates(t *testing.T, change func(*Config)) (*rates, *observer.ObservedLogs) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	core, logs := observer.New(zapcore.DebugLevel)
	r, err := newRates(cfg, zap.New(core))
	require.NoError(t, err)
	r.start()
	t.Cleanup(r.stop)
	return r, logs
}

func runtimeOverride(s signal, key string, probability float64, until time.Time) override {
	return override{
		Override: rate.Override{Key: key, Probability: probability, Until: until}, signal: s, source: rate.RuntimeOverride,
		reason: "incident 7", updatedBy: "alice",
	}
}

// TestOverridesEndWithoutARestart, to the second, and though nothing flows.
func TestOverridesEndWithoutARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r, logs := newTestRates(t, func(cfg *Config) {
			cfg.SampleRate = 0.1
			cfg.Namespaces = Overrides{{Name: "payments", SampleRate: 1, Until: began.Add(time.Hour).Format(time.RFC3339)}}
			cfg.Metrics.Namespaces = Overrides{{Name: "pay*", SampleRate: 0.5, Until: began.Add(2 * time.Hour).Format(time.RFC3339)}}
		})
		check := func(at time.Duration, spans, points float64) {
			t.Helper()
			time.Sleep(time.Until(began.Add(at)))
			synctest.Wait()
			assert.InDelta(t, spans, r.inForce().spans.Lookup("payments").Probability, 0, at)
			assert.InDelta(t, points, r.inForce().points.Lookup("payments").Probability, 0, at)
		}
		check(time.Hour-time.Second, 1, 1)
		assert.Zero(t, logs.Len())
		check(time.Hour, 0.1, 0.5)
		check(2*time.Hour, 0.1, 0.1)
		require.Equal(t, 2, logs.FilterMessage("an override has ended").Len())
		first := logs.All()[0].ContextMap()
		assert.Equal(t, "1", first["from"])
		assert.Equal(t, "0.1 (metrics 0.5)", first["to"])
		assert.Equal(t, "shared_override", first["source"])
	})
}

func TestEachChangeOfRuntimeOverridesIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, logs := newTestRates(t, func(cfg *Config) { cfg.SampleRate = 0.1 })
		until := time.Now().Add(time.Hour)
		said := func(message string, set ...override) map[string]any {
			t.Helper()
			r.setRuntime(set)
			r.setRuntime(set) // the same again is no change
			taken := logs.TakeAll()
			if message == "" {
				require.Empty(t, taken)
				return nil
			}
			require.Len(t, taken, 1)
			require.Equal(t, message, taken[0].Message)
			return taken[0].ContextMap()
		}
		assert.Equal(t, map[string]any{
			"namespace": "payments", "signal": "traces", "source": "runtime_override", "from": "0.1", "to": "1", "until": until.UTC(),
			"reason": "incident 7", "updated_by": "alice",
		}, said("an override is in force", runtimeOverride(signalTraces, "payments", 1, until)))
		assert.Equal(t, "0.5", said("an override has changed", runtimeOverride(signalTraces, "payments", 0.5, until))["to"])
		assert.Equal(t, until.UTC(), said("an override has changed", runtimeOverride(signalTraces, "payments", 0.5, until.Add(time.Second)))["until_before"])
		assert.NotContains(t, said("an override has changed", runtimeOverride(signalTraces, "payments", 0.4, until.Add(time.Second))), "until_before")
		said("an override was removed")
		said("", runtimeOverride(signalAll, "late", 1, time.Now()))
		assert.Equal(t, "0.1", said("an override is in force", runtimeOverride(signalMetrics, "pay*", 0, until))["from"])
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Len(t, logs.FilterMessage("an override has ended").TakeAll(), 1)
		logs.TakeAll()
		said("")
	})
}

func TestManyChangesAreManyLinesButNotWithoutEnd(t *testing.T) {
	r, logs := newTestRates(t, func(*Config) {})
	var overrides []override
	for i := range maxChangesLogged + 7 {
		overrides = append(overrides, runtimeOverride(signalAll, string(rune('a'+i)), 0.5, time.Time{}))
	}
	r.setRuntime(overrides)
	assert.Equal(t, maxChangesLogged, logs.FilterMessage("an override is in force").Len())
	assert.Equal(t, int64(7), logs.FilterMessage("more overrides have changed").All()[0].ContextMap()["overrides"])
}

// TestAChangeAppliesWithTheNextBatch, to both signals, also where the walks' memory has been used before.
func TestAChangeAppliesWithTheNextBatch(t *testing.T) {
	rt := benchRuntime(t, func(cfg *Config) { cfg.SampleRate = 0 })
	spans, points := newTracesProcessor(rt), newMetricsProcessor(rt)
	kept := func() (n [2]int) {
		td := tracesOf(t, span{attributes: map[string]any{"namespace": "payments"}})
		_, _ = spans.process(t.Context(), td)
		md := pmetric.NewMetrics()
		metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		metric.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().PutStr("namespace", "payments")
		_, _ = points.process(t.Context(), md)
		return [2]int{td.SpanCount(), md.DataPointCount()}
	}
	assert.Equal(t, [2]int{0, 0}, kept())
	rt.rates.setRuntime([]override{runtimeOverride(signalAll, "payments", 1, time.Time{})})
	assert.Equal(t, [2]int{1, 1}, kept())
	rt.rates.setRuntime([]override{runtimeOverride(signalMetrics, "pay*", 1, time.Time{})})
	assert.Equal(t, [2]int{0, 1}, kept())
	rt.rates.setRuntime(nil)
	assert.Equal(t, [2]int{0, 0}, kept())
}

func TestARememberedTraceKeepsItsRate(t *testing.T) { // T16
	rt := benchRuntime(t, func(cfg *Config) { cfg.SampleRate = 0.5 })
	p := newTracesProcessor(rt)
	tracestate := func(s span) string {
		td := tracesOf(t, s)
		_, _ = p.process(t.Context(), td)
		if td.SpanCount() == 0 {
			return "dropped"
		}
		return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).TraceState().AsRaw()
	}
	other := highID
	other[0]++
	named := map[string]any{"namespace": "payments"}
	assert.Equal(t, "ot=th:8", tracestate(span{id: highID, attributes: named}))
	rt.rates.setRuntime([]override{runtimeOverride(signalAll, "payments", 0.25, time.Time{})})
	assert.Equal(t, "ot=th:8", tracestate(span{id: highID, attributes: named}), "the rate of its first spans")
	assert.Equal(t, "ot=th:c", tracestate(span{id: other, attributes: named}), "a trace that begins later")
}

// TestSpansOfARememberedTraceCountByTheirRule though the tables were replaced since, as long as the rate is the same.
func TestSpansOfARememberedTraceCountByTheirRule(t *testing.T) {
	h := start(t, map[string]any{"namespaces": map[string]any{"payments": 1}})
	batch := func() {
		h.consumeTraces(tracesOf(t, span{id: highID, attributes: map[string]any{"namespace": "payments"}}))
	}
	batch()
	h.runtime.rates.setRuntime(nil)
	batch()
	assert.Equal(t, map[string]int64{"kept payments exact": 2}, h.counts("spans"))
}

// TestReplacingRatesAndConsumingAtTheSameTime is C4; every batch goes by one table.
func TestReplacingRatesAndConsumingAtTheSameTime(t *testing.T) {
	rt := benchRuntime(t, func(cfg *Config) { cfg.SampleRate, cfg.Tracing.Sampler = 0, TraceIDRatio })
	p := newTracesProcessor(rt)
	var group sync.WaitGroup
	group.Go(func() {
		for i := range 500 {
			rt.rates.setRuntime([]override{runtimeOverride(signalAll, "*", float64(i%2), time.Now().Add(time.Second))})
		}
	})
	for range 4 {
		group.Go(func() {
			for range 200 {
				td := tracesOf(t, make([]span, 50)...)
				for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
					s.Attributes().PutStr("namespace", "payments")
				}
				_, _ = p.process(t.Context(), td)
				if n := td.SpanCount(); n != 0 && n != 50 {
					t.Errorf("%d of 50 spans", n)
				}
			}
		})
	}
	group.Wait()
	rt.rates.stop()
}
