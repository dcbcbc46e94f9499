// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRatesFallAtOnceAndRiseSlowly(t *testing.T) {
	t.Parallel()
	b := Budget{Items: 100, MinRate: 1e-4, InitialRate: 0.5}
	for name, test := range map[string]struct{ before, items, want float64 }{
		"falls at once":                         {1, 10_000, 0.01},
		"never below the minimum":               {1, 1e9, 1e-4},
		"rises threefold":                       {0.01, 200, 0.03},
		"rises at most to 1":                    {0.5, 10, 1},
		"a change below 2 % is not made":        {0.1, 1019, 0.1},
		"nor a rise":                            {0.1, 985, 0.1},
		"a change above 2 % is":                 {0.1, 1030, 100.0 / 1030},
		"a change that reaches 1 is":            {0.99, 100, 1},
		"one that comes near 1 is not":          {0.98, 100 / 0.99, 0.98},
		"from below another minimum it is made": {0.995e-4, 1e9, 1e-4},
	} {
		next := b.Next(map[string]float64{"a": test.before}, map[string]Arrivals{"a": of(1, test.items)})
		assert.InEpsilon(t, test.want, next["a"], 1e-12, name)
	}
	assert.InEpsilon(t, 0.1, b.Next(nil, map[string]Arrivals{"a": of(1, 1000)})["a"], 1e-12, "from the initial rate")
}

func TestANamespaceThatIsQuietComesToOneAndIsForgotten(t *testing.T) {
	t.Parallel()
	b := Budget{Items: 100, MinRate: 1e-4, InitialRate: 1}
	rates := map[string]float64{"a": 0.05}
	for _, want := range []float64{0.15, 0.45} {
		rates = b.Next(rates, nil)
		assert.InEpsilon(t, want, rates["a"], 1e-12)
	}
	assert.Empty(t, b.Next(rates, nil))
}

func TestASharedBudgetKeepsQuietNamespacesWhole(t *testing.T) {
	t.Parallel()
	b := Budget{Items: 100, IsShared: true, MinRate: 1e-9, InitialRate: 1}
	next := b.Next(nil, map[string]Arrivals{"quiet": of(1, 10), "middling": of(1, 30), "loud": of(1, 600), "louder": of(1, 6000)})
	assert.Equal(t, 1.0, next["quiet"])
	assert.Equal(t, 1.0, next["middling"])
	assert.InEpsilon(t, 30.0/600, next["loud"], 1e-12)
	assert.InEpsilon(t, 30.0/6000, next["louder"], 1e-12)
}

func TestTheSumOfASharedBudgetIsTheBudget(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(19, 3))
	for range 2000 {
		arrivals, total := map[string]Arrivals{}, 0.0
		for i := range 1 + random.IntN(50) {
			a := of(1, math.Exp(random.Float64()*8), random.Float64(), math.Exp(random.Float64()*8))
			arrivals[fmt.Sprint(i)] = a
			total += a.Items()
		}
		b := Budget{Items: total * random.Float64() * 1.1, IsShared: true, MinRate: 1e-12, InitialRate: 1}
		level, sum := b.level(arrivals), 0.0
		rates := b.Next(nil, arrivals)
		for name, a := range arrivals {
			sum += min(a.Items(), level)
			if a.Items() <= level {
				require.Equal(t, 1.0, rates[name])
			} else {
				require.InEpsilon(t, level, a.Kept(a.rateFor(level, Equalizing), Equalizing), 1e-9)
			}
		}
		require.InEpsilon(t, min(b.Items, total), sum, 1e-9)
	}
}

// With arrivals that stay the same a rate turns at most once, and comes to what the budget allows.
func TestRatesSettle(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(19, 4))
	for range 5000 {
		b := Budget{Items: 1 + random.Float64()*1000, MinRate: 1e-4, InitialRate: 1}
		a := of(1, math.Exp(random.Float64()*12), random.Float64(), math.Exp(random.Float64()*12))
		rates := map[string]float64{"a": math.Exp(-random.Float64() * 9)}
		turns, direction := 0, 0
		for range 12 {
			before := b.rateOf(rates, "a")
			rates = b.Next(rates, map[string]Arrivals{"a": a})
			if sign := signOf(rates["a"] - before); sign != 0 {
				if direction != 0 && sign != direction {
					turns++
				}
				direction = sign
			}
		}
		require.Zero(t, turns, "the rate turns without a step")
		want := max(a.rateFor(b.Items, Equalizing), b.MinRate)
		require.InEpsilon(t, want, rates["a"], 0.021)
	}
}

func signOf(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func FuzzNextStaysWithinItsLimits(f *testing.F) {
	f.Add(100.0, true, false, 1e-4, 0.01, 1.0, 5000.0, 0.1, 10.0, 0.5)
	f.Add(1e-9, false, true, 1.0, 1.0, 0.3, 0.0, 1e-17, 1e12, 1.0)
	f.Add(300.0, false, false, 1e-4, 0.995e-4, 1e-17, 1e9, 1.0, 0.0, 1.0)
	f.Fuzz(func(t *testing.T, items float64, isShared, isProportional bool, minRate, before, p1, n1, p2, n2, initial float64) {
		for _, p := range []*float64{&minRate, &before, &p1, &p2, &initial} {
			if !(*p > 0 && *p <= 1) {
				t.Skip()
			}
		}
		for _, n := range []float64{n1, n2} {
			if !(n >= 0 && n <= 1e15) {
				t.Skip()
			}
		}
		if !(items > 0 && items <= 1e15) {
			t.Skip()
		}
		p1, p2 = max(p1, math.Ldexp(1, -56)), max(p2, math.Ldexp(1, -56))
		b := Budget{Items: items, IsShared: isShared, MinRate: minRate, InitialRate: max(initial, minRate)}
		if isProportional {
			b.Mode = Proportional
		}
		arrivals := map[string]Arrivals{"a": of(p1, n1, p2, n2), "b": of(p2, n1)}
		rates := b.Next(map[string]float64{"a": before, "gone": before}, arrivals)
		for name, rate := range rates {
			if !(rate >= minRate && rate <= 1) { // also if it is not a number
				t.Fatalf("%s has the rate %v", name, rate)
			}
		}
		for _, name := range []string{"a", "b"} {
			if _, ok := rates[name]; !ok {
				t.Fatalf("%s has no rate", name)
			}
		}
	})
}
