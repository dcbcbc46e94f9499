// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Other forms that Go understands, such as 1_0, are most likely mistakes.
func TestOnlyDecimalNumbersAreRates(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "1": 1, "0.25": 0.25, ".5": 0.5, "1.": 1, "+0.5": 0.5, "1e-1": 0.1, "1E-01": 0.1, "5e+0": 5, "-1": -1, " \t0.5\n": 0.5,
		"0.000": 0, "0e5": 0, "0e-999": 0, ".0": 0, "1e-300": 1e-300, "5e-324": 5e-324,
		"Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "inf": math.Inf(1), "1e999": math.Inf(1), "-1e999": math.Inf(-1),
		"NaN": math.NaN(), "nan": math.NaN(),
	} {
		got, err := parseRate(&text)
		require.NoError(t, err, text)
		assert.Equal(t, math.IsNaN(want), math.IsNaN(got), text)
		assert.True(t, want == got || math.IsNaN(want), "%s: %v", text, got)
	}
	for _, text := range []string{
		"", " ", "0x1p-1", "0X1P-1", "0x_1p-2", "0x1", "1_0", "0.1_5", "1_0e-1", "0b1", "0o1", "1p-1", ".", "e5", "1e", "1e1.5", "--1", "1 2", "0,5",
		"50%", "0.5f", "\u00a00.5", "\u06601", "٠.٥", "true",
	} {
		got, err := parseRate(&text)
		require.EqualError(t, err, "sample_rate must be a number between 0 and 1, got "+strconv.Quote(text))
		assert.True(t, math.IsNaN(got), text)
	}
}

// A rate of 0 drops everything. Postgres refuses such texts as double precision, too.
func TestARateThatIsTooSmallForAFloatIsNotZero(t *testing.T) {
	for _, text := range []string{"1e-400", "-1e-400", "1E-400", "0.01e-323", "9e-99999", "0." + strings.Repeat("0", 180) + "1e-200"} {
		got, err := parseRate(&text)
		require.ErrorContains(t, err, "sample_rate is too small, write 0 to drop everything, got ", text)
		assert.True(t, math.IsNaN(got), text)
	}
}
