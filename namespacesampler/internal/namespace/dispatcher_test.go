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

// pendingKeys returns how many keys are queued or being loaded.
func pendingKeys(r *Resolver) int {
	r.dispatcher.mu.Lock()
	defer r.dispatcher.mu.Unlock()
	return len(r.dispatcher.pending)
}

func TestConcurrentCallsShareLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		texts := numbered("r", 1_000)
		var calls sync.WaitGroup
		for i := range 64 {
			calls.Go(func() {
				mine := append(append([]string{}, texts[i:]...), texts[:i]...) // each in an order of its own
				_, counts := resolve(t, r, mine...)
				assert.Equal(t, 1_000, counts.Resolved+counts.Hits)
			})
		}
		calls.Wait()

		times, loads := source.asked()
		require.Len(t, times, 1_000)
		for text, n := range times {
			require.Equal(t, 1, n, "%s was asked for more than once", text)
		}
		assert.Equal(t, 1, loads)
	})
}

// TestKeysTravelTogether is natural batching: keys that are wanted while all loads are under way wait for the next one, all
// together. Of 1,000 calls at once, four find room and the rest is one more load.
func TestKeysTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		began := time.Now()
		var calls sync.WaitGroup
		for _, text := range numbered("r", 1_000) {
			calls.Go(func() {
				outcomes, _ := resolve(t, r, text)
				assert.Equal(t, []Outcome{Resolved}, outcomes)
			})
		}
		calls.Wait()
		times, loads := source.asked()
		assert.Len(t, times, 1_000)
		assert.Equal(t, 4+1, loads)
		assert.Equal(t, 4, source.most)
		assert.Equal(t, 40*time.Millisecond, time.Since(began))
	})
}

// TestLoadsAreFewForAnyOrderOfKeys lets one key arrive each 100 µs: loads are as many as fit in the time, not as there are keys.
func TestLoadsAreFewForAnyOrderOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		began := time.Now()
		var calls sync.WaitGroup
		for i, text := range numbered("r", 1_000) {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Microsecond)
				outcomes, _ := resolve(t, r, text)
				assert.Equal(t, []Outcome{Resolved}, outcomes)
			})
		}
		calls.Wait()
		rounds := int((time.Since(began) + source.takes - 1) / source.takes)
		assert.LessOrEqual(t, source.loadCount(), 4*rounds, "four at once, one after the other")
		assert.LessOrEqual(t, source.loadCount(), 28)
		assert.Equal(t, 4, source.most)
	})
}

func TestAllKeysOfABatchTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		_, counts := resolve(t, r, numbered("r", maxPendingKeys)...)
		assert.Equal(t, Counts{Resolved: maxPendingKeys}, counts)
		assert.Equal(t, 1, source.loadCount())
	})
}

func TestPendingKeysAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Second}
		cfg := testConfig()
		cfg.Wait = 0
		cfg.MaxLoads = 1
		r := newTestResolver(t, cfg, source)
		all := numbered("r", maxPendingKeys)
		_, counts := resolve(t, r, all...)
		assert.Equal(t, Counts{Unavailable: maxPendingKeys}, counts)

		waiting := newTestResolver(t, testConfig(), source) // to wait, on the same loads
		waiting.cache, waiting.dispatcher = r.cache, r.dispatcher
		began := time.Now()
		outcomes, _ := resolve(t, waiting, "r-one-too-many")
		assert.Equal(t, []Outcome{Unavailable}, outcomes)
		assert.Zero(t, time.Since(began), "what no load takes is not waited for")

		time.Sleep(time.Minute) // the load ends
		synctest.Wait()
		_, counts = resolve(t, r, all...)
		assert.Equal(t, Counts{Hits: maxPendingKeys}, counts)
		times, loads := source.asked()
		assert.Equal(t, 1, loads)
		assert.Zero(t, times["r-one-too-many"])
		resolve(t, r, "r-one-too-many")
		time.Sleep(time.Minute)
		synctest.Wait()
		_, counts = resolve(t, r, "r-one-too-many")
		assert.Equal(t, Counts{Hits: 1}, counts, "there is room again")
		assert.Zero(t, pendingKeys(r), "nothing is left behind")
	})
}

func TestAFailedLoadFailsForAllBatchesThatShareIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond, err: errors.New("down")}
		r := newTestResolver(t, testConfig(), source)
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				outcomes, _ := resolve(t, r, "r1")
				assert.Equal(t, []Outcome{Unavailable}, outcomes)
			})
		}
		calls.Wait()
		synctest.Wait()
		assert.Equal(t, 1, source.loadCount())
		assert.Zero(t, pendingKeys(r))
		source.fail(nil)
		outcomes, _ := resolve(t, r, "r1")
		assert.Equal(t, []Outcome{Resolved}, outcomes)
	})
}

// TestAFailureIsReportedOnce asks again at the very moment that a load has failed.
func TestAFailureIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		for range 1_000 {
			source.fail(errors.New("down"))
			resolve(t, r, "r1")
			source.fail(nil)
			outcomes, _ := resolve(t, r, "r1")
			require.Equal(t, []Outcome{Resolved}, outcomes)
			r.cache.entries.InvalidateAll()
		}
	})
}

func TestCloseEndsLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Second}
		cfg := testConfig()
		cfg.MaxLoads = 1
		cfg.Wait = time.Minute
		r := newTestResolver(t, cfg, source)
		resolve(t, r, "r-cached")

		var calls sync.WaitGroup
		for _, text := range []string{"r-under-way", "r-queued"} {
			calls.Go(func() {
				outcomes, _ := resolve(t, r, text)
				assert.Equal(t, []Outcome{Unavailable}, outcomes, text)
			})
			synctest.Wait()
		}
		began := time.Now()
		require.NoError(t, r.Close(t.Context()))
		calls.Wait()
		assert.Zero(t, time.Since(began), "those who wait go on at once")
		times, loads := source.asked()
		assert.Zero(t, times["r-queued"], "what was queued is not started")
		assert.Equal(t, 2, loads)
		assert.ErrorIs(t, source.ended[1], context.Canceled)

		require.NoError(t, r.Close(t.Context()), "twice is fine")
		outcomes, counts := resolve(t, r, "r-cached", "r-new", "r-queued")
		assert.Equal(t, []Outcome{Resolved, Unavailable, Unavailable}, outcomes, "the cache still answers")
		assert.Equal(t, Counts{Hits: 1, Unavailable: 2}, counts)
		assert.Zero(t, time.Since(began))
		assert.Equal(t, 2, source.loadCount(), "nothing is asked any more")
		assert.Zero(t, pendingKeys(r))
	})
}

func TestCloseWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 10 * time.Second, deaf: true}
		cfg := testConfig()
		cfg.Wait = 0
		r, err := NewResolver(cfg, source)
		require.NoError(t, err)
		resolve(t, r, "r1")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, r.Close(ctx), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))

		require.NoError(t, r.Close(t.Context()), "a second call waits for the rest")
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.Zero(t, pendingKeys(r))
	})
}

func TestCloseAtTheSameTimeAsCalls(t *testing.T) {
	r, err := NewResolver(testConfig(), &fakeSource{takes: time.Microsecond})
	require.NoError(t, err)
	texts := numbered("r", 500)
	var calls sync.WaitGroup
	for i := range 8 {
		calls.Go(func() {
			for _, text := range texts[i:] {
				resolve(t, r, text)
			}
		})
	}
	for range 2 {
		calls.Go(func() { assert.NoError(t, r.Close(t.Context())) })
	}
	calls.Wait()
	assert.Zero(t, pendingKeys(r))
}
