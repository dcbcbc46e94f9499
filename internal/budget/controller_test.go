// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

var hundred = Budget{Items: 100, MinRate: 1e-4, InitialRate: 0.5}

func items(n float64) map[string]Arrivals { return map[string]Arrivals{"a": of(1, n)} }

func TestACollectorAloneHasTheWholeBudget(t *testing.T) {
	t.Parallel()
	c := NewController(hundred)
	assert.Equal(t, 0.5, rateOf(c, "a"), "of a namespace that has not been met")
	now := c.Advance(1, items(1000), nil)
	assert.InEpsilon(t, 0.1, now.Rates["a"], 1e-12)
	assert.Equal(t, 100.0, now.ShareOf("a"))
	assert.Equal(t, 100.0, now.ShareOf("not met"))
	assert.Equal(t, now, c.InForce())
	assert.False(t, c.IsInFleet())
}

func TestAnIntervalThatIsInForceDoesNotChange(t *testing.T) {
	t.Parallel()
	c := NewController(hundred)
	first := c.Advance(1, items(1000), nil)
	c.Advance(2, items(10_000), nil)
	c.Advance(3, nil, nil)
	assert.InEpsilon(t, 0.1, first.Rates["a"], 1e-12)
}

func TestCollectorsWithTheSameAnswersHaveTheSameRates(t *testing.T) {
	t.Parallel()
	const n = 5
	var collectors [n]*Controller
	for i := range collectors {
		collectors[i] = NewController(hundred)
		collectors[i].Advance(1, items(float64(100+1000*i)), nil) // each has been alone, at a rate of its own
	}
	answer := &Answer{Number: 2, Arrivals: items(3000), Before: map[string]float64{"a": 0.2}, Collectors: n}
	shares := 0.0
	for i, c := range collectors {
		own := 200.0 * float64(i+1) // 3000 in all
		c.Advance(2, items(own), nil)
		now := c.Advance(3, items(1), answer)
		assert.Equal(t, hundred.Next(answer.Before, answer.Arrivals), now.Rates)
		assert.InEpsilon(t, own/30, now.ShareOf("a"), 1e-12, "by its part of the arrivals")
		assert.Equal(t, 100.0/n, now.ShareOf("not met"), "by the number of collectors")
		assert.True(t, c.IsInFleet())
		shares += now.ShareOf("a")
	}
	assert.InEpsilon(t, 100, shares, 1e-12)
}

func TestTheShareOfASharedBudgetIsThePartOfWhatIsKept(t *testing.T) {
	t.Parallel()
	shared := hundred
	shared.IsShared = true
	c := NewController(shared)
	c.Advance(1, map[string]Arrivals{"quiet": of(1, 10), "loud": of(1, 90)}, nil)
	now := c.Advance(2, nil, &Answer{
		Number: 1, Collectors: 3, Before: map[string]float64{"quiet": 1, "loud": 1},
		Arrivals: map[string]Arrivals{"quiet": of(1, 10), "loud": of(1, 900)},
	})
	assert.InEpsilon(t, 0.1, now.Rates["loud"], 1e-12)
	assert.InEpsilon(t, 10+9.0, now.ShareOf("quiet"), 1e-12)
	assert.Equal(t, now.ShareOf("quiet"), now.ShareOf("loud"))
}

func TestWithoutAnswersRatesOnlyFall(t *testing.T) {
	t.Parallel()
	c := NewController(hundred)
	c.Advance(1, items(500), nil)
	answer := &Answer{Number: 1, Arrivals: items(1000), Before: map[string]float64{"a": 0.1}, Collectors: 4}
	assert.InEpsilon(t, 0.1, c.Advance(2, items(500), answer).Rates["a"], 1e-12)
	for i, test := range []struct{ arrivals, want float64 }{
		{500, 0.1}, {1000, 0.05}, {5000, 0.01}, {100, 0.1}, {0, 0.1}, {1e9, 1e-4},
	} {
		now := c.Advance(int64(3+i), items(test.arrivals), nil)
		assert.InEpsilon(t, test.want, now.Rates["a"], 1e-9, test.arrivals)
		assert.InEpsilon(t, 50, now.ShareOf("a"), 1e-9)
	}
	// A namespace that the fleet did not know: a quarter of its budget.
	assert.InEpsilon(t, 0.05, c.Advance(20, map[string]Arrivals{"b": of(1, 500)}, nil).Rates["b"], 1e-9)
	assert.NotContains(t, c.Advance(21, nil, nil).Rates, "b")
}

// A budget that is far from used up does not drop what rises while the fleet is not known: it may rise to the collector's share.
func TestWithoutAnswersABudgetThatIsNotUsedUpDropsNothing(t *testing.T) { // B7
	t.Parallel()
	for name, shared := range map[string]bool{"of its own": false, "shared": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewController(Budget{Items: 1000, MinRate: 1e-4, InitialRate: 1, IsShared: shared})
			c.Advance(1, map[string]Arrivals{"a": of(1, 10), "b": of(1, 10)}, nil)
			c.Advance(2, nil, &Answer{ // the other collectors have three quarters of each
				Number: 1, Arrivals: map[string]Arrivals{"a": of(1, 40), "b": of(1, 40)}, Before: map[string]float64{"a": 1, "b": 1}, Collectors: 4,
			})
			share := map[bool]float64{false: 250, true: 125}[shared] // of each namespace
			rates := func(items float64) map[string]float64 {
				return c.Advance(3, map[string]Arrivals{"a": of(1, items), "b": of(1, items)}, nil).Rates
			}
			assert.Equal(t, map[string]float64{"a": 1, "b": 1}, rates(share))
			assert.Equal(t, map[string]float64{"a": 0.5, "b": 0.5}, rates(2*share))
			assert.Equal(t, map[string]float64{"a": 1, "b": 1}, rates(10), "it is no less than it was")
		})
	}
}

func TestANewCollectorAdoptsTheAnswerOfTheFleet(t *testing.T) {
	t.Parallel()
	c := NewController(hundred)
	c.Adopt(&Answer{Number: 7, Arrivals: items(2000), Before: map[string]float64{"a": 0.05}, Collectors: 4})
	now := c.InForce()
	assert.Equal(t, 0.05, now.Rates["a"])
	assert.Equal(t, 25.0, now.ShareOf("a"), "it has had no part")
}

func TestArrivalsAreMatchedWithTheirInterval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		number int64
		want   float64
	}{
		"the last interval":           {5, 100.0 * 50 / 2000},
		"the one before it":           {4, 100.0 * 40 / 2000},
		"long past: nothing is known": {1, 100.0 / 4},
	} {
		c := NewController(hundred)
		for k := int64(1); k <= 5; k++ {
			c.Advance(k, items(float64(10*k)), nil)
		}
		c.Advance(6, items(60), &Answer{Number: test.number, Arrivals: items(2000), Before: map[string]float64{"a": 0.05}, Collectors: 4})
		now := c.InForce()
		assert.InEpsilon(t, test.want, now.ShareOf("a"), 1e-12, name)
	}
}

// rateOf returns the rate that a namespace has now.
func rateOf(c *Controller, name string) float64 {
	now := c.InForce()
	return now.RateOf(name)
}
