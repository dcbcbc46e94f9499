// SPDX-License-Identifier: Apache-2.0

package steering

import (
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
		assert.Equal(t, "1", first["from"])
		assert.Equal(t, "0.1 (metrics 0.5)", first["to"])
		assert.Equal(t, "shared_override", first["source"])
		assert.Len(t, r.Expired(time.Now()), 2)
	})
}

func TestEachChangeOfRuntimeOverridesIsLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, logs := startRates(t, RatesConfig{Global: 0.1})
		until := time.Now().Add(time.Hour)
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
			"namespace": "payments", "signal": "traces", "source": "runtime_override", "from": "0.1", "to": "1", "until": until.UTC(),
			"reason": "incident 7", "updated_by": "alice",
		}, set("an override is in force", runtimeOverride(rate.Traces, "payments", 1, until)))
		assert.Equal(t, "0.5", set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.5, until))["to"])
		assert.Equal(t, until.UTC(), set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.5, until.Add(time.Second)))["until_before"])
		assert.NotContains(t, set("an override has changed", runtimeOverride(rate.Traces, "payments", 0.4, until.Add(time.Second))), "until_before")
		set("an override was removed")
		set("", runtimeOverride(rate.All, "late", 1, time.Now()))
		assert.Equal(t, "0.1", set("an override is in force", runtimeOverride(rate.Metrics, "pay*", 0, until))["from"])
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Len(t, logs.FilterMessage("an override has ended").TakeAll(), 1)
		logs.TakeAll()
		set("")
	})
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
