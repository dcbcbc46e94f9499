// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

const confidence = 0.999

// keptInterval is the interval that the number of kept items of a row is in, with probability confidence over all loads.
// The items of a trace or series are kept together, so there are fewer independent draws than items: their number is
// chosen to give the same variance. Deviations at several rates add up as independent ones do.
func keptInterval(r *ledger.Row) (low, high int) {
	sent, squares := map[float64]float64{}, map[float64]float64{}
	for d, items := range r.Draws {
		sent[d.Rate] += float64(items)
		squares[d.Rate] += float64(items) * float64(items)
	}
	var mean, below, above float64
	for rate, n := range sent {
		draws := math.Round(n * n / squares[rate])
		a, b := binomialInterval(int(draws), rate)
		mean += n * rate
		below = math.Hypot(below, n*rate-float64(a)/draws*n)
		above = math.Hypot(above, float64(b)/draws*n-n*rate)
	}
	const rounding = 1e-6 // error of the sums, whose order varies
	return max(0, int(math.Floor(mean-below+rounding))), min(r.Sent, int(math.Ceil(mean+above-rounding)))
}

// binomialInterval is the interval between the exact quantiles of a binomial distribution that leave half of
// 1 - confidence on each side.
func binomialInterval(n int, p float64) (low, high int) {
	switch {
	case p <= 0 || n == 0:
		return 0, 0
	case p >= 1:
		return n, n
	}
	const tail = (1 - confidence) / 2
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

// binomialProbability uses logarithms, because the coefficients for large n overflow a float64.
func binomialProbability(n, k int, p float64) float64 {
	return math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) +
		float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}
