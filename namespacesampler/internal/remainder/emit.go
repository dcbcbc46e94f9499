// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Emit ends a batch: it adds what was dropped to the remainders, and appends a point of each that was fed to the batch. A new cumulative remainder
// begins with a zero, without which its first growth would not be seen (R4). It returns the number of points.
func (b *Batch) Emit(md pmetric.Metrics) (points int) {
	if len(b.exports) == 0 && len(b.fed) == 0 && b.lost == 0 {
		return 0
	}
	b.commit()
	out := output{to: md.ResourceMetrics(), resources: map[uint64]pmetric.ResourceMetrics{}, scopes: map[uint64]pmetric.ScopeMetrics{}, metrics: map[uint64]pmetric.Metric{}}
	for _, f := range b.fed {
		if f.isFed {
			points += f.emit(out.metric(f.to))
		}
	}
	return points
}

// output is the end of a batch, to which remainders are appended.
type output struct {
	to        pmetric.ResourceMetricsSlice
	resources map[uint64]pmetric.ResourceMetrics
	scopes    map[uint64]pmetric.ScopeMetrics
	metrics   map[uint64]pmetric.Metric
}

// metric returns the metric that points of a remainder belong to.
func (o *output) metric(s *series) pmetric.Metric {
	if m, ok := o.metrics[s.metricKey]; ok {
		return m
	}
	from := s.resource.ScopeMetrics().At(0)
	sm, ok := o.scopes[s.scopeKey]
	if !ok {
		rm, ok := o.resources[s.resourceKey]
		if !ok {
			rm = o.to.AppendEmpty()
			s.resource.Resource().CopyTo(rm.Resource())
			rm.SetSchemaUrl(s.resource.SchemaUrl())
			o.resources[s.resourceKey] = rm
		}
		sm = rm.ScopeMetrics().AppendEmpty()
		from.Scope().CopyTo(sm.Scope())
		sm.SetSchemaUrl(from.SchemaUrl())
		o.scopes[s.scopeKey] = sm
	}
	m := sm.Metrics().AppendEmpty()
	from.Metrics().At(0).CopyTo(m)
	o.metrics[s.metricKey] = m
	return m
}

// emit appends the points of a remainder, and returns their number.
func (f *feed) emit(m pmetric.Metric) int {
	if f.isNew && !f.isDelta {
		zero := f.value.zero()
		f.point(m, &zero, f.began)
		f.point(m, &f.value, f.time)
		return 2
	}
	f.point(m, &f.value, f.time)
	return 1
}

func (f *feed) point(m pmetric.Metric, v *value, at uint64) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		dp := m.Sum().DataPoints().AppendEmpty()
		f.describe(dp, at)
		v.number(dp)
	case pmetric.MetricTypeHistogram:
		dp := m.Histogram().DataPoints().AppendEmpty()
		f.describe(dp, at)
		v.histogram(dp, f.to.bounds)
	case pmetric.MetricTypeExponentialHistogram:
		dp := m.ExponentialHistogram().DataPoints().AppendEmpty()
		f.describe(dp, at)
		f.exponential.point(dp)
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary: // they have no remainder (R6)
	}
}

// dated is a point of any type.
type dated interface {
	Attributes() pcommon.Map
	SetStartTimestamp(pcommon.Timestamp)
	SetTimestamp(pcommon.Timestamp)
}

func (f *feed) describe(dp dated, at uint64) {
	f.to.point.CopyTo(dp.Attributes())
	dp.SetStartTimestamp(pcommon.Timestamp(f.began))
	dp.SetTimestamp(pcommon.Timestamp(at))
}
