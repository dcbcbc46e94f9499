// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// changes takes the changes that a breaker tells of.
type changes struct {
	mu  sync.Mutex
	all []BreakerState
}

func (c *changes) add(state BreakerState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, state)
}

func (c *changes) told() []BreakerState {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// withBreaker returns a resolver of one load at a time that opens after three failures, for five seconds.
func withBreaker(t testing.TB, source Source) (*Resolver, *changes) {
	var told changes
	cfg := testConfig()
	cfg.MaxLoads = 1
	cfg.Breaker = BreakerConfig{Failures: 3, Cooldown: 5 * time.Second, Changed: told.add}
	return newTestResolver(t, cfg, source), &told
}

// open makes a breaker open.
func open(t testing.TB, r *Resolver, source *fakeSource, told *changes) {
	source.fail(errors.New("down"))
	for range 3 {
		resolve(t, r, "r-lost")
	}
	require.Equal(t, []BreakerState{Open}, told.told())
}

// TestNothingIsLoadedAndNoBatchWaitsWhileTheBreakerIsOpen is C6 at its strictest.
func TestNothingIsLoadedAndNoBatchWaitsWhileTheBreakerIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 100 * time.Millisecond}
		r, told := withBreaker(t, source)
		resolve(t, r, "r-cached")
		open(t, r, source, told)

		began, loads := time.Now(), source.loadCount()
		for range 1_000 {
			outcomes, counts := resolve(t, r, "r-cached", "r-lost", "r-new")
			assert.Equal(t, []Outcome{Resolved, Unavailable, Unavailable}, outcomes, "the cache still answers")
			assert.Equal(t, Counts{Hits: 1, Unavailable: 2}, counts)
		}
		assert.Zero(t, time.Since(began))
		time.Sleep(5 * time.Second)
		assert.Equal(t, loads, source.loadCount())
		assert.Zero(t, pendingKeys(r))
		assert.Empty(t, told.told())
	})
}

func TestOneLoadTriesWhileTheBreakerIsHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 100 * time.Millisecond}
		r, told := withBreaker(t, source)
		open(t, r, source, told)
		resolve(t, r, "r-refused") // so that no probe comes first
		time.Sleep(5*time.Second + time.Nanosecond)

		began, loads := time.Now(), source.loadCount()
		for _, text := range numbered("r", 50) {
			outcomes, _ := resolve(t, r, text)
			assert.Equal(t, []Outcome{Unavailable}, outcomes)
		}
		assert.Zero(t, time.Since(began), "nobody waits for it")
		synctest.Wait()
		assert.Equal(t, loads+1, source.loadCount(), "one for all")
		time.Sleep(time.Second) // it fails
		synctest.Wait()
		assert.Equal(t, []BreakerState{HalfOpen, Open}, told.told())
		resolve(t, r, "r1")
		assert.Equal(t, loads+1, source.loadCount(), "the cooldown begins again")

		source.fail(nil)
		time.Sleep(5 * time.Second)
		resolve(t, r, "r1", "u1")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []BreakerState{HalfOpen, Closed}, told.told())
		_, counts := resolve(t, r, "r1", "u1")
		assert.Equal(t, Counts{Hits: 2}, counts, "what it learned is kept")
		outcomes, _ := resolve(t, r, "r-new")
		assert.Equal(t, []Outcome{Resolved}, outcomes, "and all is as before")
	})
}

func TestOnlyFailuresInARowOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Millisecond}
		r, told := withBreaker(t, source)
		for range 20 {
			source.fail(errors.New("down"))
			resolve(t, r, "x1")
			resolve(t, r, "x1")
			source.fail(nil)
			resolve(t, r, "x1")
		}
		assert.Empty(t, told.told())
	})
}

// silentSource is never asked: all its lookups rest.
type silentSource struct{ err error }

func (s silentSource) Lookup(context.Context, []Key, []Answer) (int, error) { return 0, s.err }

// TestLoadsThatSayNothingAboutTheSource: neither do they open the breaker, nor close it.
func TestLoadsThatSayNothingAboutTheSource(t *testing.T) {
	for name, err := range map[string]error{"all lookups rest": nil, "closing": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, told := withBreaker(t, silentSource{err})
				for range 10 {
					resolve(t, r, "x1")
				}
				assert.Empty(t, told.told())

				b := r.dispatcher.breaker
				for range 3 {
					done, ok := b.allow()
					require.True(t, ok)
					done(errors.New("down"))
				}
				time.Sleep(5*time.Second + time.Nanosecond)
				resolve(t, r, "x1")
				synctest.Wait()
				assert.Equal(t, HalfOpen, b.state(), "the next tries again")
				_, ok := b.allow()
				assert.True(t, ok)
			})
		})
	}
}

// TestQueuedKeysAreGivenUpWhenTheBreakerOpens: its waiters go on at once.
func TestQueuedKeysAreGivenUpWhenTheBreakerOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 100 * time.Millisecond, err: errors.New("down")}
		cfg := testConfig()
		cfg.MaxLoads = 1
		cfg.Breaker.Failures = 1
		r := newTestResolver(t, cfg, source)
		began := time.Now()
		var calls sync.WaitGroup
		for _, text := range []string{"r-under-way", "r-queued"} {
			calls.Go(func() {
				outcomes, _ := resolve(t, r, text)
				assert.Equal(t, []Outcome{Unavailable}, outcomes)
			})
			synctest.Wait()
		}
		calls.Wait()
		assert.Equal(t, source.takes, time.Since(began))
		assert.Equal(t, 1, source.loadCount(), "the queued one was not made")
		assert.Zero(t, pendingKeys(r))
	})
}

// TestAfterAnOutageTheNumberOfLoadsIsBounded: a thousand calls in the moment of recovery are no stampede.
func TestAfterAnOutageTheNumberOfLoadsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		var told changes
		cfg := testConfig()
		cfg.Breaker = BreakerConfig{Failures: 3, Cooldown: time.Second, Changed: told.add}
		r := newTestResolver(t, cfg, source)
		open(t, r, source, &told)
		resolve(t, r, "r-refused") // so that no probe comes first
		source.fail(nil)
		source.most = 0
		before := source.loadCount()
		time.Sleep(2 * time.Second)
		var calls sync.WaitGroup
		for i, text := range numbered("r", 1_000) {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Microsecond)
				resolve(t, r, text)
			})
		}
		calls.Wait()
		assert.Equal(t, []BreakerState{HalfOpen, Closed}, told.told())
		assert.LessOrEqual(t, source.most, cfg.MaxLoads)
		assert.LessOrEqual(t, source.loadCount()-before, 1+28)
	})
}

func TestABreakerStaysClosedUntilItsNumberOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.Breaker.Failures = math.MaxInt
		source := &fakeSource{err: errors.New("down")}
		r := newTestResolver(t, cfg, source)
		for range 100 {
			resolve(t, r, "r1")
		}
		assert.Equal(t, 100, source.loadCount())
	})
}

// TestChangesOfTheBreakerAreReportedInOrder, also when who tells of one is held up: a gauge would stand at the wrong one until the next
// outage.
func TestChangesOfTheBreakerAreReportedInOrder(t *testing.T) {
	source := &fakeSource{err: errors.New("down")}
	var told changes
	loaded := make(chan struct{})
	cfg := testConfig()
	cfg.Breaker = BreakerConfig{Failures: 1, Cooldown: time.Millisecond, Changed: func(state BreakerState) {
		if state == HalfOpen {
			<-loaded // and about to tell that it is closed
		}
		told.add(state)
	}}
	cfg.Loaded = func(l Load) {
		if l.Err == nil {
			close(loaded)
		}
		source.fail(nil)
	}
	r := newTestResolver(t, cfg, source)
	resolve(t, r, "r-lost") // and the probe closes the breaker
	var all []BreakerState
	assert.Eventually(t, func() bool {
		all = append(all, told.told()...)
		return len(all) == 3
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, []BreakerState{Open, HalfOpen, Closed}, all)
}

func TestBreakerStatesHaveNames(t *testing.T) {
	assert.Equal(t, "closed", BreakerState(0).String())
	assert.Equal(t, "half_open", HalfOpen.String())
	assert.Equal(t, "open", Open.String())
	assert.Equal(t, "unknown state: 9", BreakerState(9).String())
}
