// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// maxBuckets is the most buckets that an exponential histogram has on one side (R5).
const maxBuckets = 160

// exponential adds up delta points of exponential histograms: at the lower of two scales, and with the larger of two zero thresholds.
type exponential struct {
	scale              int32
	threshold          float64
	zero, count        uint64
	positive, negative side
	extremes           extremes
	isFed, isSaturated bool
}

// side is the buckets of one sign. The counts begin with that of offset.
type side struct {
	offset int32
	counts []uint64
}

func (x *exponential) add(dp pmetric.ExponentialHistogramDataPoint) {
	positive, negative := sideOf(dp.Positive()), sideOf(dp.Negative())
	scale := dp.Scale()
	if !x.isFed {
		x.scale, x.isFed = scale, true
	}
	// Both scales fall until they are the same, and each side fits.
	lower := min(x.scale, scale)
	for !fits(&x.positive, x.scale, &positive, scale, lower) || !fits(&x.negative, x.scale, &negative, scale, lower) {
		lower--
	}
	x.downscale(lower)
	positive.downscale(scale - lower)
	negative.downscale(scale - lower)
	x.addCount(&x.count, dp.Count())
	x.addCount(&x.zero, dp.ZeroCount())
	x.merge(&x.positive, &positive)
	x.merge(&x.negative, &negative)
	x.widen(max(x.threshold, finite(dp.ZeroThreshold())))
	x.extremes.add(dp)
}

func (x *exponential) addCount(to *uint64, n uint64) {
	sum, saturated := addCounts(*to, n)
	*to, x.isSaturated = sum, x.isSaturated || saturated
}

func (x *exponential) downscale(lower int32) {
	x.positive.downscale(x.scale - lower)
	x.negative.downscale(x.scale - lower)
	x.scale = lower
}

// widen raises the zero threshold. What lies below it, in part or whole, counts as zero; the threshold becomes the end of the highest such bucket.
func (x *exponential) widen(threshold float64) {
	x.threshold = threshold
	if threshold <= 0 {
		return
	}
	for _, s := range [...]*side{&x.positive, &x.negative} {
		for len(s.counts) > 0 && lowerBound(s.offset, x.scale) < x.threshold {
			if n := s.counts[0]; n > 0 {
				x.addCount(&x.zero, n)
				x.threshold = max(x.threshold, lowerBound(s.offset+1, x.scale))
			}
			s.offset, s.counts = s.offset+1, s.counts[1:]
		}
	}
	// The other side may have buckets below the threshold that this one has raised.
	for _, s := range [...]*side{&x.positive, &x.negative} {
		if len(s.counts) > 0 && lowerBound(s.offset, x.scale) < x.threshold {
			x.widen(x.threshold)
			return
		}
	}
}

// isScale reports whether a scale makes sense. The specification's are between -10 and 20.
func isScale(scale int32) bool { return -1000 <= scale && scale <= 1000 }

// lowerBound returns the lower end of a bucket: base^index, where base is 2^(2^-scale).
func lowerBound(index, scale int32) float64 {
	return math.Exp2(math.Ldexp(float64(index), -int(scale)))
}

func sideOf(b pmetric.ExponentialHistogramDataPointBuckets) side {
	s := side{offset: b.Offset(), counts: b.BucketCounts().AsRaw()}
	return s.trimmed()
}

// trimmed returns a side without empty buckets at its ends.
func (s side) trimmed() side {
	for len(s.counts) > 0 && s.counts[len(s.counts)-1] == 0 {
		s.counts = s.counts[:len(s.counts)-1]
	}
	for len(s.counts) > 0 && s.counts[0] == 0 {
		s.offset, s.counts = s.offset+1, s.counts[1:]
	}
	return s
}

// fits reports whether the buckets of two sides at their scales are few enough together at a lower scale.
func fits(a *side, aScale int32, b *side, bScale, scale int32) bool {
	first, last, isAny := int64(math.MaxInt64), int64(math.MinInt64), false
	for _, s := range [...]struct {
		*side
		by int32
	}{{a, aScale - scale}, {b, bScale - scale}} {
		if n := len(s.counts); n > 0 {
			isAny = true
			first, last = min(first, int64(s.offset)>>s.by), max(last, (int64(s.offset)+int64(n)-1)>>s.by)
		}
	}
	return !isAny || last-first < maxBuckets
}

// downscale merges each 2^by buckets to one.
func (s *side) downscale(by int32) {
	if by <= 0 || len(s.counts) == 0 {
		return
	}
	first := int64(s.offset) >> by
	last := (int64(s.offset) + int64(len(s.counts)) - 1) >> by
	counts := make([]uint64, last-first+1)
	for i, n := range s.counts {
		at := (int64(s.offset)+int64(i))>>by - first
		counts[at], _ = addCounts(counts[at], n)
	}
	s.offset, s.counts = int32(first), counts //nolint:gosec // closer to 0 than the offset was
}

func (x *exponential) merge(to, from *side) {
	if len(from.counts) == 0 {
		return
	}
	if len(to.counts) == 0 {
		to.offset, to.counts = from.offset, append([]uint64{}, from.counts...)
		return
	}
	first := min(int64(to.offset), int64(from.offset))
	last := max(int64(to.offset)+int64(len(to.counts)), int64(from.offset)+int64(len(from.counts)))
	counts := make([]uint64, last-first)
	copy(counts[int64(to.offset)-first:], to.counts)
	for i, n := range from.counts {
		x.addCount(&counts[int64(from.offset)-first+int64(i)], n)
	}
	to.offset, to.counts = int32(first), counts //nolint:gosec // one of the offsets
}

// point makes a point.
func (x *exponential) point(dp pmetric.ExponentialHistogramDataPoint) {
	dp.SetScale(x.scale)
	dp.SetZeroThreshold(x.threshold)
	dp.SetZeroCount(x.zero)
	dp.SetCount(x.count)
	x.positive.set(dp.Positive())
	x.negative.set(dp.Negative())
	x.extremes.set(dp)
}

func (s *side) set(to pmetric.ExponentialHistogramDataPointBuckets) {
	to.SetOffset(s.offset)
	to.BucketCounts().FromRaw(s.counts)
}
