// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/clocktest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// startRatesBy returns rates that are started and read a clock that can be set. It counts how often they read it.
func startRatesBy(t *testing.T, clock *clocktest.Clock, cfg RatesConfig) (r *Rates, logs *observer.ObservedLogs, reads *atomic.Int64) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	cfg.Precision = 4
	r, err := newRates(cfg, zap.New(core))
	require.NoError(t, err)
	reads = new(atomic.Int64)
	r.now = func() time.Time {
		reads.Add(1)
		return clock.Now()
	}
	r.start()
	t.Cleanup(r.stop)
	return r, logs, reads
}

func TestOverridesEndByTheWallClockThoughItIsSetForwardAndBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock clocktest.Clock
		began := clock.Now()
		r, logs, _ := startRatesBy(t, &clock, RatesConfig{Global: 0.1, Overrides: []rate.Override{
			{Key: "configured", Signal: rate.All, Source: rate.SharedOverride, Probability: 1, Until: began.Add(30 * time.Minute)},
			{Key: "lasting", Signal: rate.All, Source: rate.SharedOverride, Probability: 1},
		}})
		r.setRuntime([]rate.Override{
			runtimeOverride(rate.All, "runtime", 1, began.Add(40*time.Minute)), runtimeOverride(rate.All, "later", 1, began.Add(3*time.Hour)),
		})
		logs.TakeAll()
		// inForce waits for as long as a change may take, and asserts what is in force, and what was logged.
		inForce := func(want []string, messages map[string]int) {
			t.Helper()
			time.Sleep(clockCheck)
			synctest.Wait()
			var keys []string
			for _, o := range r.InForce().Overrides {
				keys = append(keys, o.Key)
				assert.InDelta(t, 1, r.InForce().Traces.Lookup(o.Key).Probability, 0, o.Key)
			}
			assert.Equal(t, want, keys)
			got := map[string]int{}
			for _, entry := range logs.TakeAll() {
				got[entry.Message]++
			}
			assert.Equal(t, messages, got)
		}
		all := []string{"configured", "lasting", "later", "runtime"}
		nothing, ended, again := map[string]int{}, map[string]int{"an override has ended": 2}, map[string]int{"an override is in force": 2}

		inForce(all, nothing)
		clock.Set(time.Hour)
		inForce([]string{"lasting", "later"}, ended)
		clock.Set(-time.Hour)
		inForce(all, again)
		clock.Set(-time.Hour)
		inForce(all, nothing)
		time.Sleep(time.Hour)
		inForce(all, nothing)
		clock.Set(time.Hour)
		time.Sleep(40 * time.Minute)
		inForce([]string{"lasting", "later"}, ended)
		clock.Set(-time.Second)
		inForce([]string{"lasting", "later"}, nothing)
		time.Sleep(3 * time.Hour)
		inForce([]string{"lasting"}, map[string]int{"an override has ended": 1})
		clock.Set(2 * time.Hour)
		inForce([]string{"lasting"}, nothing)
	})
}

// When all overrides have ended, there is nothing to wait for, but the clock may be wrong.
func TestAnOverrideIsInForceAgainWhenAWrongClockIsSetRight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock clocktest.Clock
		r, _, _ := startRatesBy(t, &clock, RatesConfig{Global: 0.1, Overrides: []rate.Override{
			{Key: "payments", Signal: rate.All, Source: rate.SharedOverride, Probability: 1, Until: clock.Now().Add(2 * time.Hour)},
		}})
		clock.Set(24 * time.Hour)
		time.Sleep(time.Hour)
		assert.Empty(t, r.InForce().Overrides)
		clock.Set(-24 * time.Hour)
		time.Sleep(clockCheck)
		synctest.Wait()
		assert.Len(t, r.InForce().Overrides, 1)
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, r.InForce().Overrides)
	})
}

func TestTheClockIsReadOnceASecondHoweverItIsSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock clocktest.Clock
		cfg := RatesConfig{Global: 0.1}
		for i := range 100 {
			cfg.Overrides = append(cfg.Overrides, rate.Override{
				Key: string(rune('a' + i)), Signal: rate.All, Source: rate.SharedOverride, Until: clock.Now().Add(time.Duration(i) * time.Hour),
			})
		}
		r, _, reads := startRatesBy(t, &clock, cfg)
		tables := map[*Tables]bool{}
		reads.Store(0)
		for i := range 600 { // ten minutes, an hour forward or back every ten seconds
			if i%10 == 0 {
				clock.Set([]time.Duration{time.Hour, -time.Hour, -time.Hour, time.Hour}[i/10%4])
			}
			time.Sleep(time.Second)
			synctest.Wait()
			tables[r.InForce()] = true
		}
		assert.LessOrEqual(t, reads.Load(), int64(600+len(tables)), "once a second, and once for each expiry in between")
		assert.Less(t, len(tables), 2*60, "tables are replaced when overrides end or come back, not at each look at the clock")
	})
}

func TestWithoutAnEndTheClockIsNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock clocktest.Clock
		_, _, reads := startRatesBy(t, &clock, RatesConfig{Overrides: []rate.Override{{Key: "payments", Signal: rate.All, Source: rate.SharedOverride}}})
		reads.Store(0)
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Zero(t, reads.Load())
	})
}

// Alerts compare the age, so that it must not jump.
func TestTheAgeOfOverridesIsThatOfTheMonotonicClock(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		w := OverrideWatch{state: OverridesState{ReadAt: time.Now()}}
		clocktest.SetFor(&w.state.ReadAt, by)
		assert.InDelta(t, 0, w.Age(), float64(time.Minute))
		w = OverrideWatch{created: time.Now()}
		clocktest.SetFor(&w.created, by)
		assert.InDelta(t, 0, w.Age(), float64(time.Minute))
	}
}
