// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

// pointShape describes a batch of data points, in metrics of perMetric points each.
type pointShape struct {
	items      int
	attributes int // of a point, including its namespace, the last
	namespaces int
	kind       pmetric.MetricType
	// perWorkflow is the number of points with the same correlation_id, which is one of the attributes; 0: there is none.
	perWorkflow int
	perMetric   int // points of a metric
	shared      int // number of attributes that are the same for all points, the first ones
}

// standardPoints is the batch that the budgets are for.
var standardPoints = pointShape{items: 1000, attributes: 8, namespaces: 12, kind: pmetric.MetricTypeSum, perMetric: 10}

// with returns the shape with a change.
func (s pointShape) with(change func(*pointShape)) pointShape {
	change(&s)
	return s
}

// batch returns a new batch. Equal shapes have equal batches.
func (s pointShape) batch() pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "service")
	metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
	for m := range s.items / s.perMetric {
		metric := metrics.AppendEmpty()
		metric.SetName(fmt.Sprintf("metric.%d", m))
		points := newPoints(metric, s.kind)
		for p := range s.perMetric {
			attributes := points()
			attributes.EnsureCapacity(s.attributes)
			item := m*s.perMetric + p
			for i := range s.attributes - 1 {
				if s.perWorkflow > 0 && i == s.attributes/2 {
					attributes.PutStr("correlation_id", workflowUUID(item/s.perWorkflow))
					continue
				}
				value := item
				if i < s.shared {
					value = 0
				}
				attributes.PutStr(fmt.Sprintf("attribute.%d", i), fmt.Sprintf("value %d", value))
			}
			attributes.PutStr("namespace", fmt.Sprintf("namespace-%d", item%s.namespaces))
		}
	}
	return md
}

// newPoints sets the type of a metric and returns a function that appends a point and returns the attributes of the point.
func newPoints(metric pmetric.Metric, kind pmetric.MetricType) func() pcommon.Map {
	switch kind {
	case pmetric.MetricTypeGauge:
		points := metric.SetEmptyGauge().DataPoints()
		return func() pcommon.Map { return numberPoint(points.AppendEmpty()) }
	case pmetric.MetricTypeHistogram:
		histogram := metric.SetEmptyHistogram()
		histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		return func() pcommon.Map {
			point := histogram.DataPoints().AppendEmpty()
			point.ExplicitBounds().FromRaw([]float64{1, 2, 5, 10})
			point.BucketCounts().FromRaw([]uint64{1, 2, 3, 4, 5})
			point.SetCount(15)
			return point.Attributes()
		}
	case pmetric.MetricTypeExponentialHistogram:
		histogram := metric.SetEmptyExponentialHistogram()
		histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		return func() pcommon.Map {
			point := histogram.DataPoints().AppendEmpty()
			point.Positive().BucketCounts().FromRaw([]uint64{1, 2, 3, 4, 5})
			point.SetCount(15)
			return point.Attributes()
		}
	case pmetric.MetricTypeSummary:
		points := metric.SetEmptySummary().DataPoints()
		return func() pcommon.Map { return points.AppendEmpty().Attributes() }
	default:
		sum := metric.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		return func() pcommon.Map { return numberPoint(sum.DataPoints().AppendEmpty()) }
	}
}

func numberPoint(point pmetric.NumberDataPoint) pcommon.Map {
	point.SetIntValue(1)
	return point.Attributes()
}

// attributesOfPoints returns the attributes of all points in order.
func attributesOfPoints(md pmetric.Metrics) (all []pcommon.Map) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, metric := range sm.Metrics().All() {
				all = append(all, attributesOf(metric)...)
			}
		}
	}
	return all
}

func attributesOf(metric pmetric.Metric) []pcommon.Map {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return each(metric.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return each(metric.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		return each(metric.Histogram().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		return each(metric.ExponentialHistogram().DataPoints())
	default:
		return each(metric.Summary().DataPoints())
	}
}

func each[P interface{ Attributes() pcommon.Map }](points interface {
	Len() int
	At(i int) P
},
) []pcommon.Map {
	all := make([]pcommon.Map, points.Len())
	for i := range all {
		all[i] = points.At(i).Attributes()
	}
	return all
}

// oursOnPoints returns the processor for data points, by series at rate 0.1. keys are added to the configuration.
func oursOnPoints(keys settings) pointProcessor {
	return pointProcessor{name: "ours", factory: namespacesampler.NewFactory(), keys: ours(keys).keys}
}

// oursByPoint returns the processor with a decision for each point.
func oursByPoint() pointProcessor {
	p := oursOnPoints(settings{"metrics": settings{"by": "point"}})
	p.name = "ours_by_point"
	return p
}

// filterPoints returns the peer that drops the points of a number of namespaces by OTTL conditions.
func filterPoints(namespaces int) pointProcessor {
	conditions := make([]any, namespaces)
	for i := range conditions {
		conditions[i] = fmt.Sprintf(`datapoint.attributes["namespace"] == "namespace-%d"`, i)
	}
	return pointProcessor{
		name: fmt.Sprintf("filter_%d", namespaces), factory: filterprocessor.NewFactory(),
		keys: settings{"metric_conditions": conditions},
	}
}

// hashing returns the reference for data points: it copies the keys and values of each point into a buffer and hashes it with xxhash.
// Unlike the identity of a series, the result ignores types and depends on the order of attributes.
func hashing() loop[pmetric.Metrics] {
	var row []byte
	return loop[pmetric.Metrics]{name: "hash", walk: func(md pmetric.Metrics) {
		var sum uint64
		for _, metric := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			points := metric.Sum().DataPoints()
			for i := range points.Len() {
				row = appendRow(row[:0], points.At(i).Attributes())
				sum += xxhash.Sum64(row)
			}
		}
		hashed = sum
	}}
}

func appendRow(row []byte, attributes pcommon.Map) []byte {
	for key, value := range attributes.All() {
		row = append(append(row, key...), value.Str()...)
	}
	return row
}

// hashingRows is like hashing with buffers that were filled in advance. It reads no points.
func hashingRows(shape pointShape) loop[pmetric.Metrics] {
	var rows [][]byte
	for _, attributes := range attributesOfPoints(shape.batch()) {
		rows = append(rows, appendRow(nil, attributes))
	}
	return loop[pmetric.Metrics]{name: "hash_of_rows", walk: func(pmetric.Metrics) {
		var sum uint64
		for _, row := range rows {
			sum += xxhash.Sum64(row)
		}
		hashed = sum
	}}
}

// hashed keeps the compiler from removing the hashing.
var hashed uint64

// benchmarkPoints reports a contender on a batch of data points.
func benchmarkPoints(b *testing.B, c contender[pmetric.Metrics], shape pointShape) {
	b.Helper()
	benchmark(b, pointSignal, c, shape.batch(), shape.with(func(s *pointShape) { s.items *= 2 }).batch())
}
