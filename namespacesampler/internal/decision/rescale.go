// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Rescaler multiplies what one kept delta point counts by the inverse of the probability that it was kept with, so that
// totals over kept points estimate those over all points (M7). Integers are rounded up or down at random so that their mean
// is exact; what leaves its range is set to the range's end. It does not allocate.
type Rescaler struct {
	factor float64
	// whole and fraction are the factor again, the fraction in units of 2^-64: integers beyond 2^53 are multiplied without
	// going through floating point.
	whole, fraction uint64

	total     uint64
	saturated bool
}

// NewRescaler returns the rescaler of a point that was kept at a rate above 0. The factor is the inverse of what the threshold
// really lets through.
func NewRescaler(r *rate.Rate) Rescaler {
	factor := 1 / r.Threshold.Probability()
	whole := math.Floor(factor)
	return Rescaler{factor: factor, whole: uint64(whole), fraction: uint64(math.Ldexp(factor-whole, 64))}
}

// Double rescales a number with a fraction: a sum. NaN and infinities stay what they are.
func (r *Rescaler) Double(v float64) float64 {
	scaled := v * r.factor
	if math.IsInf(scaled, 0) && !math.IsInf(v, 0) {
		r.saturated = true
		return math.Copysign(math.MaxFloat64, v)
	}
	return scaled
}

// Int rescales a whole number, which may be negative.
func (r *Rescaler) Int(v int64) int64 {
	if v >= 0 {
		return int64(r.upTo(math.MaxInt64, uint64(v))) //nolint:gosec // not above MaxInt64
	}
	magnitude := r.upTo(1<<63, -uint64(v)) //nolint:gosec // two's complement
	return int64(-magnitude)               //nolint:gosec // two's complement again: from -1 to MinInt64
}

// Count rescales a part of a histogram's count and adds it to the total, which the parts never lead beyond its range.
func (r *Rescaler) Count(v uint64) uint64 {
	v = r.upTo(math.MaxUint64-r.total, v)
	r.total += v
	return v
}

// Counts rescales buckets in place, each a part of the count.
func (r *Rescaler) Counts(buckets pcommon.UInt64Slice) {
	for i := range buckets.Len() {
		if v := buckets.At(i); v != 0 {
			buckets.SetAt(i, r.Count(v))
		}
	}
}

// Total is the sum of the parts so far.
func (r *Rescaler) Total() uint64 { return r.total }

// Saturated reports whether a number was set to its range's end.
func (r *Rescaler) Saturated() bool { return r.saturated }

// upTo returns v, rescaled and rounded, or the limit where that is less.
func (r *Rescaler) upTo(limit, v uint64) uint64 {
	scaled, ok := r.times(v, rand.Uint64()) //nolint:gosec // sampling is no secret
	if !ok || scaled > limit {
		r.saturated = true
		return limit
	}
	return scaled
}

// times returns v times the factor: rounded up where the draw, uniform over 64 bits, is below the fraction of the product.
// It reports false where the product does not fit.
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
