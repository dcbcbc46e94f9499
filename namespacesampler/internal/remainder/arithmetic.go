// SPDX-License-Identifier: Apache-2.0

package remainder

import "math"

// Sums of integers stay at the end of their range (R5). Each function reports whether its result did.

func addCounts(a, b uint64) (sum uint64, saturated bool) {
	if sum = a + b; sum < a {
		return math.MaxUint64, true
	}
	return sum, false
}

func addInts(a, b int64) (sum int64, saturated bool) {
	sum = a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64, true
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64, true
	}
	return sum, false
}

// finite returns a number, or 0 if it is none: what is no number adds nothing (R6), and what is infinite would make a sum useless for ever.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
