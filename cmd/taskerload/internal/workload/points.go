// SPDX-License-Identifier: Apache-2.0

package main

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

const (
	pointsPerRequest = 1000
	exportInterval   = 15 * time.Second
)

// pointRequests yields exactly n data points: every series once, then every series again a while later, until n are
// out. Values only grow, as cumulative ones do.
func pointRequests(all []series, n int, start time.Time) iter.Seq[pmetric.Metrics] {
	return func(yield func(pmetric.Metrics) bool) {
		for emission := 0; n > 0; emission++ {
			left := all[:min(n, len(all))]
			n -= len(left)
			for len(left) > 0 {
				size := min(pointsPerRequest, len(left))
				if !yield(pointRequest(left[:size], emission, start)) {
					return
				}
				left = left[size:]
			}
		}
	}
}

// pointRequest opens a resource for each change of service, and a metric for each change of instrument.
func pointRequest(part []series, emission int, start time.Time) pmetric.Metrics {
	out := pmetric.NewMetrics()
	var scope pmetric.ScopeMetrics
	var metric pmetric.Metric
	for i := range part {
		s := &part[i]
		newService := i == 0 || part[i-1].service != s.service
		if newService {
			resource := out.ResourceMetrics().AppendEmpty()
			scope = resource.ScopeMetrics().AppendEmpty()
			s.service.describe(resource.Resource(), scope.Scope())
		}
		if newService || part[i-1].instrument != s.instrument {
			metric = scope.Metrics().AppendEmpty()
			s.instrument.describe(metric)
		}
		s.emit(metric, emission, start)
	}
	return out
}

func (m *instrument) describe(metric pmetric.Metric) {
	metric.SetName(m.name)
	metric.SetUnit(m.unit)
	metric.SetDescription(m.description)
	switch m.kind {
	case pmetric.MetricTypeSum:
		metric.SetEmptySum().SetIsMonotonic(true)
		metric.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	case pmetric.MetricTypeHistogram:
		metric.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	default:
		metric.SetEmptyGauge()
	}
}

func (s *series) emit(metric pmetric.Metric, emission int, start time.Time) {
	// Any value will do that differs between series and between emissions: a mixed-up point must show.
	value := int64(text(s.id())%1000+1) * int64(emission+1)
	from := pcommon.NewTimestampFromTime(start)
	at := pcommon.NewTimestampFromTime(start.Add(time.Duration(emission+1) * exportInterval))

	var attributes pcommon.Map
	switch metric.Type() {
	case pmetric.MetricTypeSum:
		p := metric.Sum().DataPoints().AppendEmpty()
		p.SetIntValue(value)
		p.SetStartTimestamp(from)
		p.SetTimestamp(at)
		attributes = p.Attributes()
	case pmetric.MetricTypeHistogram:
		p := metric.Histogram().DataPoints().AppendEmpty()
		fillHistogram(p, uint64(value))
		p.SetStartTimestamp(from)
		p.SetTimestamp(at)
		attributes = p.Attributes()
	default:
		p := metric.Gauge().DataPoints().AppendEmpty()
		p.SetDoubleValue(float64(value) / 8)
		p.SetTimestamp(at)
		attributes = p.Attributes()
	}
	attributes.EnsureCapacity(len(s.attributes) + 1)
	for _, a := range s.attributes {
		attributes.PutStr(a.key, a.value)
	}
}

func fillHistogram(p pmetric.HistogramDataPoint, count uint64) {
	bounds := []float64{5, 25, 100, 500, 2500}
	buckets := make([]uint64, len(bounds)+1)
	left := count
	for i := range bounds {
		buckets[i] = left / 3
		left -= buckets[i]
	}
	buckets[len(bounds)] = left
	p.ExplicitBounds().FromRaw(bounds)
	p.BucketCounts().FromRaw(buckets)
	p.SetCount(count)
	p.SetSum(float64(count) * 17.25)
	p.SetMin(0.5)
	p.SetMax(2600)
}
