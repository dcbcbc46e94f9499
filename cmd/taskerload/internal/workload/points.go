// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/xxh64"
)

const (
	pointsPerRequest = 1000
	exportInterval   = 15 * time.Second
)

// PointRequests yields requests with the data points of the load. Every series is reported once, then every series again
// one interval later, until all data points are sent: those of workflows [emissionsPerSeries] times. Cumulative values only grow.
func PointRequests(tasks []Task, sizes Sizes, start time.Time) iter.Seq[pmetric.Metrics] {
	return func(yield func(pmetric.Metrics) bool) {
		all, missing := sizes.newSeries(tasks)
		for emission := 0; missing > 0; emission++ {
			left := all[:min(missing, len(all))]
			missing -= len(left)
			for len(left) > 0 {
				size := min(pointsPerRequest, len(left))
				if !yield(pointRequest(left[:size], func(s *series) reading { return s.read(emission, start) })) {
					return
				}
				left = left[size:]
			}
		}
	}
}

// newSeries returns the series of the load, and the number of data points.
func (s Sizes) newSeries(tasks []Task) (all []series, points int) {
	if s.Workflows > 0 {
		all = workflowSeries(tasks, s.Seed)
		return all, emissionsPerSeries * len(all)
	}
	return newSeries(tasks, s.Seed, s.Series), s.DataPoints
}

// reading is what a series reports at a time. The start is that of a cumulative one.
type reading struct {
	value     int64
	start, at time.Time
}

// read returns what a series reports at an emission. The value differs between series and emissions, so that swapped points are noticed.
func (s *series) read(emission int, start time.Time) reading {
	return reading{s.unit() * int64(emission+1), start, start.Add(time.Duration(emission+1) * exportInterval)}
}

// unit is a number from 1 to 1000 that depends on the series.
func (s *series) unit() int64 { return int64(xxh64.Sum(s.id())%1000 + 1) }

// pointRequest starts a new resource at each change of service and a new metric at each change of instrument.
func pointRequest(part []series, read func(*series) reading) pmetric.Metrics {
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
		s.emit(metric, read(s))
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

func (s *series) emit(metric pmetric.Metric, r reading) {
	value, from, at := r.value, pcommon.NewTimestampFromTime(r.start), pcommon.NewTimestampFromTime(r.at)

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
