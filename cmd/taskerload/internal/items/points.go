// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// point is a data point with everything above it.
type point struct {
	resource   pcommon.Resource
	scope      pcommon.InstrumentationScope
	metric     pmetric.Metric
	attributes pcommon.Map
	reading    reading
}

// reading is everything of a data point but its attributes; two are the same exactly when == says so.
type reading struct {
	from, at    pcommon.Timestamp
	flags       pmetric.DataPointFlags
	number      string // value with its type, or all numbers of a histogram
	exemplars   int
	description string
}

// pointsOf visits every point. A metric of a type that the load does not send is a point that nobody knows.
func pointsOf(request pmetric.Metrics) iter.Seq[*point] {
	return func(yield func(*point) bool) {
		for _, resource := range request.ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					p := point{resource: resource.Resource(), scope: scope.Scope(), metric: metric}
					for p.attributes, p.reading = range readings(metric) {
						if !yield(&p) {
							return
						}
					}
				}
			}
		}
	}
}

func readings(metric pmetric.Metric) iter.Seq2[pcommon.Map, reading] {
	return func(yield func(pcommon.Map, reading) bool) {
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
			yield(pcommon.NewMap(), reading{})
			return
		}
		for _, p := range numbers.All() {
			if !yield(p.Attributes(), readNumber(p, metric.Description())) {
				return
			}
		}
	}
}

func readNumber(p pmetric.NumberDataPoint, description string) reading {
	number := ""
	switch p.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		number = fmt.Sprintf("int %d", p.IntValue())
	case pmetric.NumberDataPointValueTypeDouble:
		number = fmt.Sprintf("double %x", p.DoubleValue())
	}
	return reading{p.StartTimestamp(), p.Timestamp(), p.Flags(), number, p.Exemplars().Len(), description}
}

func readHistogram(p pmetric.HistogramDataPoint, description string) reading {
	number := fmt.Sprintf("count %d sum %t %x min %t %x max %t %x buckets %v bounds %x", p.Count(),
		p.HasSum(), p.Sum(), p.HasMin(), p.Min(), p.HasMax(), p.Max(),
		p.BucketCounts().AsRaw(), p.ExplicitBounds().AsRaw())
	return reading{p.StartTimestamp(), p.Timestamp(), p.Flags(), number, p.Exemplars().Len(), description}
}

// key is the same for all points of a series in whatever order its attributes come, and for no other series. It is
// compared as text, so that no hash can hide a mistake.
func (p *point) key(withoutNamespace bool) string {
	var b strings.Builder
	kind, temporality, monotonic := classify(p.metric)
	fmt.Fprintf(&b, "%s %d %d %d %q ", p.metric.Name(), kind, temporality, monotonic, p.metric.Unit())
	writeAttributes(&b, p.attributes, withoutNamespace)
	fmt.Fprintf(&b, " scope %s %s ", p.scope.Name(), p.scope.Version())
	writeAttributes(&b, p.scope.Attributes(), false)
	b.WriteString(" resource ")
	writeAttributes(&b, p.resource.Attributes(), false)
	return b.String()
}

func writeAttributes(b *strings.Builder, m pcommon.Map, withoutNamespace bool) {
	keys := make([]string, 0, m.Len())
	for key := range m.All() {
		if !withoutNamespace || key != namespaceAttribute {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	b.WriteByte('{')
	for _, key := range keys {
		v, _ := m.Get(key)
		fmt.Fprintf(b, "%s=%s:%q;", key, v.Type(), v.AsString())
	}
	b.WriteByte('}')
}

func (p *point) String() string {
	return fmt.Sprintf("%s %v at %d", p.metric.Name(), p.attributes.AsRaw(), p.reading.at)
}
