// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func rescaler(t testing.TB, probability float64) Rescaler {
	t.Helper()
	return NewRescaler(mustRate(t, probability, 14))
}

// M7: one of the two neighbours of the product, up exactly as often as the product is beyond the lower one.
func TestIntegersAreRoundedStochastically(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 20_000 {
		r := rescaler(t, math.Exp(-30*rng.Float64()*rng.Float64()))
		v := rng.Uint64() >> rng.IntN(64)
		exact := new(big.Rat).SetFloat64(r.factor)
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).SetUint64(v)))
		floor := new(big.Int).Quo(exact.Num(), exact.Denom())
		up := new(big.Rat).Sub(exact, new(big.Rat).SetInt(floor)) // the chance to round up

		if !floor.IsUint64() || floor.Uint64() == math.MaxUint64 {
			if !floor.IsUint64() {
				_, fits := r.times(v, math.MaxUint64)
				require.False(t, fits, "%d times %v does not fit", v, r.factor)
			}
			continue
		}
		down, fits := r.times(v, math.MaxUint64) // a draw that never rounds up
		require.True(t, fits)
		require.Equal(t, floor.Uint64(), down, "%d times %v", v, r.factor)

		// The draws that round up are those below the fraction, in units of 2^-64, which are exact here.
		units := new(big.Rat).Mul(up, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 64)))
		require.True(t, units.IsInt(), "the fraction is exact")
		if fraction := units.Num().Uint64(); fraction > 0 {
			last, _ := r.times(v, fraction-1)
			first, _ := r.times(v, fraction)
			require.Equal(t, []uint64{down + 1, down}, []uint64{last, first}, "%d times %v", v, r.factor)
		}
	}
}

func TestWholeFactorsAreExact(t *testing.T) { // M7
	r := rescaler(t, 0.25)
	for _, v := range []int64{0, 1, -1, 12345, 1 << 60, -(1 << 61)} {
		assert.Equal(t, v*4, r.Int(v))
	}
	assert.False(t, r.Saturated())
	tiny := rescaler(t, math.Ldexp(1.4, -56)) // the threshold has no digits for 1.4: it lets 2^-56 through
	assert.InDelta(t, math.Ldexp(1, 56), tiny.factor, 0, "the factor is that of what is really kept")
}

func TestNumbersThatOverflowSaturate(t *testing.T) { // M7
	for name, tt := range map[string]struct {
		rescale   func(*Rescaler) any
		want      any
		saturates bool
	}{
		"the greatest that fits":         {func(r *Rescaler) any { return r.Int(math.MaxInt64 / 10) }, nil, false},
		"int":                            {func(r *Rescaler) any { return r.Int(math.MaxInt64 / 9) }, int64(math.MaxInt64), true},
		"the greatest int":               {func(r *Rescaler) any { return r.Int(math.MaxInt64) }, int64(math.MaxInt64), true},
		"negative int":                   {func(r *Rescaler) any { return r.Int(math.MinInt64 / 9) }, int64(math.MinInt64), true},
		"the least int":                  {func(r *Rescaler) any { return r.Int(math.MinInt64) }, int64(math.MinInt64), true},
		"count":                          {func(r *Rescaler) any { return r.Count(math.MaxUint64 / 9) }, uint64(math.MaxUint64), true},
		"the greatest count":             {func(r *Rescaler) any { return r.Count(math.MaxUint64) }, uint64(math.MaxUint64), true},
		"double":                         {func(r *Rescaler) any { return r.Double(math.MaxFloat64 / 9) }, math.MaxFloat64, true},
		"negative double":                {func(r *Rescaler) any { return r.Double(-math.MaxFloat64) }, -math.MaxFloat64, true},
		"infinity is no number":          {func(r *Rescaler) any { return r.Double(math.Inf(1)) }, math.Inf(1), false},
		"negative infinity is no number": {func(r *Rescaler) any { return r.Double(math.Inf(-1)) }, math.Inf(-1), false},
		"NaN is no number":               {func(r *Rescaler) any { return math.IsNaN(r.Double(math.NaN())) }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := rescaler(t, 0.1)
			got := tt.rescale(&r)
			if tt.want != nil {
				assert.Equal(t, tt.want, got)
			}
			assert.Equal(t, tt.saturates, r.Saturated())
		})
	}
}

// M7: the count of a histogram is the sum of its parts, also where they leave their range.
func TestPartsAddUpToTheTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		r := rescaler(t, 0.01+0.98*rng.Float64())
		buckets := pcommon.NewUInt64Slice()
		for range rng.IntN(12) {
			buckets.Append(rng.Uint64() >> rng.IntN(64))
		}
		sum := new(big.Int).SetUint64(r.Count(rng.Uint64() >> rng.IntN(64)))
		r.Counts(buckets)
		for _, v := range buckets.AsRaw() {
			sum.Add(sum, new(big.Int).SetUint64(v))
		}
		require.True(t, sum.IsUint64(), "the sum fits")
		require.Equal(t, sum.Uint64(), r.Total())
	}
}

// M7: the mean of many is the product: the bound is seven standard deviations of the rounding, by real draws.
func TestRoundingIsFairOverManyPoints(t *testing.T) {
	const n = 200_000
	for _, probability := range []float64{0.1, 0.3, 0.7, 0.999} {
		r := rescaler(t, probability)
		sum := 0.0
		for range n {
			sum += float64(r.Int(1) - r.Int(-1))
		}
		fraction := r.factor - math.Floor(r.factor)
		assert.InDelta(t, 2*n*r.factor, sum, 7*math.Sqrt(2*n*fraction*(1-fraction))+1e-6, "at %v", probability)
	}
}
