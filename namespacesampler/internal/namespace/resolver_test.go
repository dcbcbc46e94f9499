// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResolveKeepsTheThreeOutcomesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 20 * time.Millisecond}
		r := newTestResolver(t, testConfig(), source)

		outcomes, counts := resolve(t, r, "r1", "u1", "x1", "r2")
		assert.Equal(t, []Outcome{Resolved, Unknown, Unavailable, Resolved}, outcomes)
		assert.Equal(t, Counts{Resolved: 2, Unknown: 1, Unavailable: 1}, counts)

		outcomes, counts = resolve(t, r, "r1", "u1", "x1", "r2")
		assert.Equal(t, []Outcome{Resolved, Unknown, Unavailable, Resolved}, outcomes)
		assert.Equal(t, Counts{Hits: 3, Unavailable: 1}, counts, "unknown is a hit, unavailable is not")

		times, loads := source.asked()
		assert.Equal(t, map[string]int{"r1": 1, "u1": 1, "x1": 2, "r2": 1}, times)
		assert.Equal(t, 2, loads)
	})
}

func TestResolveAsksAgainForUnknownKeysAfterTheNegativeTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		r := newTestResolver(t, testConfig(), source)
		resolve(t, r, "u1", "r1")
		time.Sleep(9 * time.Second)
		_, counts := resolve(t, r, "u1", "r1")
		assert.Equal(t, Counts{Hits: 2}, counts)
		time.Sleep(2 * time.Second)
		_, counts = resolve(t, r, "u1", "r1")
		assert.Equal(t, Counts{Hits: 1, Unknown: 1}, counts)
		time.Sleep(time.Hour)
		_, counts = resolve(t, r, "r1")
		assert.Equal(t, Counts{Resolved: 1}, counts, "resolved keys are asked for again after ttl")
	})
}

func TestResolveOfNothing(t *testing.T) {
	source := &fakeSource{}
	r := newTestResolver(t, testConfig(), source)
	assert.Zero(t, r.Resolve(t.Context(), nil, nil))
	assert.Zero(t, source.loadCount())
}

// TestResolveWaits is the promise to the pipeline: no batch waits longer than `wait`, nor than its own context allows; the
// load goes on behind it.
func TestResolveWaits(t *testing.T) {
	for name, test := range map[string]struct {
		takes, wait, deadline time.Duration // no deadline: 0
		want                  time.Duration
		outcome               Outcome
	}{
		"as long as the load takes":         {20 * time.Millisecond, 200 * time.Millisecond, 0, 20 * time.Millisecond, Resolved},
		"no longer than wait":               {time.Second, 200 * time.Millisecond, 0, 200 * time.Millisecond, Unavailable},
		"no longer than its context":        {time.Second, 200 * time.Millisecond, 50 * time.Millisecond, 50 * time.Millisecond, Unavailable},
		"wait where the context is later":   {time.Second, 200 * time.Millisecond, time.Minute, 200 * time.Millisecond, Unavailable},
		"not at all with wait 0":            {20 * time.Millisecond, 0, 0, 0, Unavailable},
		"not at all with an ended context":  {20 * time.Millisecond, 200 * time.Millisecond, -1, 0, Unavailable},
		"not with wait 0, however the load": {time.Second, 0, time.Minute, 0, Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{takes: test.takes}
				cfg := testConfig()
				cfg.Wait = test.wait
				r := newTestResolver(t, cfg, source)
				ctx := t.Context()
				if test.deadline != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}

				began := time.Now()
				outcomes, _ := resolveIn(t, ctx, r, "r1", "r2")
				assert.Equal(t, test.want, time.Since(began))
				assert.Equal(t, []Outcome{test.outcome, test.outcome}, outcomes)

				time.Sleep(test.takes)
				synctest.Wait()
				_, counts := resolve(t, r, "r1", "r2")
				assert.Equal(t, Counts{Hits: 2}, counts, "the load went on behind the batch and filled the cache")
				assert.Equal(t, 1, source.loadCount())
			})
		})
	}
}

func TestResolveWaitsForAllOfItsLoadsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: 150 * time.Millisecond}
		cfg := testConfig()
		cfg.MaxLoads = 1
		r := newTestResolver(t, cfg, source)
		go resolve(t, r, "r1")
		synctest.Wait()

		began := time.Now()
		outcomes, _ := resolve(t, r, "r1", "r2") // r1 is on its way; r2 has to wait for the next load
		assert.Equal(t, 200*time.Millisecond, time.Since(began), "wait is for both, not for each")
		assert.Equal(t, []Outcome{Resolved, Unavailable}, outcomes, "what came in time is taken")
	})
}

func TestLoadsAreBoundedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Hour}
		var reports []Load
		cfg := testConfig()
		cfg.Wait = time.Minute
		cfg.Loaded = func(l Load) { reports = append(reports, l) }
		r := newTestResolver(t, cfg, source)

		began := time.Now()
		outcomes, counts := resolve(t, r, "r1")
		assert.Equal(t, cfg.LoadTimeout, time.Since(began))
		assert.Equal(t, []Outcome{Unavailable}, outcomes)
		assert.Equal(t, Counts{Unavailable: 1}, counts)
		require.Len(t, reports, 1)
		assert.ErrorIs(t, reports[0].Err, context.DeadlineExceeded)
		assert.Equal(t, cfg.LoadTimeout, reports[0].Duration)
	})
}

func TestErrorsAreUnavailableAndAreNotCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		resolve(t, r, "r1")

		source.fail(errors.New("down"))
		outcomes, counts := resolve(t, r, "r1", "r2", "u1")
		assert.Equal(t, []Outcome{Resolved, Unavailable, Unavailable}, outcomes, "the cache answers while the source is down")
		assert.Equal(t, Counts{Hits: 1, Unavailable: 2}, counts)

		source.fail(nil)
		outcomes, _ = resolve(t, r, "r1", "r2", "u1")
		assert.Equal(t, []Outcome{Resolved, Resolved, Unknown}, outcomes, "no failure is remembered")
	})
}

// partialSource answers the first key and then fails.
type partialSource struct{}

func (partialSource) Lookup(_ context.Context, _ []Key, answers []Answer) (int, error) {
	answers[0] = Answer{Name: "ns-r1", Outcome: Resolved}
	return 2, errors.New("cut off")
}

func TestAnswersBeforeAnErrorHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []Load
		cfg := testConfig()
		cfg.Loaded = func(l Load) { reports = append(reports, l) }
		r := newTestResolver(t, cfg, partialSource{})
		outcomes, counts := resolve(t, r, "r1", "r2")
		assert.Equal(t, []Outcome{Resolved, Unavailable}, outcomes)
		assert.Equal(t, Counts{Resolved: 1, Unavailable: 1}, counts)
		_, counts = resolve(t, r, "r1")
		assert.Equal(t, Counts{Hits: 1}, counts)
		require.Len(t, reports, 1)
		assert.Equal(t, 2, reports[0].RoundTrips)
		assert.EqualError(t, reports[0].Err, "cut off")
	})
}

// TestAStoredAnswerIsUsedBeforeItsLoadHasEnded holds up a load after it has stored its answers until the batch no longer waits. The key does not count as
// late, so the batch must not be decided without its namespace (M5).
func TestAStoredAnswerIsUsedBeforeItsLoadHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		var late int
		cfg.Loaded = func(l Load) {
			late += l.Late
			time.Sleep(2 * cfg.Wait)
		}
		r := newTestResolver(t, cfg, &fakeSource{takes: time.Millisecond})
		began := time.Now()
		outcomes, counts := resolve(t, r, "r1", "u1")
		assert.Equal(t, cfg.Wait, time.Since(began))
		assert.Equal(t, Resolved, outcomes[0])
		assert.Equal(t, 1, counts.Resolved)
		time.Sleep(2 * cfg.Wait)
		synctest.Wait()
		assert.Zero(t, late)
	})
}

// TestAKeyThatResolvesAfterItsBatchIsLate is M5: its items may be decided differently from then on.
func TestAKeyThatResolvesAfterItsBatchIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		var loads []Load
		cfg.Loaded = func(l Load) { loads = append(loads, l) }
		r := newTestResolver(t, cfg, &fakeSource{takes: cfg.Wait + time.Millisecond})
		outcomes, _ := resolve(t, r, "r1", "u1")
		assert.Equal(t, []Outcome{Unavailable, Unavailable}, outcomes)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, loads, 1)
		assert.Equal(t, 1, loads[0].Late, "r1; u1 has no namespace")
	})
}

func TestLoadedIsCalledBeforeTheWaitersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := false
		cfg := testConfig()
		cfg.Loaded = func(Load) { told = true }
		r := newTestResolver(t, cfg, &fakeSource{takes: time.Millisecond})
		resolve(t, r, "r1")
		assert.True(t, told)
	})
}

func TestKeysDoNotRetainTelemetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{takes: time.Millisecond}
		r := newTestResolver(t, testConfig(), source)
		buffer := []byte("r1")
		k := key(t, 0, FormatText, unsafe.String(&buffer[0], len(buffer)))
		answers := make([]Answer, 1)
		r.Resolve(t.Context(), []Key{k}, answers)
		copy(buffer, "zz") // as a pooled buffer would be used again
		_, counts := resolve(t, r, "r1")
		assert.Equal(t, Counts{Hits: 1}, counts)
	})
}

func TestNewResolverRefusesAnInvalidCache(t *testing.T) {
	cfg := testConfig()
	cfg.Cache.MaxEntries = -1
	_, err := NewResolver(cfg, &fakeSource{})
	require.ErrorContains(t, err, "namespace cache: ")
}

func TestTheZeroAnswerIsUnavailable(t *testing.T) {
	assert.Equal(t, Unavailable, Answer{}.Outcome)
}
