// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheGuardHalvesAtQuartersOfAShareBeyondOneAndAHalf(t *testing.T) {
	t.Parallel()
	for expected, want := range map[float64]int{
		0: 0, 149: 0, 150: 1, 174: 1, 175: 2, 199: 2, 200: 3, 225: 4, 1e12: maxHalvings,
	} {
		g := NewGuard(100)
		g.Add(expected, 1)
		assert.Equal(t, want, g.Halvings(), expected)
		assert.Equal(t, expected, told(g))
	}
}

func TestTheGuardNeverTakesHalvingsBack(t *testing.T) {
	t.Parallel()
	g := NewGuard(100)
	g.Add(180, 1)
	g.Add(-100, 1)
	assert.Equal(t, 2, g.Halvings())
	assert.Equal(t, 80.0, told(g))
}

func TestAGuardWithoutAShareHalvesAtOnce(t *testing.T) {
	t.Parallel()
	g := NewGuard(0)
	assert.Zero(t, g.Halvings())
	g.Add(1, 1)
	assert.Equal(t, maxHalvings, g.Halvings())
}

func TestLoweredRatesHaveAThreshold(t *testing.T) {
	t.Parallel()
	g := NewGuard(1)
	g.Add(1, 0.5)
	g.Add(1, 1)
	g.Add(1, 0.25)
	assert.Equal(t, 0.25, g.Lowered(1, 2))
	assert.Equal(t, 0.3, g.Lowered(0.3, 0))
	assert.Equal(t, math.Ldexp(1, -56), g.Lowered(0.3, 200))
}

func TestHalvingsBeginAtTheProbabilityThatItemsArriveWith(t *testing.T) {
	t.Parallel()
	g := NewGuard(1)
	g.Add(1, 0.1)
	assert.Equal(t, 1.0, g.Lowered(1, 0), "without halvings nothing changes")
	assert.Equal(t, 0.05, g.Lowered(1, 1))
	assert.Equal(t, 0.01, g.Lowered(0.02, 1), "a rate below it is halved itself")
}

// told returns how many items are expected to be kept so far.
func told(g *Guard) float64 { return float64(g.expected.Load()) * guardUnit }

// flood returns how many shares a guard lets through of items that arrived with a probability, of which the rate would keep step shares.
func flood(share, step, rate, incoming float64, cluster int) float64 {
	g := NewGuard(share)
	for n := 0.0; n*min(rate/incoming, 1) < step*share; n += float64(cluster) {
		g.Add(float64(cluster)*min(g.Lowered(rate, g.Halvings())/incoming, 1), incoming)
	}
	return told(g) / share
}

// The overshoot grows with a trace that is large for the share: one of 20 spans is two shares of 10. It stays below 4 shares nevertheless, since
// the guard halves more than once after such a trace.
func TestNoIntervalPassesFourSharesAfterAStepOfUpToAHundredTimes(t *testing.T) {
	t.Parallel()
	for _, cluster := range []int{1, 20} {
		for _, share := range []float64{10, 11, 17, 25, 100, 3000} {
			for _, step := range []float64{1, 2, 3, 5, 10, 30, 70, 100} {
				for rate := 1.0; rate > 1e-4; rate *= 0.61 {
					if share*step/rate > 1e5 { // as with larger rates
						break
					}
					for _, incoming := range []float64{1, 0.1, 0.001} {
						require.LessOrEqual(t, flood(share, step, rate, incoming, cluster), 4.0, "share %v, step %v, rate %v of %v, clusters of %d", share, step,
							rate, incoming, cluster)
					}
				}
			}
		}
	}
}

func TestConcurrentBatchesAddUp(t *testing.T) {
	t.Parallel()
	g := NewGuard(1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			last := 0
			for range 1000 {
				g.Add(0.25, 1)
				now := g.Halvings()
				assert.GreaterOrEqual(t, now, last)
				last = now
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 2000.0, told(g))
	assert.Equal(t, 3, g.Halvings())
}
