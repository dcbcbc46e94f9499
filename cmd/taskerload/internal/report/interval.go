// SPDX-License-Identifier: Apache-2.0

package main

import "math"

// binomialRange is the narrowest pair of counts that a binomial draw falls outside of, on each side, with at most half
// of 1 − confidence: its exact quantiles.
func binomialRange(n int, p, confidence float64) (low, high int) {
	switch {
	case p <= 0 || n == 0:
		return 0, 0
	case p >= 1:
		return n, n
	}
	tail := (1 - confidence) / 2
	low, high = -1, n
	sum := 0.0
	for k := range n + 1 {
		sum += binomialProbability(n, k, p)
		if low < 0 && sum > tail {
			low = k
		}
		if sum >= 1-tail {
			high = k
			break
		}
	}
	return max(low, 0), high
}

// binomialProbability goes through logarithms: the coefficients of large n are beyond a float64.
func binomialProbability(n, k int, p float64) float64 {
	return math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) +
		float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// keptRange is where the number of kept items of a row lies in 99.9 % of all loads. Items of one trace or series fall
// together, so that there are fewer independent draws than items: as many as would give the same variance. Where a row
// has draws at several rates, the distances from the mean add up as independent deviations do.
func (r *row) keptRange() (low, high int) {
	sent, squares := map[float64]float64{}, map[float64]float64{}
	for d, items := range r.draws {
		sent[d.rate] += float64(items)
		squares[d.rate] += float64(items) * float64(items)
	}
	var mean, below, above float64
	for rate, n := range sent {
		draws := math.Round(n * n / squares[rate])
		a, b := binomialRange(int(draws), rate, 0.999)
		mean += n * rate
		below = math.Hypot(below, n*rate-float64(a)/draws*n)
		above = math.Hypot(above, float64(b)/draws*n-n*rate)
	}
	const rounding = 1e-6 // of the sums, whose order is not fixed
	return max(0, int(math.Floor(mean-below+rounding))), min(r.sent, int(math.Ceil(mean+above-rounding)))
}
