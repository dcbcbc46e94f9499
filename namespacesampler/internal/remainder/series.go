// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// IDAttribute marks the points of remainders, and tells those of two collectors and of two starts apart (R1, R8).
const IDAttribute = "otelcol.remainder.id"

// series is a remainder: what dropped series add up to that differ in nothing but the attributes that it does not carry.
type series struct {
	resourceKey, scopeKey, metricKey uint64

	// What points are made from. It does not change.
	resource pmetric.ResourceMetrics // with one scope and one metric, without points
	point    pcommon.Map
	bounds   []float64 // of the buckets of a histogram
	isFolded bool
	base     uint64 // the identity without the kind of numbers and the bounds

	// The latest point, in nanoseconds since 1970. Both are 0 before the first.
	start, time uint64
	fed         time.Time
	total       value // of a cumulative one
}

// minStep is the least time between two points of a remainder (R4).
const minStep = uint64(time.Millisecond)

// begin sets the start of a new remainder, which is before its first point.
func (s *series) begin(start, latest uint64) {
	if latest < minStep {
		s.start = 0
	} else {
		s.start = min(start, latest-minStep)
	}
	s.time = s.start
}

// advance sets the time of the next point, and returns that of the one before.
func (s *series) advance(latest uint64) (before uint64) {
	before = s.time
	s.time = max(latest, before+minStep)
	return before
}

// copyWithout copies attributes without some.
func copyWithout(without []string, from, to pcommon.Map) {
	from.CopyTo(to)
	for _, key := range without {
		to.Remove(key)
	}
}

// describe copies what a metric is, without its points.
func describe(from, to pmetric.Metric) {
	to.SetName(from.Name())
	to.SetDescription(from.Description())
	to.SetUnit(from.Unit())
	from.Metadata().CopyTo(to.Metadata())
	switch from.Type() {
	case pmetric.MetricTypeSum:
		sum := to.SetEmptySum()
		sum.SetIsMonotonic(from.Sum().IsMonotonic())
		sum.SetAggregationTemporality(from.Sum().AggregationTemporality())
	case pmetric.MetricTypeHistogram:
		to.SetEmptyHistogram().SetAggregationTemporality(from.Histogram().AggregationTemporality())
	case pmetric.MetricTypeExponentialHistogram:
		to.SetEmptyExponentialHistogram().SetAggregationTemporality(from.ExponentialHistogram().AggregationTemporality())
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary: // they have no remainder (R6)
	}
}
