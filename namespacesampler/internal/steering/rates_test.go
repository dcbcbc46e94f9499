// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// startRates returns rates that are started, with what they log.
func startRates(t *testing.T, cfg RatesConfig) (*Rates, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	cfg.Precision = 4
	r, err := newRates(cfg, zap.New(core))
	require.NoError(t, err)
	r.start()
	t.Cleanup(r.stop)
	return r, logs
}

func runtimeOverride(s rate.Signal, key string, probability float64, until time.Time) rate.Override {
	return rate.Override{
		Key: key, Signal: s, Source: rate.RuntimeOverride, Probability: probability, Until: until, Reason: "incident 7", UpdatedBy: "alice",
	}
}

func TestOverridesExpireToTheSecondWithoutTraffic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r, logs := startRates(t, RatesConfig{Global: 0.1, Overrides: []rate.Override{
			{Key: "payments", Signal: rate.All, Source: rate.SharedOverride, Probability: 1, Until: began.Add(time.Hour)},
			{Key: "pay*", Signal: rate.Metrics, Source: rate.SignalOverride, Probability: 0.5, Until: began.Add(2 * time.Hour)},
		}})
		check := func(at time.Duration, spans, points float64) {
			t.Helper()
			time.Sleep(time.Until(began.Add(at)))
			synctest.Wait()
			assert.InDelta(t, spans, r.InForce().Traces.Lookup("payments").Probability, 0, at)
			assert.InDelta(t, points, r.InForce().Metrics.Lookup("payments").Probability, 0, at)
		}
		check(time.Hour-time.Second, 1, 1)
		assert.Zero(t, logs.Len())
		check(time.Hour, 0.1, 0.5)
		check(2*time.Hour, 0.1, 0.1)
		require.Equal(t, 2, logs.FilterMessage("an override has ended").Len())
		first := logs.All()[0].ContextMap()
		assert.Equal(t, map[string]any{
			"from_traces_sample_rate": 1., "to_traces_sample_rate": 0.1, "from_metrics_sample_rate": 1., "to_metrics_sample_rate": 0.5,
			"from_logs_sample_rate": 1., "to_logs_sample_rate": 0.1,
			"namespace": "payments", "signal": "all", "source": "shared_override", "until": first["until"],
		}, first)
		assert.Equal(t, map[string]any{"from": 0.5, "to": 0.1}, map[string]any{
			"from": logs.All()[1].ContextMap()["from_sample_rate"], "to": logs.All()[1].ContextMap()["to_sample_rate"],
		}, "one signal")
		assert.Len(t, r.Expired(time.Now()), 2)
	})
}

func TestEachChangeOfRuntimeOverridesIsLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, logs := startRates(t, RatesConfig{Global: 0.1})
		until := time.Now().Add(time.Hour).In(time.FixedZone("far east", 9*3600))
		const ends = "2000-01-01T01:00:00Z" // the clock of synctest begins at midnight
		set := func(message string, overrides ...rate.Override) map[string]any {
			t.Helper()
			r.setRuntime(overrides)
			r.setRuntime(overrides) // the same overrides again are no change
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
			"namespace": "payments", "signal": "traces", "source": "runtime_override", "from_sample_rate": 0.1, "to_sample_rate": 1., "until": ends,
			"reason": "incident 7", "updated_by": "alice",
		}, set("an override is in force", runtimeOverride(rate.Traces, "payments", 1, until)))
		assert.InDelta(t, 0.5, set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.5, until))["to_sample_rate"], 0)
		later := set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.5, until.Add(time.Second)))
		assert.Equal(t, []any{ends, "2000-01-01T01:00:01Z", true}, []any{later["until_before"], later["until"], later["until_has_changed"]})
		same := set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.4, until.Add(time.Second)))
		assert.Subset(t, slices.Collect(maps.Keys(same)), []string{"until", "to_sample_rate"})
		assert.NotContains(t, same, "until_before")
		assert.NotContains(t, same, "until_has_changed")
		lasting := set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.4, time.Time{}))
		assert.NotContains(t, lasting, "until", "it ends never")
		assert.Equal(t, "2000-01-01T01:00:01Z", lasting["until_before"])
		ending := set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.4, until))
		assert.NotContains(t, ending, "until_before", "it ended never")
		assert.Equal(t, true, ending["until_has_changed"])
		set("an override was removed")
		set("", runtimeOverride(rate.All, "late", 1, time.Now()))
		budget := runtimeOverride(rate.Traces, "payments", 0, until)
		budget.ItemsPerSecond = 200
		budgeted := set("an override is in force", budget)
		assert.InDelta(t, 0.1, budgeted["from_sample_rate"], 0)
		assert.InDelta(t, 200, budgeted["to_items_per_second"], 0)
		assert.NotContains(t, budgeted, "to_sample_rate")
		set("an override was removed")
		assert.InDelta(t, 0.1, set("an override is in force", runtimeOverride(rate.Metrics, "pay*", 0, until))["from_sample_rate"], 0)
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Len(t, logs.FilterMessage("an override has ended").TakeAll(), 1)
		logs.TakeAll()
		set("")
	})
}

func TestTheRatesOfAChangeAreThoseOfEachSignalIfTheyDiffer(t *testing.T) {
	t.Parallel()
	logsGlobal := 0.25
	r, logs := startRates(t, RatesConfig{Global: 0.5, LogsGlobal: &logsGlobal})
	r.setRuntime([]rate.Override{runtimeOverride(rate.All, "payments", 1, time.Time{})})
	differing := map[string]any{
		"from_traces_sample_rate": 0.5, "to_traces_sample_rate": 1., "from_metrics_sample_rate": 0.5, "to_metrics_sample_rate": 1.,
		"from_logs_sample_rate": 0.25, "to_logs_sample_rate": 1.,
	}
	fields := logs.TakeAll()[0].ContextMap()
	for key, want := range differing {
		assert.Equal(t, want, fields[key], key)
	}
	assert.NotContains(t, fields, "from_sample_rate")
	r.setRuntime([]rate.Override{runtimeOverride(rate.All, "payments", 0.75, time.Time{})})
	fields = logs.TakeAll()[0].ContextMap()
	assert.Equal(t, []any{1., 0.75}, []any{fields["from_sample_rate"], fields["to_sample_rate"]})
	assert.NotContains(t, fields, "from_logs_sample_rate", "they are the same")
}

func TestTheLogLinesOfOneReplacementAreBounded(t *testing.T) {
	t.Parallel()
	r, logs := startRates(t, RatesConfig{})
	var overrides []rate.Override
	for i := range maxChangesLogged + 7 {
		overrides = append(overrides, runtimeOverride(rate.All, string(rune('a'+i)), 0.5, time.Time{}))
	}
	r.setRuntime(overrides)
	assert.Equal(t, maxChangesLogged, logs.FilterMessage("an override is in force").Len())
	assert.Equal(t, int64(7), logs.FilterMessage("more overrides have changed").All()[0].ContextMap()["overrides"])
}

func TestTablesHoldTheOverridesThatHaveNotExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		r, _ := startRates(t, RatesConfig{Global: 1, Overrides: []rate.Override{
			{Key: "past", Signal: rate.All, Source: rate.SharedOverride, Until: now},
			{Key: "payments", Signal: rate.All, Source: rate.SharedOverride, Probability: 0.5},
		}})
		r.setRuntime([]rate.Override{
			runtimeOverride(rate.Traces, "payments", 0.25, now.Add(time.Minute)), runtimeOverride(rate.All, "late", 1, now.Add(-time.Minute)),
		})
		var keys []string
		for _, o := range r.InForce().Overrides {
			keys = append(keys, string(o.Source)+" "+o.Key)
		}
		assert.Equal(t, []string{"shared_override payments", "runtime_override payments"}, keys, "also those that others take precedence over")
		assert.Equal(t, map[string]time.Time{"payments": now.Add(time.Minute)}, r.InForce().Expiries())
		r.stop()
		r.setRuntime(nil)
		assert.Len(t, r.InForce().Overrides, 2, "after stop nothing changes")
	})
}

func TestTheSameOverridesAgainLeaveTheSameTablesInForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		r, logs := startRates(t, RatesConfig{Global: 0.1, Overrides: []rate.Override{
			{Key: "rust_*", Signal: rate.All, Source: rate.SharedOverride, Probability: 0.5},
		}})
		overrides := func() []rate.Override {
			return []rate.Override{
				runtimeOverride(rate.All, "payments", 1, now.Add(time.Hour)), runtimeOverride(rate.Traces, "orders", 1, now.Add(30*time.Minute)),
				runtimeOverride(rate.Metrics, "orders", 1, now.Add(30*time.Minute).In(time.FixedZone("far east", 9*3600))),
				runtimeOverride(rate.All, "late", 1, now.Add(-time.Second)),
			}
		}
		configured := r.InForce()
		r.setRuntime(nil)
		assert.Same(t, configured, r.InForce(), "none again")
		r.setRuntime(overrides())
		inForce := r.InForce()
		assert.NotSame(t, configured, inForce)
		logs.TakeAll()
		for range 20 {
			again := overrides()
			slices.Reverse(again)
			r.setRuntime(again)
			assert.Same(t, inForce, r.InForce())
			time.Sleep(time.Minute)
		}
		assert.Zero(t, logs.Len())

		time.Sleep(time.Until(now.Add(30 * time.Minute)))
		synctest.Wait()
		assert.Len(t, logs.FilterMessage("an override has ended").TakeAll(), 2, "on time")
		inForce = r.InForce()
		r.setRuntime(overrides())
		assert.Same(t, inForce, r.InForce(), "those that have ended make no difference")

		again := overrides()
		again[0].UpdatedAt = now
		r.setRuntime(again)
		assert.NotSame(t, inForce, r.InForce(), "what is shown has changed")
		time.Sleep(time.Until(now.Add(time.Hour)))
		synctest.Wait()
		assert.Equal(t, configured.Overrides, r.InForce().Overrides)
	})
}
