// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// loadsOf returns how many keys each load had, since the last call.
func (s *fakeSource) loadsOf() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sizes := make([]int, 0, len(s.loads))
	for _, l := range s.loads {
		sizes = append(sizes, len(l))
	}
	s.loads = nil
	return sizes
}

// afterCooldown lets time pass until just after a cooldown of five seconds, and what begins then end.
func afterCooldown() {
	time.Sleep(5*time.Second + time.Millisecond)
	synctest.Wait()
}

// TestRecoveryIsNoticedWithoutTelemetry holds with few failures, after which the breaker is still closed, and with many.
func TestRecoveryIsNoticedWithoutTelemetry(t *testing.T) {
	for name, test := range map[string]struct {
		failures int
		want     []BreakerState
	}{
		"while the breaker is closed": {5, nil},
		"while the breaker is open":   {1, []BreakerState{Open, HalfOpen, Closed}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told changes
				var results []error
				cfg := testConfig()
				cfg.Breaker.Failures, cfg.Breaker.Changed = test.failures, told.add
				cfg.Loaded = func(l Load) { results = append(results, l.Err) }
				source := &fakeSource{}
				r := newTestResolver(t, cfg, source)
				resolve(t, r, "r-cached")
				source.fail(errors.New("down"))
				resolve(t, r, "r-lost")
				source.fail(nil)
				source.loadsOf()

				time.Sleep(5 * time.Second)
				synctest.Wait()
				resolve(t, r, "r-cached")
				assert.Empty(t, source.loadsOf(), "not before the cooldown is over")
				afterCooldown()
				assert.Equal(t, []int{0}, source.loadsOf(), "a load without keys asks")
				require.Len(t, results, 3)
				assert.NoError(t, results[2])
				assert.Equal(t, test.want, told.told())
				time.Sleep(time.Hour)
				assert.Empty(t, source.loadsOf(), "nothing is asked while the source is healthy")
			})
		})
	}
}

func TestAFailingSourceIsProbedOnceInEachCooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		r, told := withBreaker(t, source)
		open(t, r, source, told)
		source.loadsOf()
		for range 100 {
			afterCooldown()
			assert.Equal(t, []int{0}, source.loadsOf())
		}
		source.fail(nil)
		afterCooldown()
		assert.Equal(t, []int{0}, source.loadsOf())
		assert.Equal(t, Closed, r.Stats().Breaker)
	})
}

func TestAHealthySourceIsNotProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		r := newTestResolver(t, testConfig(), source)
		time.Sleep(time.Hour)
		assert.Empty(t, source.loadsOf(), "nor before the first load")
		resolve(t, r, "r1")
		source.fail(errors.New("down"))
		resolve(t, r, "r2")
		source.fail(nil)
		resolve(t, r, "r2") // telemetry has found out by itself
		source.loadsOf()
		time.Sleep(time.Hour)
		assert.Empty(t, source.loadsOf())
	})
}

// TestAProbeIsTheOnlyLoad: a probe that takes longer than the cooldown is not joined by another one, and while a load takes so long,
// there is no probe. The half-open breaker admits no load of keys besides.
func TestAProbeIsTheOnlyLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 12 * time.Second, err: errors.New("down"), deaf: true}
		cfg := testConfig()
		cfg.Breaker.Failures = 1
		r := newTestResolver(t, cfg, source)
		resolve(t, r, "r-lost")
		time.Sleep(15 * time.Second)
		assert.Equal(t, []int{1}, source.loadsOf())
		for range 20 {
			time.Sleep(time.Second)
			resolve(t, r, "r-refused")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, source.most)
	})
}

// TestAProbeLeavesTheBreakerToKeys that telemetry wants, as long as it wants some.
func TestAProbeLeavesTheBreakerToKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		r, told := withBreaker(t, source)
		open(t, r, source, told)
		source.loadsOf()
		for range 3 {
			resolve(t, r, "r-refused")
			afterCooldown()
			assert.Empty(t, source.loadsOf(), "keys may come now")
			resolve(t, r, "r-tries")
			synctest.Wait()
			assert.Equal(t, []int{1}, source.loadsOf())
		}
		resolve(t, r, "r-refused")
		afterCooldown()
		afterCooldown()
		assert.Equal(t, []int{0}, source.loadsOf(), "none came")
	})
}

// restingSource fails once and then has nothing to ask, as all its lookups are paused, until it works.
type restingSource struct {
	fakeSource
	rests atomic.Bool
}

func (s *restingSource) Lookup(ctx context.Context, keys []Key, answers []Answer) (int, error) {
	roundTrips, err := s.fakeSource.Lookup(ctx, keys, answers)
	if s.rests.Load() {
		return 0, nil
	}
	return roundTrips, err
}

func TestProbesThatSayNothingAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &restingSource{}
		r := newTestResolver(t, testConfig(), source)
		source.fail(errors.New("down"))
		resolve(t, r, "r-lost")
		source.rests.Store(true)
		source.fail(nil)
		source.loadsOf()
		for range 3 {
			afterCooldown()
			assert.Equal(t, []int{0}, source.loadsOf())
		}
		source.rests.Store(false)
		afterCooldown()
		source.loadsOf()
		time.Sleep(time.Hour)
		assert.Empty(t, source.loadsOf())
	})
}

// TestAProbeFollowsTheResultThatWasReportedLast: whoever is told of a failure last will be told of its end, also if two loads end at
// the same time.
func TestAProbeFollowsTheResultThatWasReportedLast(t *testing.T) {
	var last atomic.Bool
	cfg := testConfig()
	cfg.Loaded = func(l Load) {
		last.Store(l.Err != nil)
		runtime.Gosched()
	}
	d := newTestResolver(t, cfg, &fakeSource{}).dispatcher
	for range 5_000 {
		var ending sync.WaitGroup
		for _, err := range []error{nil, errors.New("down")} {
			ending.Go(func() { d.report(Load{Err: err}, err) })
		}
		ending.Wait()
		require.Equal(t, last.Load(), d.recovery.isFailing)
	}
}

func TestCloseEndsProbes(t *testing.T) {
	for name, until := range map[string]time.Duration{
		"that are scheduled": time.Second, "that are under way": 6 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{takes: 2 * time.Second, err: errors.New("down")}
				cfg := testConfig()
				cfg.LoadTimeout = time.Minute
				cfg.Wait = time.Minute
				r := newTestResolver(t, cfg, source)
				resolve(t, r, "r-lost")
				time.Sleep(until)
				began, loads := time.Now(), source.loadCount()
				require.NoError(t, r.Close(t.Context()))
				assert.Zero(t, time.Since(began))
				time.Sleep(time.Hour)
				assert.Equal(t, loads, source.loadCount())
			})
		})
	}
}
