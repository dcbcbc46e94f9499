// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func exponentialPoint(scale int32, threshold float64, zero uint64, positive, negative side) pmetric.ExponentialHistogramDataPoint {
	dp := pmetric.NewExponentialHistogramDataPoint()
	dp.SetScale(scale)
	dp.SetZeroThreshold(threshold)
	dp.SetZeroCount(zero)
	count := zero
	for s, b := range map[*side]pmetric.ExponentialHistogramDataPointBuckets{&positive: dp.Positive(), &negative: dp.Negative()} {
		b.SetOffset(s.offset)
		b.BucketCounts().FromRaw(s.counts)
		for _, n := range s.counts {
			count += n
		}
	}
	dp.SetCount(count)
	return dp
}

func TestExponentialHistogramsAddUp(t *testing.T) { // R5
	var x exponential
	x.add(exponentialPoint(1, 0, 2, side{-1, []uint64{1, 2, 3}}, side{}))            // buckets -1, 0, 1
	x.add(exponentialPoint(0, 0, 1, side{0, []uint64{10}}, side{3, []uint64{4, 0}})) // bucket 0 holds 0 and 1 of scale 1
	dp := pmetric.NewExponentialHistogramDataPoint()
	x.point(dp)
	assert.EqualValues(t, 0, dp.Scale())
	assert.EqualValues(t, 3, dp.ZeroCount())
	assert.EqualValues(t, 1+2+3+10+4+3, dp.Count())
	assert.EqualValues(t, -1, dp.Positive().Offset())
	assert.Equal(t, []uint64{1, 15}, dp.Positive().BucketCounts().AsRaw())
	assert.EqualValues(t, 3, dp.Negative().Offset())
	assert.Equal(t, []uint64{4}, dp.Negative().BucketCounts().AsRaw())
}

func TestALargerZeroThresholdTakesBuckets(t *testing.T) { // R5
	var x exponential
	x.add(exponentialPoint(0, 0, 1, side{-3, []uint64{5, 6, 7, 8}}, side{-2, []uint64{9}})) // from 1/8, 1/4, 1/2 and 1; from -1/4
	x.add(exponentialPoint(0, 0.3, 1, side{2, []uint64{1}}, side{}))
	dp := pmetric.NewExponentialHistogramDataPoint()
	x.point(dp)
	assert.InDelta(t, 0.5, dp.ZeroThreshold(), 0, "the end of the bucket that 0.3 lies in")
	assert.EqualValues(t, 1+1+5+6+9, dp.ZeroCount())
	assert.EqualValues(t, -1, dp.Positive().Offset())
	assert.Equal(t, []uint64{7, 8, 0, 1}, dp.Positive().BucketCounts().AsRaw())
	assert.Zero(t, dp.Negative().BucketCounts().Len())
}

// FuzzExponential adds up points with any scales, offsets, thresholds and counts. Nothing is lost, each bucket has what belongs to it at the scale of
// the result, and the scale is the highest that there is room for.
func FuzzExponential(f *testing.F) {
	f.Add(uint64(1), 3, 20, int32(0), int32(10), 0.0)
	f.Add(uint64(2), 5, 160, int32(-5), int32(1000), 0.5)
	f.Add(uint64(3), 2, 300, int32(20), int32(math.MaxInt32), 1e300)
	f.Add(uint64(4), 2, 2, int32(-1000), int32(math.MinInt32), 0.0)
	f.Fuzz(func(t *testing.T, seed uint64, points, buckets int, scale, spread int32, threshold float64) {
		points, buckets = 1+abs(points)%6, 1+abs(buckets)%400
		r := rand.New(rand.NewPCG(seed, 0))
		var x exponential
		type bucket struct {
			scale int32
			index int64
			n     uint64
		}
		var in [2][]bucket
		var total, zero uint64
		lowest, largest := int32(math.MaxInt32), 0.0
		for range points {
			own := scale%1000 + r.Int32N(5) - 2
			if !isScale(own) {
				continue
			}
			lowest = min(lowest, own)
			var sides [2]side
			for i := range sides {
				sides[i].offset = int32(max(math.MinInt32, min(int64(spread)+int64(r.IntN(50)), math.MaxInt32-500)))
				for k := range r.IntN(buckets) {
					n := r.Uint64N(3)
					sides[i].counts = append(sides[i].counts, n)
					in[i] = append(in[i], bucket{own, int64(sides[i].offset) + int64(k), n})
					total += n
				}
			}
			z, th := r.Uint64N(3), 0.0
			if threshold > 0 && !math.IsInf(threshold, 0) && r.IntN(2) == 0 {
				th = threshold
			}
			total, zero, largest = total+z, zero+z, max(largest, th)
			x.add(exponentialPoint(own, th, z, sides[0], sides[1]))
		}
		if lowest == math.MaxInt32 {
			return
		}
		require.LessOrEqual(t, x.scale, lowest)
		require.Equal(t, total, x.count)
		require.GreaterOrEqual(t, x.threshold, largest)
		fitsAt := func(s int32) bool {
			for i := range in {
				first, last := int64(math.MaxInt64), int64(math.MinInt64)
				for _, b := range in[i] {
					if b.n > 0 {
						first, last = min(first, b.index>>(b.scale-s)), max(last, b.index>>(b.scale-s))
					}
				}
				if last >= first && last-first >= maxBuckets {
					return false
				}
			}
			return true
		}
		if largest == 0 { // what counts as zero needs no room
			require.True(t, fitsAt(x.scale))
			require.False(t, x.scale < lowest && fitsAt(x.scale+1), "a higher scale would do")
		}
		sum := x.zero
		for i, s := range [...]side{x.positive, x.negative} {
			require.LessOrEqual(t, len(s.counts), maxBuckets)
			want := map[int64]uint64{}
			for _, b := range in[i] {
				want[b.index>>(b.scale-x.scale)] += b.n
			}
			for k, n := range s.counts {
				sum += n
				if index := int64(s.offset) + int64(k); n > 0 {
					require.Equal(t, want[index], n, "bucket %d", index)
					require.GreaterOrEqual(t, lowerBound(int32(index), x.scale), x.threshold)
				}
			}
		}
		require.Equal(t, total, sum, "what is not in a bucket counts as zero")
		if largest == 0 {
			require.Equal(t, zero, x.zero)
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
