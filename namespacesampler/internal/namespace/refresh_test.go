// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refreshing returns a resolver whose entries are due after a minute and believed for an hour.
func refreshing(t testing.TB, source Source) *Resolver {
	cfg := testConfig()
	cfg.Cache.RefreshAfter = time.Minute
	return newTestResolver(t, cfg, source)
}

func TestDueEntriesAreServedAndRefreshedInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := refreshing(t, source)
		resolve(t, r, "r1", "u1")
		time.Sleep(time.Minute - 21*time.Millisecond)
		resolve(t, r, "r1")
		synctest.Wait()
		require.Equal(t, 1, source.loadCount(), "just before refresh_after")

		time.Sleep(21 * time.Millisecond)
		began := time.Now()
		outcomes, counts := resolve(t, r, "r1")
		assert.Equal(t, []Outcome{Resolved}, outcomes)
		assert.Equal(t, Counts{Hits: 1}, counts)
		assert.Zero(t, time.Since(began), "nobody waits for it")
		time.Sleep(time.Second)
		synctest.Wait()
		times, loads := source.asked()
		assert.Equal(t, 2, loads)
		assert.Equal(t, map[string]int{"r1": 2, "u1": 1}, times, "unknown keys are not refreshed: they expire")

		time.Sleep(time.Hour - 2*time.Second) // of its first life, more than the rest
		_, counts = resolve(t, r, "r1")
		assert.Equal(t, Counts{Hits: 1}, counts, "its life began anew")
	})
}

// TestEntriesAreServedUntilTheirTTLWhileTheSourceIsDown and are refreshed once it is back.
func TestEntriesAreServedUntilTheirTTLWhileTheSourceIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := refreshing(t, source)
		resolve(t, r, "r1")
		began := time.Now()
		source.fail(errors.New("down"))
		for time.Since(began) < time.Hour-30*time.Second {
			time.Sleep(10 * time.Second)
			outcomes, _ := resolve(t, r, "r1")
			require.Equal(t, []Outcome{Resolved}, outcomes)
		}
		time.Sleep(time.Minute)
		outcomes, _ := resolve(t, r, "r1")
		assert.Equal(t, []Outcome{Unavailable}, outcomes, "after ttl it is not believed any more")

		source.fail(nil)
		time.Sleep(10 * time.Second)
		resolve(t, r, "r1") // the breaker's one load
		time.Sleep(time.Second)
		_, counts := resolve(t, r, "r1")
		assert.Equal(t, Counts{Hits: 1}, counts)
	})
}

// TestARefreshTriesTheBreaker: recovery is noticed though all that is wanted is cached.
func TestARefreshTriesTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		var told changes
		cfg := testConfig()
		cfg.Cache.RefreshAfter = time.Minute
		cfg.Breaker = BreakerConfig{Failures: 3, Cooldown: 5 * time.Second, Changed: told.add}
		r := newTestResolver(t, cfg, source)
		resolve(t, r, "r1")
		open(t, r, source, &told)
		source.fail(nil)
		time.Sleep(2 * time.Minute)
		resolve(t, r, "r1")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []BreakerState{HalfOpen, Closed}, told.told())
	})
}

func TestARefreshThatFailsIsTriedAgainAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		cfg := testConfig()
		cfg.Cache.RefreshAfter = time.Minute
		cfg.Breaker.Failures = 1_000
		r := newTestResolver(t, cfg, source)
		resolve(t, r, "r1")
		time.Sleep(time.Minute)
		source.fail(errors.New("down"))
		for range 10 * 100 { // ten seconds
			resolve(t, r, "r1")
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		assert.Equal(t, 1+10, source.loadCount(), "not as often as it is read")
	})
}

// TestRefreshesAreBounded: 5,000 entries are due at once, and are read all the time.
func TestRefreshesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const entries = 5_000
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := refreshing(t, source)
		all := numbered("r", entries)
		resolve(t, r, all...)
		time.Sleep(time.Minute)
		source.most = 0

		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for range 20 {
					_, counts := resolve(t, r, all...)
					assert.Equal(t, Counts{Hits: entries}, counts)
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		began := time.Now()
		outcomes, _ := resolve(t, r, "r-new")
		assert.Equal(t, []Outcome{Resolved}, outcomes)
		assert.Equal(t, source.takes, time.Since(began), "what is wanted does not wait behind it")
		readers.Wait()
		time.Sleep(time.Second)
		synctest.Wait()

		times, loads := source.asked()
		assert.Equal(t, 2, source.most, "one that refreshes, and one for what is new")
		assert.Equal(t, 1+1+entries/maxRefreshKeys, loads)
		for text, n := range times {
			if text != "r-new" {
				require.Equal(t, 2, n, text)
			}
		}
		assert.Zero(t, pendingKeys(r))
	})
}

func TestNothingIsRefreshedUnlessConfigured(t *testing.T) {
	for name, after := range map[string]time.Duration{"0": 0, "ttl": time.Hour, "more than ttl": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{}
				cfg := testConfig()
				cfg.Cache.RefreshAfter = after
				r := newTestResolver(t, cfg, source)
				resolve(t, r, "r1")
				time.Sleep(time.Hour - time.Nanosecond)
				resolve(t, r, "r1")
				synctest.Wait()
				assert.Equal(t, 1, source.loadCount())
				time.Sleep(2 * time.Nanosecond)
				_, counts := resolve(t, r, "r1")
				assert.Equal(t, Counts{Resolved: 1}, counts)
			})
		})
	}
}

func TestARefreshThatWaitsIsGivenUpByClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Second}
		cfg := testConfig()
		cfg.Cache.RefreshAfter = time.Minute
		cfg.MaxLoads = 1
		cfg.Wait = 10 * time.Second
		r := newTestResolver(t, cfg, source)
		resolve(t, r, "r1")
		time.Sleep(time.Minute)
		go resolve(t, r, "r-under-way")
		synctest.Wait()
		resolve(t, r, "r1")
		require.NoError(t, r.Close(t.Context()))
		assert.Equal(t, 2, source.loadCount())
		assert.Zero(t, pendingKeys(r))
		outcomes, _ := resolve(t, r, "r1")
		assert.Equal(t, []Outcome{Resolved}, outcomes)
	})
}

// vanishing knows a key once.
type vanishing struct{ asked int }

func (v *vanishing) Lookup(_ context.Context, keys []Key, answers []Answer) (int, error) {
	v.asked++
	for i := range keys {
		answers[i] = Answer{Outcome: Unknown}
		if v.asked == 1 {
			answers[i] = Answer{Name: "payments", Outcome: Resolved}
		}
	}
	return 1, nil
}

// TestADeletedRowChangesNothingBeforeTheTTL is M5: after a failover to a replica that lags, no series changes back.
func TestADeletedRowChangesNothingBeforeTheTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &vanishing{}
		r := refreshing(t, source)
		keys, answers := textKeys(t, "r1"), make([]Answer, 1)
		ask := func() Answer {
			r.Resolve(t.Context(), keys, answers)
			return answers[0]
		}
		known, began := ask(), time.Now()
		require.Equal(t, Resolved, known.Outcome)
		for time.Since(began) < r.cfg.Cache.TTL-time.Second {
			assert.Equal(t, known, ask())
			time.Sleep(r.cfg.Cache.RefreshAfter / 2)
		}
		assert.Greater(t, source.asked, 2, "it is asked for again, when it is due again")
		assert.Less(t, source.asked, 2+int(r.cfg.Cache.TTL/r.cfg.Cache.RefreshAfter))
		time.Sleep(time.Until(began.Add(r.cfg.Cache.TTL + time.Second)))
		assert.Equal(t, Unknown, ask().Outcome, "refreshing in vain has not prolonged it")
	})
}
