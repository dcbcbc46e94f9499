// SPDX-License-Identifier: Apache-2.0

package items

import (
	"fmt"
	"iter"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Point is a data point with its metric, scope and resource.
type Point struct {
	Resource   pcommon.Resource
	Scope      pcommon.InstrumentationScope
	Metric     pmetric.Metric
	Attributes pcommon.Map
	Reading    Reading
	Numbers    []float64 // the value, or the count, the sum and the buckets of a histogram
	Bounds     []float64 // of the buckets
}

// Reading is everything in a data point except its attributes. Readings are compared with ==.
type Reading struct {
	Start, Time pcommon.Timestamp
	Flags       pmetric.DataPointFlags
	Value       string // a number with its type, or all numbers of a histogram
	Exemplars   int
	Description string // the metric's
}

// Points yields the data points of a request in their order. A metric of a type that the load does not send yields one
// empty point.
func Points(request pmetric.Metrics) iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		for _, resource := range request.ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					p := Point{Resource: resource.Resource(), Scope: scope.Scope(), Metric: metric}
					for attributes, c := range contents(metric) {
						p.Attributes, p.Reading, p.Numbers, p.Bounds = attributes, c.Reading, c.numbers, c.bounds
						if !yield(&p) {
							return
						}
					}
				}
			}
		}
	}
}

// content is a reading with its numbers.
type content struct {
	Reading
	numbers, bounds []float64
}

func contents(metric pmetric.Metric) iter.Seq2[pcommon.Map, content] {
	return func(yield func(pcommon.Map, content) bool) {
		var numbers pmetric.NumberDataPointSlice
		switch metric.Type() {
		case pmetric.MetricTypeSum:
			numbers = metric.Sum().DataPoints()
		case pmetric.MetricTypeGauge:
			numbers = metric.Gauge().DataPoints()
		case pmetric.MetricTypeHistogram:
			for _, p := range metric.Histogram().DataPoints().All() {
				if !yield(p.Attributes(), readHistogram(p, metric.Description())) {
					return
				}
			}
			return
		default:
			yield(pcommon.NewMap(), content{})
			return
		}
		for _, p := range numbers.All() {
			if !yield(p.Attributes(), readNumber(p, metric.Description())) {
				return
			}
		}
	}
}

func readNumber(p pmetric.NumberDataPoint, description string) content {
	value, number := "", p.DoubleValue()
	switch p.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		value, number = fmt.Sprintf("int %d", p.IntValue()), float64(p.IntValue())
	case pmetric.NumberDataPointValueTypeDouble:
		value = fmt.Sprintf("double %x", p.DoubleValue())
	}
	return content{Reading{p.StartTimestamp(), p.Timestamp(), p.Flags(), value, p.Exemplars().Len(), description}, []float64{number}, nil}
}

func readHistogram(p pmetric.HistogramDataPoint, description string) content {
	buckets, bounds := p.BucketCounts().AsRaw(), p.ExplicitBounds().AsRaw()
	value := fmt.Sprintf("count %d sum %t %x min %t %x max %t %x buckets %v bounds %x", p.Count(),
		p.HasSum(), p.Sum(), p.HasMin(), p.Min(), p.HasMax(), p.Max(), buckets, bounds)
	numbers := []float64{float64(p.Count()), p.Sum()}
	for _, n := range buckets {
		numbers = append(numbers, float64(n))
	}
	return content{Reading{p.StartTimestamp(), p.Timestamp(), p.Flags(), value, p.Exemplars().Len(), description}, numbers, bounds}
}

// Series returns text that is the same for all points of a series and for no other point. Attribute order does not
// matter. It is text and not a hash, so that a collision cannot hide a fault.
func (p *Point) Series() string { return p.series(false) }

// SeriesWithoutNamespace is [Point.Series] as it would be without the point's own namespace attribute.
func (p *Point) SeriesWithoutNamespace() string { return p.series(true) }

func (p *Point) series(withoutNamespace bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q ", p.Metric.Name(), kind(p.Metric), p.Metric.Unit())
	if withoutNamespace {
		writeAttributes(&b, p.Attributes, NamespaceAttribute)
	} else {
		writeAttributes(&b, p.Attributes)
	}
	p.writeOrigin(&b)
	return b.String()
}

// writeOrigin writes the scope and the resource, without some of their attributes.
func (p *Point) writeOrigin(b *strings.Builder, without ...string) {
	fmt.Fprintf(b, " scope %s %s ", p.Scope.Name(), p.Scope.Version())
	writeAttributes(b, p.Scope.Attributes(), without...)
	b.WriteString(" resource ")
	writeAttributes(b, p.Resource.Attributes(), without...)
}

// kind is the type of a metric, with its temporality and monotonicity if it has them.
func kind(metric pmetric.Metric) string {
	switch metric.Type() {
	case pmetric.MetricTypeSum:
		return fmt.Sprintf("sum %s %t", metric.Sum().AggregationTemporality(), metric.Sum().IsMonotonic())
	case pmetric.MetricTypeHistogram:
		return fmt.Sprintf("histogram %s", metric.Histogram().AggregationTemporality())
	default:
		return metric.Type().String()
	}
}

func (p *Point) String() string {
	return fmt.Sprintf("%s %v at %d", p.Metric.Name(), p.Attributes.AsRaw(), p.Reading.Time)
}
