// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"math"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const least = 0x1p-56

// TestRefusedRates is T3: what cannot be a rate is refused with what would be right, and never becomes the rate 1.
func TestRefusedRates(t *testing.T) {
	for _, tt := range []struct {
		name string
		rate float64
		want string
	}{
		{
			"a percentage is explained", 50,
			"sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)",
		},
		{
			"the percentage of everything is explained", 100,
			"sample rate must be between 0 and 1, got 100 (for 100 % write 1)",
		},
		{
			"a fraction of a percent above one is explained", 1.5,
			"sample rate must be between 0 and 1, got 1.5 (for 1.5 % write 0.015)",
		},
		{
			"more than a hundred is no percentage either", 100.5,
			"sample rate must be between 0 and 1, got 100.5",
		},
		{
			"the next number above 1 is above 1", math.Nextafter(1, 2),
			"sample rate must be between 0 and 1, got 1.0000000000000002 (for 1.0000000000000002 % write 0.01)",
		},
		{
			"a negative rate", -0.1,
			"sample rate must be between 0 and 1, got -0.1",
		},
		{
			"the least negative rate", -math.SmallestNonzeroFloat64,
			"sample rate must be between 0 and 1, got -5e-324",
		},
		{
			"not a number", math.NaN(),
			"sample rate must be between 0 and 1, got NaN (not a number)",
		},
		{
			"infinity", math.Inf(1),
			"sample rate must be between 0 and 1, got +Inf",
		},
		{
			"negative infinity", math.Inf(-1),
			"sample rate must be between 0 and 1, got -Inf",
		},
		{
			"a rate below 2^-56 is refused with its reason", least / 2,
			"sample rate must be 0 or at least 2^-56 (1.3877787807814457e-17), the least that 56 bits of randomness can " +
				"express, got 6.938893903907228e-18",
		},
		{
			"the next number below 2^-56", math.Nextafter(least, 0),
			"sample rate must be 0 or at least 2^-56 (1.3877787807814457e-17), the least that 56 bits of randomness can " +
				"express, got 1.3877787807814455e-17",
		},
		{
			"the least number above 0", math.SmallestNonzeroFloat64,
			"sample rate must be 0 or at least 2^-56 (1.3877787807814457e-17), the least that 56 bits of randomness can " +
				"express, got 5e-324",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.EqualError(t, Validate(tt.rate), tt.want)

			r, err := New(tt.rate, 4)
			require.EqualError(t, err, tt.want)
			assert.False(t, r.IsAlways(), "the threshold of 1 next to an error")
		})
	}
}

// TestThresholds is T2: digits of the threshold at a precision, more of them close to 0 and 1.
func TestThresholds(t *testing.T) {
	for _, tt := range []struct {
		name      string
		rate      float64
		precision int
		tvalue    string
	}{
		{"a half", 0.5, 4, "8"},
		{"a quarter", 0.25, 4, "c"},
		{"a third is rounded to the precision", 1. / 3, 4, "aaab"},
		{"a third at one digit", 1. / 3, 1, "b"},
		{"a third at all digits", 1. / 3, 14, "aaaaaaaaaaaaac"},
		{"a tenth", 0.1, 4, "e666"},
		{"a tenth is that of float64, not of float32", 0.1, 14, "e6666666666666"},
		{"one per cent takes one digit more", 0.01, 4, "fd70a"},
		{"one in a million takes four digits more", 0.000001, 4, "ffffef39"},
		{"one per cent short of all takes one digit more", 0.99, 4, "028f6"},
		{"the least rate needs all digits whatever the precision", least, 1, "ffffffffffffff"},
		{"the greatest rate below 1 needs all digits whatever the precision", math.Nextafter(1, 0), 1, "00000000000008"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := New(tt.rate, tt.precision)
			require.NoError(t, err)
			require.NoError(t, Validate(tt.rate))

			assert.Equal(t, tt.tvalue, r.TValue)
			assert.Equal(t, "ot=th:"+tt.tvalue, r.Tracestate)
			assert.InDelta(t, tt.rate, r.Probability, 0, "the probability itself is not rounded")
			assert.False(t, r.IsAlways())
			assert.False(t, r.IsNever())

			want, err := sampling.ProbabilityToThresholdWithPrecision(tt.rate, tt.precision)
			require.NoError(t, err)
			assert.Equal(t, want, r.Threshold)
		})
	}
}

// TestRatesWithoutThreshold are 0, which keeps nothing, and 1, which keeps everything and stamps nothing (T3, T5).
func TestRatesWithoutThreshold(t *testing.T) {
	for _, tt := range []struct {
		name      string
		rate      float64
		want      Rate
		threshold sampling.Threshold
	}{
		{"0 is never", 0, Never, sampling.NeverSampleThreshold},
		{"minus 0 is never", math.Copysign(0, -1), Never, sampling.NeverSampleThreshold},
		{"1 is always", 1, Always, sampling.AlwaysSampleThreshold},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for precision := 1; precision <= sampling.NumHexDigits; precision++ {
				r, err := New(tt.rate, precision)
				require.NoError(t, err)
				assert.Equal(t, tt.want, r)
				assert.Equal(t, tt.threshold, r.Threshold)
				assert.Empty(t, r.TValue)
				assert.Empty(t, r.Tracestate)
			}
		})
	}
	always, never := Always, Never
	assert.True(t, always.IsAlways())
	assert.False(t, always.IsNever())
	assert.True(t, never.IsNever())
	assert.False(t, never.IsAlways())
}
