// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"math"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzNew holds New to what must be true of any two rates: the lower one never has the lower threshold (decisions nest,
// T14), the digits say the threshold exactly, and only 0 and 1 are never and always.
func FuzzNew(f *testing.F) {
	for _, probability := range []float64{
		0, 1, 0.5, 1. / 3, 0.1, 0.01, 0.0625, 0x1p-8, 0x1p-55, least, math.Nextafter(least, 0), math.Nextafter(1, 0),
		math.Nextafter(0.0625, 0), math.Nextafter(0.9375, 1), -1, 2, math.NaN(), math.Inf(1),
	} {
		for _, precision := range []uint8{1, 4, 14} {
			f.Add(probability, math.Nextafter(probability, 1), precision)
			f.Add(probability, 0.3, precision)
		}
	}
	f.Fuzz(func(t *testing.T, p, q float64, precision uint8) { checkRates(t, p, q, 1+int(precision)%14) })
}

// TestAnyTwoRates is the same over many pairs, spread over all magnitudes, half of them next to each other.
func TestAnyTwoRates(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 2))
	for range 20_000 {
		p := math.Exp2(-56 * rng.Float64())
		if rng.IntN(2) == 0 {
			p = 1 - p
		}
		q := math.Exp2(-56 * rng.Float64())
		if rng.IntN(2) == 0 {
			q = math.Nextafter(p, 1)
		}
		checkRates(t, p, q, 1+rng.IntN(14))
		if t.Failed() {
			return
		}
	}
}

func checkRates(t *testing.T, p, q float64, precision int) {
	low, errLow := New(p, precision)
	high, errHigh := New(q, precision)
	require.Equal(t, Validate(p), errLow)
	require.Equal(t, Validate(q), errHigh)
	if errLow != nil || errHigh != nil {
		require.False(t, errLow != nil && low.IsAlways() || errHigh != nil && high.IsAlways(), "%v %v", p, q)
		return
	}
	if p > q {
		p, q, low, high = q, p, high, low
	}
	assert.False(t, sampling.ThresholdLessThan(low.Threshold, high.Threshold),
		"%v keeps more than %v at %d digits", p, q, precision)

	checkDigits(t, low)
	checkDigits(t, high)
}

var isTValue = regexp.MustCompile("^[0-9a-f]{0,13}[1-9a-f]$")

func checkDigits(t *testing.T, r Rate) {
	require.Equal(t, r.Probability == 1, r.IsAlways(), "%v", r.Probability)
	require.Equal(t, r.Probability == 0, r.IsNever(), "%v", r.Probability)
	if r.IsAlways() || r.IsNever() {
		require.Empty(t, r.TValue+r.Tracestate)
		return
	}
	require.True(t, isTValue.MatchString(r.TValue), r.TValue)
	back, err := sampling.TValueToThreshold(r.TValue)
	require.NoError(t, err)
	require.Equal(t, r.Threshold, back, "%v", r.Probability)

	state, err := sampling.NewW3CTraceState(r.Tracestate)
	require.NoError(t, err)
	require.Equal(t, r.TValue, state.OTelValue().TValue())
}
