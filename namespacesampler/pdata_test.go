// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// appendPoint adds a data point to a metric of a type, cumulative where there is a choice, and returns its attributes.
func appendPoint(m pmetric.Metric, typ pmetric.MetricType) pcommon.Map {
	fresh := m.Type() != typ
	switch typ {
	case pmetric.MetricTypeGauge:
		if fresh {
			m.SetEmptyGauge()
		}
		dp := m.Gauge().DataPoints().AppendEmpty()
		dp.SetDoubleValue(1.5)
		return dp.Attributes()
	case pmetric.MetricTypeSum:
		if fresh {
			m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			m.Sum().SetIsMonotonic(true)
		}
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetIntValue(7)
		return dp.Attributes()
	case pmetric.MetricTypeHistogram:
		if fresh {
			m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		dp := m.Histogram().DataPoints().AppendEmpty()
		dp.SetCount(3)
		dp.ExplicitBounds().FromRaw([]float64{1, 2})
		dp.BucketCounts().FromRaw([]uint64{1, 1, 1})
		return dp.Attributes()
	case pmetric.MetricTypeExponentialHistogram:
		if fresh {
			m.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		dp := m.ExponentialHistogram().DataPoints().AppendEmpty()
		dp.SetCount(3)
		dp.Positive().BucketCounts().FromRaw([]uint64{1, 2})
		return dp.Attributes()
	case pmetric.MetricTypeSummary:
		if fresh {
			m.SetEmptySummary()
		}
		dp := m.Summary().DataPoints().AppendEmpty()
		dp.SetCount(3)
		return dp.Attributes()
	case pmetric.MetricTypeEmpty:
	}
	panic("metrics of this type have no points")
}
