// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// PointTypes are the types of metrics that have data points. Summaries, the last, have no exemplars.
var PointTypes = []pmetric.MetricType{
	pmetric.MetricTypeGauge, pmetric.MetricTypeSum, pmetric.MetricTypeHistogram,
	pmetric.MetricTypeExponentialHistogram, pmetric.MetricTypeSummary,
}

// AppendPoint appends a data point to a metric and returns its attributes. A metric of another type is set to an empty one of the
// type first, which is cumulative and monotonic if its type can be.
func AppendPoint(m pmetric.Metric, typ pmetric.MetricType) pcommon.Map {
	if m.Type() != typ {
		setEmpty(m, typ)
	}
	switch typ {
	case pmetric.MetricTypeGauge:
		dp := m.Gauge().DataPoints().AppendEmpty()
		dp.SetDoubleValue(1.5)
		return dp.Attributes()
	case pmetric.MetricTypeSum:
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetIntValue(7)
		return dp.Attributes()
	case pmetric.MetricTypeHistogram:
		dp := m.Histogram().DataPoints().AppendEmpty()
		dp.SetCount(3)
		dp.ExplicitBounds().FromRaw([]float64{1, 2})
		dp.BucketCounts().FromRaw([]uint64{1, 1, 1})
		return dp.Attributes()
	case pmetric.MetricTypeExponentialHistogram:
		dp := m.ExponentialHistogram().DataPoints().AppendEmpty()
		dp.SetCount(3)
		dp.Positive().BucketCounts().FromRaw([]uint64{1, 2})
		return dp.Attributes()
	case pmetric.MetricTypeSummary:
		dp := m.Summary().DataPoints().AppendEmpty()
		dp.SetCount(3)
		return dp.Attributes()
	case pmetric.MetricTypeEmpty:
	}
	panic("metrics of this type have no points")
}

func setEmpty(m pmetric.Metric, typ pmetric.MetricType) {
	switch typ {
	case pmetric.MetricTypeGauge:
		m.SetEmptyGauge()
	case pmetric.MetricTypeSum:
		m.SetEmptySum().SetIsMonotonic(true)
	case pmetric.MetricTypeHistogram:
		m.SetEmptyHistogram()
	case pmetric.MetricTypeExponentialHistogram:
		m.SetEmptyExponentialHistogram()
	case pmetric.MetricTypeSummary:
		m.SetEmptySummary()
	case pmetric.MetricTypeEmpty:
	}
	SetTemporality(m, pmetric.AggregationTemporalityCumulative)
}

// SetTemporality sets the temporality of a metric if its type has one.
func SetTemporality(m pmetric.Metric, temporality pmetric.AggregationTemporality) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		m.Sum().SetAggregationTemporality(temporality)
	case pmetric.MetricTypeHistogram:
		m.Histogram().SetAggregationTemporality(temporality)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().SetAggregationTemporality(temporality)
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
	}
}

// SetDelta gives a metric delta temporality if its type has a temporality.
func SetDelta(m pmetric.Metric) { SetTemporality(m, pmetric.AggregationTemporalityDelta) }

// MetricOf returns the first metric of a batch.
func MetricOf(md pmetric.Metrics) pmetric.Metric {
	return md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
}

// ExemplarsOf returns the exemplars of the first point of a metric.
func ExemplarsOf(m pmetric.Metric) pmetric.ExemplarSlice {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeSummary:
	}
	return pmetric.NewExemplarSlice()
}

// PointAttributes returns the attributes of all points of a batch, in order.
func PointAttributes(md pmetric.Metrics) (all []pcommon.Map) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				all = append(all, MetricAttributes(m)...)
			}
		}
	}
	return all
}

// MetricAttributes returns the attributes of the points of a metric, in order.
func MetricAttributes(m pmetric.Metric) []pcommon.Map {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return attributesOf(m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return attributesOf(m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		return attributesOf(m.Histogram().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		return attributesOf(m.ExponentialHistogram().DataPoints())
	case pmetric.MetricTypeSummary:
		return attributesOf(m.Summary().DataPoints())
	case pmetric.MetricTypeEmpty:
	}
	return nil
}

func attributesOf[P interface{ Attributes() pcommon.Map }, S interface {
	Len() int
	At(i int) P
}](points S) (all []pcommon.Map) {
	for i := range points.Len() {
		all = append(all, points.At(i).Attributes())
	}
	return all
}
