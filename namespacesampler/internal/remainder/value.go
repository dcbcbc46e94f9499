// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// value is what points add up to, of a sum or of a histogram with explicit bounds.
type value struct {
	isDouble    bool
	int         int64
	double      float64
	count       uint64
	counts      []uint64 // of the buckets
	extremes    extremes
	isSaturated bool // a number has come to the end of its range (R5)
}

// snapshot returns a copy.
func (v *value) snapshot() value {
	w := *v
	w.counts = append([]uint64{}, v.counts...)
	return w
}

// zero returns a value that nothing was added to, with the same parts.
func (v *value) zero() value {
	return value{isDouble: v.isDouble, counts: make([]uint64, len(v.counts)), extremes: extremes{lacksSum: v.extremes.lacksSum}}
}

func (v *value) addInt(n int64) {
	sum, saturated := addInts(v.int, n)
	v.int, v.isSaturated = sum, v.isSaturated || saturated
}

func (v *value) addCount(n uint64) {
	sum, saturated := addCounts(v.count, n)
	v.count, v.isSaturated = sum, v.isSaturated || saturated
}

func (v *value) addBucket(i int, n uint64) {
	sum, saturated := addCounts(v.counts[i], n)
	v.counts[i], v.isSaturated = sum, v.isSaturated || saturated
}

// addNumber adds a delta point.
func (v *value) addNumber(dp pmetric.NumberDataPoint) {
	if v.isDouble {
		v.double += dp.DoubleValue()
	} else {
		v.addInt(dp.IntValue())
	}
}

// addHistogram adds a delta point with the same bounds.
func (v *value) addHistogram(dp pmetric.HistogramDataPoint) {
	v.addCount(dp.Count())
	for i := range v.counts {
		v.addBucket(i, dp.BucketCounts().At(i))
	}
	v.extremes.add(dp)
}

// number makes a point.
func (v *value) number(dp pmetric.NumberDataPoint) {
	if v.isDouble {
		dp.SetDoubleValue(v.double)
	} else {
		dp.SetIntValue(v.int)
	}
}

// histogram makes a point.
func (v *value) histogram(dp pmetric.HistogramDataPoint, bounds []float64) {
	dp.ExplicitBounds().FromRaw(bounds)
	dp.BucketCounts().FromRaw(v.counts)
	dp.SetCount(v.count)
	v.extremes.set(dp)
}

// extremes are the sum, the minimum and the maximum of points, each of which is absent if that of a point with measurements is (R5).
type extremes struct {
	sum, min, max                float64
	lacksSum, lacksMin, lacksMax bool
	isKnown                      bool // minimum and maximum are those of some point
}

// described is a point of a histogram.
type described interface {
	Count() uint64
	HasSum() bool
	Sum() float64
	SetSum(float64)
	HasMin() bool
	Min() float64
	SetMin(float64)
	HasMax() bool
	Max() float64
	SetMax(float64)
}

func (e *extremes) add(dp described) {
	e.lacksSum = e.lacksSum || !dp.HasSum()
	e.sum += finite(dp.Sum())
	if dp.Count() == 0 {
		return
	}
	e.lacksMin, e.lacksMax = e.lacksMin || !dp.HasMin(), e.lacksMax || !dp.HasMax()
	if !e.isKnown {
		e.min, e.max, e.isKnown = dp.Min(), dp.Max(), true
		return
	}
	e.min, e.max = min(e.min, dp.Min()), max(e.max, dp.Max())
}

func (e *extremes) set(dp described) {
	if !e.lacksSum {
		dp.SetSum(e.sum)
	}
	if e.isKnown && !e.lacksMin {
		dp.SetMin(e.min)
	}
	if e.isKnown && !e.lacksMax {
		dp.SetMax(e.max)
	}
}
