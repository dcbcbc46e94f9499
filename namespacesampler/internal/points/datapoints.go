// SPDX-License-Identifier: Apache-2.0

package points

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// This file holds what differs between the five types of data points. They are sampled alike (M10).

// samplePoints samples the points of a metric, and removes those that are dropped.
func (w *walk) samplePoints(m pmetric.Metric) {
	temporality, _ := temporalityOf(m)
	isDelta := temporality == pmetric.AggregationTemporalityDelta
	switch m.Type() {
	case pmetric.MetricTypeEmpty: // M8
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().RemoveIf(func(dp pmetric.NumberDataPoint) bool { return !w.sampleNumber(dp, isDelta) })
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().RemoveIf(func(dp pmetric.NumberDataPoint) bool { return !w.sampleNumber(dp, isDelta) })
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(func(dp pmetric.HistogramDataPoint) bool { return !w.sampleHistogram(dp, isDelta) })
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(func(dp pmetric.ExponentialHistogramDataPoint) bool {
			return !w.sampleExponential(dp, isDelta)
		})
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().RemoveIf(func(dp pmetric.SummaryDataPoint) bool {
			return !w.sample(dp.Attributes(), dp.Flags()).keep // never rescaled (M1), and without exemplars
		})
	}
}

func (w *walk) sampleNumber(dp pmetric.NumberDataPoint, isDelta bool) (keep bool) {
	out := w.sample(dp.Attributes(), dp.Flags())
	if out.counted != nil {
		w.remainder.Number(dp, out.counted)
	}
	if out.rescale != nil && isDelta {
		w.rescaleNumber(dp, out.rescale)
	}
	w.sampleExemplars(dp.Exemplars(), out.exemplarsOf)
	return out.keep
}

func (w *walk) sampleHistogram(dp pmetric.HistogramDataPoint, isDelta bool) (keep bool) {
	out := w.sample(dp.Attributes(), dp.Flags())
	if out.counted != nil {
		w.remainder.Histogram(dp, out.counted)
	}
	if out.rescale != nil && isDelta {
		w.rescaleHistogram(dp, out.rescale)
	}
	w.sampleExemplars(dp.Exemplars(), out.exemplarsOf)
	return out.keep
}

func (w *walk) sampleExponential(dp pmetric.ExponentialHistogramDataPoint, isDelta bool) (keep bool) {
	out := w.sample(dp.Attributes(), dp.Flags())
	if out.counted != nil {
		w.remainder.Exponential(dp, out.counted)
	}
	if out.rescale != nil && isDelta {
		w.rescaleExponential(dp, out.rescale)
	}
	w.sampleExemplars(dp.Exemplars(), out.exemplarsOf)
	return out.keep
}

// pointSlice is a slice of data points of any type.
type pointSlice[P interface{ Attributes() pcommon.Map }] interface {
	Len() int
	At(i int) P
}

func each[P interface{ Attributes() pcommon.Map }, S pointSlice[P]](points S, visit func(pcommon.Map)) {
	for i := range points.Len() {
		visit(points.At(i).Attributes())
	}
}

// eachAttributes visits the attributes of all points of a metric.
func eachAttributes(m pmetric.Metric, visit func(pcommon.Map)) {
	switch m.Type() {
	case pmetric.MetricTypeEmpty:
	case pmetric.MetricTypeGauge:
		each(m.Gauge().DataPoints(), visit)
	case pmetric.MetricTypeSum:
		each(m.Sum().DataPoints(), visit)
	case pmetric.MetricTypeHistogram:
		each(m.Histogram().DataPoints(), visit)
	case pmetric.MetricTypeExponentialHistogram:
		each(m.ExponentialHistogram().DataPoints(), visit)
	case pmetric.MetricTypeSummary:
		each(m.Summary().DataPoints(), visit)
	}
}

// temporalityOf returns the temporality of a metric, and false for types that have none.
func temporalityOf(m pmetric.Metric) (pmetric.AggregationTemporality, bool) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality(), true
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality(), true
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().AggregationTemporality(), true
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
	}
	return pmetric.AggregationTemporalityUnspecified, false
}

// pointCount returns the number of data points of a metric.
func pointCount(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	case pmetric.MetricTypeEmpty:
	}
	return 0
}
