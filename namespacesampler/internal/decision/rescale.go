// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Rescaler multiplies the numbers of one kept delta point by the inverse of its sampling probability, so that totals over kept
// points estimate totals over all points (M7). Integers are rounded stochastically, so that their mean is exact. A number that
// overflows is set to the end of its range. It does not allocate.
type Rescaler struct {
	factor float64
	// whole and fraction are the parts of the factor, the fraction in units of 2^-64. They multiply integers above 2^53 without
	// floating point.
	whole, fraction uint64

	total     uint64
	saturated bool
}

// NewRescaler returns the rescaler of a point that was kept at a rate above 0. The factor is the inverse of the probability of
// the rate's threshold.
func NewRescaler(r *rate.Rate) Rescaler {
	factor := 1 / r.Threshold.Probability()
	whole := math.Floor(factor)
	return Rescaler{factor: factor, whole: uint64(whole), fraction: uint64(math.Ldexp(factor-whole, 64))}
}

// Double rescales a floating-point number. NaN and infinities are not changed.
func (r *Rescaler) Double(v float64) float64 {
	scaled := v * r.factor
	if math.IsInf(scaled, 0) && !math.IsInf(v, 0) {
		r.saturated = true
		return math.Copysign(math.MaxFloat64, v)
	}
	return scaled
}

// Int rescales an integer, which may be negative.
func (r *Rescaler) Int(v int64) int64 {
	if v >= 0 {
		return int64(r.upTo(math.MaxInt64, uint64(v))) //nolint:gosec // not above MaxInt64
	}
	magnitude := r.upTo(1<<63, -uint64(v)) //nolint:gosec // two's complement
	return int64(-magnitude)               //nolint:gosec // two's complement again: from -1 to MinInt64
}

// Count rescales a part of a histogram's count and adds it to the total. It saturates so that the total does not overflow.
func (r *Rescaler) Count(v uint64) uint64 {
	v = r.upTo(math.MaxUint64-r.total, v)
	r.total += v
	return v
}

// Counts rescales bucket counts in place.
func (r *Rescaler) Counts(buckets pcommon.UInt64Slice) {
	for i := range buckets.Len() {
		if v := buckets.At(i); v != 0 {
			buckets.SetAt(i, r.Count(v))
		}
	}
}

// Total returns the sum of the parts so far.
func (r *Rescaler) Total() uint64 { return r.total }

// Saturated reports whether a number was set to the end of its range.
func (r *Rescaler) Saturated() bool { return r.saturated }

// upTo returns v rescaled and rounded, but at most the limit.
func (r *Rescaler) upTo(limit, v uint64) uint64 {
	scaled, ok := r.times(v, rand.Uint64()) //nolint:gosec // sampling is no secret
	if !ok || scaled > limit {
		r.saturated = true
		return limit
	}
	return scaled
}

// times returns v times the factor, rounded up if the draw, uniform over 64 bits, is below the fraction of the product. It
// returns false if the product overflows.
func (r *Rescaler) times(v, draw uint64) (product uint64, fits bool) {
	overflow, product := bits.Mul64(v, r.whole)
	part, fraction := bits.Mul64(v, r.fraction)
	product, carry := bits.Add64(product, part, 0)
	if draw >= fraction {
		return product, overflow|carry == 0
	}
	product, carryUp := bits.Add64(product, 1, 0)
	return product, overflow|carry|carryUp == 0
}
