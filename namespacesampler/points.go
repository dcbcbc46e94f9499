// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Here is all that differs between the five types of data points; they are decided alike (M10).

// points is a slice of data points of any type.
type points[P interface{ Attributes() pcommon.Map }] interface {
	Len() int
	At(i int) P
}

func each[P interface{ Attributes() pcommon.Map }, S points[P]](ps S, visit func(pcommon.Map)) {
	for i := range ps.Len() {
		visit(ps.At(i).Attributes())
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

// thin removes the points of a metric that are not kept.
func (w *metricsWalk) thin(m pmetric.Metric) {
	switch m.Type() {
	case pmetric.MetricTypeEmpty: // M8
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().RemoveIf(w.removeNumber)
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().RemoveIf(w.removeNumber)
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(w.removeHistogram)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(w.removeExponential)
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().RemoveIf(w.removeSummary)
	}
}

// removePoints makes the functions that thin calls.
func (w *metricsWalk) removePoints() {
	w.removeNumber = func(dp pmetric.NumberDataPoint) bool {
		f := w.settle(dp.Attributes(), dp.Flags())
		if f.rescale != nil {
			w.rescaleNumber(dp, f.rescale)
		}
		w.sampleExemplars(dp.Exemplars(), f)
		return !f.keep
	}
	w.removeHistogram = func(dp pmetric.HistogramDataPoint) bool {
		f := w.settle(dp.Attributes(), dp.Flags())
		if f.rescale != nil {
			w.rescaleHistogram(dp, f.rescale)
		}
		w.sampleExemplars(dp.Exemplars(), f)
		return !f.keep
	}
	w.removeExponential = func(dp pmetric.ExponentialHistogramDataPoint) bool {
		f := w.settle(dp.Attributes(), dp.Flags())
		if f.rescale != nil {
			w.rescaleExponential(dp, f.rescale)
		}
		w.sampleExemplars(dp.Exemplars(), f)
		return !f.keep
	}
	w.removeSummary = func(dp pmetric.SummaryDataPoint) bool { // never rescaled (M1), and without exemplars
		return !w.settle(dp.Attributes(), dp.Flags()).keep
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
