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
		g.Add(expected)
		assert.Equal(t, want, g.Halvings(), expected)
		assert.Equal(t, expected, g.Expected())
	}
}

func TestTheGuardNeverTakesHalvingsBack(t *testing.T) {
	t.Parallel()
	g := NewGuard(100)
	g.Add(180)
	g.Add(-100)
	assert.Equal(t, 2, g.Halvings())
	assert.Equal(t, 80.0, g.Expected())
}

func TestAGuardWithoutAShareHalvesAtOnce(t *testing.T) {
	t.Parallel()
	g := NewGuard(0)
	assert.Zero(t, g.Halvings())
	g.Add(1)
	assert.Equal(t, maxHalvings, g.Halvings())
}

func TestLoweredRatesHaveAThreshold(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 0.25, Lowered(1, 2))
	assert.Equal(t, 0.3, Lowered(0.3, 0))
	assert.Equal(t, math.Ldexp(1, -56), Lowered(0.3, 200))
}

// flood returns how many shares a guard lets through of arrivals that a rate of 1 would keep step shares of, at the rate.
func flood(share, step, rate float64, cluster int) float64 {
	g := NewGuard(share)
	for n := 0.0; n*rate < step*share; n += float64(cluster) {
		g.Add(float64(cluster) * Lowered(rate, g.Halvings()))
	}
	return g.Expected() / share
}

// The overshoot grows with a trace that is large for the share: one of 20 spans is two shares of 10. It stays below 4 shares nevertheless, since
// the guard halves more than once after such a trace.
func TestNoIntervalPassesFourSharesAfterAStepOfUpToAHundredTimes(t *testing.T) {
	t.Parallel()
	for _, cluster := range []int{1, 20} {
		for _, share := range []float64{10, 11, 17, 25, 100, 3000} {
			for _, step := range []float64{1, 2, 3, 5, 10, 30, 70, 100} {
				for rate := 1.0; rate > 1e-4; rate *= 0.83 {
					if share*step/rate > 1e6 { // as with larger rates
						break
					}
					require.LessOrEqual(t, flood(share, step, rate, cluster), 4.0, "share %v, step %v, rate %v, clusters of %d", share, step, rate, cluster)
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
				g.Add(0.25)
				now := g.Halvings()
				assert.GreaterOrEqual(t, now, last)
				last = now
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 2000.0, g.Expected())
	assert.Equal(t, 3, g.Halvings())
}
