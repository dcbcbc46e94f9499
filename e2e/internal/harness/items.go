// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Span is a span with its scope and resource.
type Span struct {
	ptrace.Span
	Scope    pcommon.InstrumentationScope
	Resource pcommon.Resource
}

// SpansOf returns all spans, in order.
func SpansOf(td ptrace.Traces) []Span {
	var spans []Span
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				spans = append(spans, Span{Span: span, Scope: ss.Scope(), Resource: rs.Resource()})
			}
		}
	}
	return spans
}

// Record is a log record with its scope and resource.
type Record struct {
	plog.LogRecord
	Scope    pcommon.InstrumentationScope
	Resource pcommon.Resource
}

// RecordsOf returns all log records, in order.
func RecordsOf(ld plog.Logs) []Record {
	var records []Record
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				records = append(records, Record{LogRecord: record, Scope: sl.Scope(), Resource: rl.Resource()})
			}
		}
	}
	return records
}

// Point is a data point of any type with its metric, scope and resource.
type Point struct {
	Attributes pcommon.Map
	Metric     pmetric.Metric
	Scope      pcommon.InstrumentationScope
	Resource   pcommon.Resource
	// Data is the pmetric data point.
	Data any
}

// PointsOf returns all data points, in order.
func PointsOf(md pmetric.Metrics) []Point {
	var points []Point
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				eachPoint(m, func(attributes pcommon.Map, data any) {
					points = append(points, Point{attributes, m, sm.Scope(), rm.Resource(), data})
				})
			}
		}
	}
	return points
}

func eachPoint(m pmetric.Metric, f func(attributes pcommon.Map, data any)) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, dp := range m.Gauge().DataPoints().All() {
			f(dp.Attributes(), dp)
		}
	case pmetric.MetricTypeSum:
		for _, dp := range m.Sum().DataPoints().All() {
			f(dp.Attributes(), dp)
		}
	case pmetric.MetricTypeHistogram:
		for _, dp := range m.Histogram().DataPoints().All() {
			f(dp.Attributes(), dp)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, dp := range m.ExponentialHistogram().DataPoints().All() {
			f(dp.Attributes(), dp)
		}
	case pmetric.MetricTypeSummary:
		for _, dp := range m.Summary().DataPoints().All() {
			f(dp.Attributes(), dp)
		}
	case pmetric.MetricTypeEmpty:
	}
}
