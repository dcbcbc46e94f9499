// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/xxh64"
)

// This file implements series identity from docs/adr/002-series-identity.md alone, with the names used there.

func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return x
}

func join(h, x uint64) uint64 { return mix(h ^ (x + 0x9e3779b97f4a7c15)) }

func text(s string) uint64 { return xxh64.Sum(s) }

// identity computes the identity of series, given the missing values of the namespace attribute.
type identity struct {
	missingValues []string
}

// series returns the identity of a point's series.
func (id identity) series(p *items.Point) uint64 {
	return id.point(id.metric(p.Resource, p.Scope, p.Metric), p.Attributes)
}

func (id identity) value(v pcommon.Value) uint64 {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return join(1, text(v.Str()))
	case pcommon.ValueTypeInt:
		return join(2, uint64(v.Int()))
	case pcommon.ValueTypeDouble:
		return join(3, math.Float64bits(v.Double()))
	case pcommon.ValueTypeBool:
		if v.Bool() {
			return join(4, 1)
		}
		return join(4, 0)
	case pcommon.ValueTypeMap:
		return join(5, id.attributes(v.Map()))
	case pcommon.ValueTypeSlice:
		h := join(6, uint64(v.Slice().Len()))
		for _, element := range v.Slice().All() {
			h = join(h, id.value(element))
		}
		return h
	case pcommon.ValueTypeBytes:
		return join(7, text(string(v.Bytes().AsRaw())))
	default:
		return join(0, 0)
	}
}

func (id identity) attributes(m pcommon.Map) uint64 {
	var sum uint64
	for key, v := range m.All() {
		if key == items.NamespaceAttribute && v.Type() == pcommon.ValueTypeStr && slices.Contains(id.missingValues, v.Str()) {
			continue
		}
		sum += join(text(key), id.value(v))
	}
	return sum
}

// metric covers everything but the attributes of the point.
func (id identity) metric(resource pcommon.Resource, scope pcommon.InstrumentationScope, m pmetric.Metric) uint64 {
	kind, temporality, monotonic := classify(m)
	h := join(0, id.attributes(resource.Attributes()))
	h = join(h, text(scope.Name()))
	h = join(h, text(scope.Version()))
	h = join(h, id.attributes(scope.Attributes()))
	h = join(h, text(m.Name()))
	h = join(h, kind)
	h = join(h, text(m.Unit()))
	h = join(h, temporality)
	return join(h, monotonic)
}

func (id identity) point(metric uint64, attributes pcommon.Map) uint64 {
	return join(metric, id.attributes(attributes))
}

// seriesRandomness is the upper 56 bits of the identity.
func seriesRandomness(identity uint64) uint64 { return identity >> 8 }

// classify returns the numbers that the ADR assigns to type, temporality and monotonicity.
func classify(m pmetric.Metric) (kind, temporality, monotonic uint64) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return 1, 0, 0
	case pmetric.MetricTypeSum:
		if m.Sum().IsMonotonic() {
			monotonic = 1
		}
		return 2, temporalityNumber(m.Sum().AggregationTemporality()), monotonic
	case pmetric.MetricTypeHistogram:
		return 3, temporalityNumber(m.Histogram().AggregationTemporality()), 0
	case pmetric.MetricTypeExponentialHistogram:
		return 4, temporalityNumber(m.ExponentialHistogram().AggregationTemporality()), 0
	case pmetric.MetricTypeSummary:
		return 5, 0, 0
	default:
		return 0, 0, 0
	}
}

func temporalityNumber(t pmetric.AggregationTemporality) uint64 {
	switch t {
	case pmetric.AggregationTemporalityDelta:
		return 1
	case pmetric.AggregationTemporalityCumulative:
		return 2
	default:
		return 0
	}
}
