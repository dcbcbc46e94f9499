// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// ofAll returns rates by signal.
func ofAll(traces, metrics, logs float64) map[rate.Signal]Effective {
	return map[rate.Signal]Effective{
		rate.Traces: {Probability: traces}, rate.Metrics: {Probability: metrics}, rate.Logs: {Probability: logs},
	}
}

func TestChangesAreRememberedWithTheEffectiveRates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, half := time.Now(), 0.5
		r, logs := startRates(t, RatesConfig{Global: 0.1, MetricsGlobal: &half, Overrides: []rate.Override{
			{Key: "payments", Signal: rate.Logs, Source: rate.SignalOverride, Probability: 0.2},
		}})
		assert.Empty(t, r.Changes(), "what is configured is no change")

		first := runtimeOverride(rate.All, "payments", 1, began.Add(time.Minute))
		r.setRuntime(nil) // the first read
		r.setRuntime([]rate.Override{first})
		time.Sleep(time.Second)
		second := first
		second.Probability = 0.25
		pattern := runtimeOverride(rate.Metrics, "pay*", 0.75, time.Time{})
		r.setRuntime([]rate.Override{second, pattern})
		time.Sleep(time.Second)
		r.setRuntime([]rate.Override{second})
		r.setRuntime([]rate.Override{second})
		updated := second
		updated.UpdatedAt = began
		r.setRuntime([]rate.Override{updated})
		time.Sleep(time.Minute)
		synctest.Wait()

		metrics := func(rates float64) map[rate.Signal]Effective {
			return map[rate.Signal]Effective{rate.Metrics: {Probability: rates}}
		}
		want := []Change{
			{began.Add(time.Minute), Ended, updated, ofAll(0.25, 0.25, 0.25), ofAll(0.1, 0.5, 0.2)},
			{began.Add(2 * time.Second), Removed, pattern, metrics(0.75), metrics(0.5)},
			{began.Add(time.Second), Changed, second, ofAll(1, 1, 1), ofAll(0.25, 0.25, 0.25)},
			{began.Add(time.Second), Added, pattern, metrics(0.5), metrics(0.75)},
			{began, Added, first, ofAll(0.1, 0.5, 0.2), ofAll(1, 1, 1)},
		}
		assert.Equal(t, want, r.Changes(), "newest first")
		assert.Equal(t, len(want), logs.Len(), "each is logged, too")
	})
}

func TestChangesOfBudgetsAreRememberedWithTheBudget(t *testing.T) {
	t.Parallel()
	r, _ := startRates(t, RatesConfig{
		Global: 1, Budgets: BudgetsConfig{Interval: time.Hour, MinRate: 0.001, InitialRate: 0.5},
	})
	budget := runtimeOverride(rate.Traces, "payments", 0, time.Time{})
	budget.ItemsPerSecond = 200
	r.setRuntime(nil) // the first read
	r.setRuntime([]rate.Override{budget})
	changes := r.Changes()
	require.Len(t, changes, 1)
	assert.Equal(t, map[rate.Signal]Effective{rate.Traces: {Probability: 1}}, changes[0].From)
	assert.Equal(t, map[rate.Signal]Effective{rate.Traces: {Probability: 0.5, ItemsPerSecond: 200}}, changes[0].To)
}

func TestTheLastChangesAreRemembered(t *testing.T) {
	t.Parallel()
	r, _ := startRates(t, RatesConfig{Global: 1})
	keys := func() (keys []string) {
		for _, change := range r.Changes() {
			keys = append(keys, change.Override.Key)
		}
		return keys
	}
	var all []rate.Override
	var want []string
	r.setRuntime(nil) // the first read
	for i := range 3 * maxChanges / 2 {
		key := fmt.Sprintf("%03d", i)
		all, want = append(all, runtimeOverride(rate.All, key, 0.5, time.Time{})), append([]string{key}, want...)
		r.setRuntime(all[:len(all):len(all)])
		require.Equal(t, want[:min(len(want), maxChanges)], keys())
	}
	r.setRuntime(nil)
	assert.Equal(t, want[:maxChanges], keys(), "those that were removed last")
	assert.Equal(t, Removed, r.Changes()[maxChanges-1].Kind)
}

// The others have no override, so that a look at them would panic.
// What a table holds when it is first read has not changed.
func TestTheFirstReadIsNoChange(t *testing.T) {
	r, _ := startRates(t, RatesConfig{Global: 0.1})
	r.setRuntime([]rate.Override{runtimeOverride(rate.All, "payments", 0.5, time.Time{})})
	assert.Empty(t, r.Changes())
	r.setRuntime(nil)
	assert.Len(t, r.Changes(), 1)
}

func TestNoRatesAreLookedUpForChangesThatAreNotRemembered(t *testing.T) {
	t.Parallel()
	r, _ := startRates(t, RatesConfig{Global: 1})
	all := make([]difference, 10_000)
	for i := range maxChanges {
		o := runtimeOverride(rate.All, fmt.Sprint(i), 0.5, time.Time{})
		all[len(all)-maxChanges+i] = difference{Added, nil, &o}
	}
	r.history.add(all, r.InForce(), r.InForce(), time.Now())
	assert.Len(t, r.Changes(), maxChanges)
	assert.LessOrEqual(t, cap(r.history.changes), 2*maxChanges)
}

func TestChangesAreReadWhileOthersAreMade(t *testing.T) {
	t.Parallel()
	r, _ := startRates(t, RatesConfig{Global: 1})
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				changes := r.Changes()
				for i := range changes {
					changes[i].Kind = "" // it is a copy
				}
			}
		})
	}
	for i := range 200 {
		r.setRuntime([]rate.Override{runtimeOverride(rate.All, fmt.Sprint(i), 0.5, time.Time{})})
	}
	close(stop)
	readers.Wait()
	changes := r.Changes()
	require.Len(t, changes, maxChanges)
	for i := range changes {
		assert.Equal(t, []ChangeKind{Removed, Added}[i%2], changes[i].Kind)
	}
}
