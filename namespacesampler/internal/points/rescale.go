// SPDX-License-Identifier: Apache-2.0

package points

import (
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Kept delta points are rescaled to stand for the dropped ones too (M7). Counts and sums are multiplied; minimum, maximum,
// bounds, zero threshold and exemplars describe single measurements and stay as they are.

func (w *walk) rescaleNumber(dp pmetric.NumberDataPoint, r *rate.Rate) {
	x := decision.NewRescaler(r)
	switch dp.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		dp.SetIntValue(x.Int(dp.IntValue()))
	case pmetric.NumberDataPointValueTypeDouble:
		dp.SetDoubleValue(x.Double(dp.DoubleValue()))
	case pmetric.NumberDataPointValueTypeEmpty:
	}
	w.countSaturated(&x)
}

func (w *walk) rescaleHistogram(dp pmetric.HistogramDataPoint, r *rate.Rate) {
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
	w.countSaturated(&x)
}

func (w *walk) rescaleExponential(dp pmetric.ExponentialHistogramDataPoint, r *rate.Rate) {
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
	w.countSaturated(&x)
}

// countSaturated counts a point if one of its numbers was set to the end of its range.
func (w *walk) countSaturated(x *decision.Rescaler) {
	if x.Saturated() {
		w.saturated++
	}
}
