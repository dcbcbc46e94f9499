// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// of returns arrivals of pairs of a probability and a number of items.
func of(pairs ...float64) (a Arrivals) {
	for i := 0; i < len(pairs); i += 2 {
		a.Add(pairs[i], pairs[i+1])
	}
	return a
}

func TestTheRateKeepsTheTarget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrivals Arrivals
		target   float64
		mode     Mode
		want     float64
	}{
		"nothing arrived":                               {nil, 100, Equalizing, 1},
		"fewer than the target":                         {of(1, 99), 100, Equalizing, 1},
		"as many as the target":                         {of(1, 100), 100, Equalizing, 1},
		"ten times the target":                          {of(1, 1000), 100, Equalizing, 0.1},
		"all sampled at 1/2":                            {of(0.5, 1000), 100, Equalizing, 0.05},
		"all sampled at 1/10, no power of two":          {of(0.1, 1000), 100, Equalizing, 0.01},
		"those sampled at 1/10 are kept whole":          {of(1, 1000, 0.1, 100), 300, Equalizing, 0.2},
		"both are thinned":                              {of(1, 1000, 0.1, 100), 100, Equalizing, 0.05},
		"three probabilities":                           {of(1, 1000, 0.5, 500, 0.1, 100), 500, Equalizing, 0.2},
		"what a low probability kept has little weight": {of(1, 10_000, math.Ldexp(1, -56), 1000), 2000, Equalizing, 0.1},
		"proportional: fewer than the target":           {of(0.1, 99), 100, Proportional, 1},
		"proportional: whatever the probability":        {of(1, 1000, 0.1, 1000), 500, Proportional, 0.25},
	} {
		assert.InEpsilon(t, test.want, test.arrivals.rateFor(test.target, test.mode), 1e-9, name)
	}
}

func TestTheRateKeepsTheTargetWhateverArrives(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(19, 1))
	for range 20_000 {
		var a Arrivals
		for range 1 + random.IntN(6) {
			a.Add(math.Exp(-random.Float64()*20), math.Ceil(math.Exp(random.Float64()*12)))
		}
		target := a.Items() * random.Float64() * 1.2
		for _, mode := range []Mode{Equalizing, Proportional} {
			rate := a.rateFor(target, mode)
			require.Greater(t, rate, 0.0)
			require.LessOrEqual(t, rate, 1.0)
			require.InEpsilon(t, min(target, a.Items()), a.Kept(rate, mode), 1e-9, "%v, target %v", a, target)
		}
	}
}

func TestALowerTargetNeverHasAHigherRate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(19, 2))
	for range 2000 {
		a := of(1, random.Float64()*1000, random.Float64(), random.Float64()*1000, 0.1*random.Float64(), random.Float64()*1000)
		before := 0.0
		for target := 1.0; target < 3000; target *= 1.3 {
			rate := a.rateFor(target, Equalizing)
			require.GreaterOrEqual(t, rate, before*(1-1e-12), "%v, target %v", a, target)
			before = rate
		}
	}
}

func TestProbabilitiesFallIntoBinsOfPowersOfTwo(t *testing.T) {
	t.Parallel()
	for probability, want := range map[float64]uint8{
		1: 0, 0.51: 0, 0.5: 1, 0.26: 1, 0.25: 2, 0.1: 3, math.Ldexp(1, -56): 56, math.Ldexp(1, -300): 255,
	} {
		assert.Equal(t, want, exponentOf(probability), probability)
	}
}

func TestArrivalsAddUpInAnyOrder(t *testing.T) {
	t.Parallel()
	one, other := of(0.1, 3, 1, 5), of(0.5, 2, 0.1, 4, 1, 1)
	sum, reversed := Arrivals{}, Arrivals{}
	sum.Merge(one)
	sum.Merge(other)
	reversed.Merge(other)
	reversed.Merge(one)
	assert.Equal(t, Arrivals{{0, 6, 6}, {1, 2, 4}, {3, 7, 70}}, sum)
	assert.Equal(t, sum, reversed)
	assert.Equal(t, of(1, 5, 0.1, 3), one, "the added ones are unchanged")
	assert.Equal(t, Arrivals{{0, 3, 3}, {1, 1, 2}, {3, 3.5, 35}}, sum.Scaled(0.5))
	assert.Equal(t, 15.0, sum.Items())
}

func TestMeansAreOfTheSameProbability(t *testing.T) {
	t.Parallel()
	var a Arrivals
	a.AddMean(0, 0)
	assert.Empty(t, a)
	a.AddMean(10, 40)
	a.AddMean(10, 10-1e-9) // rounding: no probability is above 1
	assert.Equal(t, Arrivals{{0, 10, 10 - 1e-9}, {2, 10, 40}}, a)
}
