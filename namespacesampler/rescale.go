// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Kept delta points are multiplied so that they stand for those that were dropped (M7): what is counted or added up, and
// nothing that describes single measurements, which are minimum, maximum, bounds, zero threshold and exemplars.

func (w *metricsWalk) rescaleNumber(dp pmetric.NumberDataPoint, r *rate.Rate) {
	x := decision.NewRescaler(r)
	switch dp.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		dp.SetIntValue(x.Int(dp.IntValue()))
	case pmetric.NumberDataPointValueTypeDouble:
		dp.SetDoubleValue(x.Double(dp.DoubleValue()))
	case pmetric.NumberDataPointValueTypeEmpty:
	}
	w.rescaled(&x)
}

func (w *metricsWalk) rescaleHistogram(dp pmetric.HistogramDataPoint, r *rate.Rate) {
	x := decision.NewRescaler(r)
	if buckets := dp.BucketCounts(); buckets.Len() > 0 {
		x.Counts(buckets)
		dp.SetCount(x.Total())
	} else {
		dp.SetCount(x.Count(dp.Count()))
	}
	if dp.HasSum() {
		dp.SetSum(x.Double(dp.Sum()))
	}
	w.rescaled(&x)
}

func (w *metricsWalk) rescaleExponential(dp pmetric.ExponentialHistogramDataPoint, r *rate.Rate) {
	x := decision.NewRescaler(r)
	positive, negative := dp.Positive().BucketCounts(), dp.Negative().BucketCounts()
	if dp.ZeroCount() > 0 || positive.Len() > 0 || negative.Len() > 0 {
		dp.SetZeroCount(x.Count(dp.ZeroCount()))
		x.Counts(positive)
		x.Counts(negative)
		dp.SetCount(x.Total())
	} else {
		dp.SetCount(x.Count(dp.Count()))
	}
	if dp.HasSum() {
		dp.SetSum(x.Double(dp.Sum()))
	}
	w.rescaled(&x)
}

// rescaled counts a point of which a number could not be what it should.
func (w *metricsWalk) rescaled(x *decision.Rescaler) {
	if x.Saturated() {
		w.saturated++
	}
}
