// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// The identity of a series is hashed from the outside in (M3): what a resource, a scope and a metric add is hashed once
// for all their points, and only where a walk decides by it.

func (w *metricsWalk) enterResource(resource pcommon.Resource) {
	w.resource = resource
	if w.hashes {
		w.series.resource = w.hasher.Resource(resource.Attributes())
	}
}

func (w *metricsWalk) enterScope(scope pcommon.InstrumentationScope) {
	w.scope = scope
	if w.hashes {
		w.series.scope = w.hasher.Scope(w.series.resource, scope.Name(), scope.Version(), scope.Attributes())
	}
}

func (w *metricsWalk) enterMetric(m pmetric.Metric) {
	temporality, _ := temporalityOf(m)
	w.rescales = w.p.rt.cfg.Metrics.RescaleDelta && temporality == pmetric.AggregationTemporalityDelta
	if !w.hashes {
		return
	}
	w.series.metric = w.hasher.Metric(w.series.scope, decision.Metric{
		Name:        m.Name(),
		Unit:        m.Unit(),
		Type:        int(m.Type()),
		Temporality: int(temporality),
		Monotonic:   m.Type() == pmetric.MetricTypeSum && m.Sum().IsMonotonic(),
	})
}

// planLookups finds out which lookups can change nothing. A failure that keeps or drops changes decisions by itself.
func (w *metricsWalk) planLookups() {
	w.most = w.mostGenerous()
	w.dooms = !w.byPoint && !w.most.IsAlways()
	w.alike = w.table.IsUniform() && w.rt.onFailure() == OnFailureGlobalRate && !w.exemplar
}

// readPoint reads a data point of a detailed metric.
func (w *metricsWalk) readPoint(attributes pcommon.Map) {
	it := w.add()
	w.readName(it, attributes)
	if it.carries || !w.rt.reader.HasLookups() {
		return
	}
	if key := w.readKey(it, attributes); key != nil && w.matters(attributes) {
		it.key = w.keys.Number(key)
	}
}

// matters reports whether the namespace of a point, once it is known, can change a decision, or an attribute of a point that
// is kept.
func (w *metricsWalk) matters(attributes pcommon.Map) bool {
	switch {
	case w.most.IsNever():
		return false
	case w.dooms && !decision.KeepSeries(w.hasher.Point(w.series.metric, attributes), w.most):
		return false
	}
	return !w.alike || w.lacksTarget(attributes)
}

// fate is what becomes of a data point.
type fate struct {
	keep bool
	// rescale is the rate that stands for the points that it was kept among; nil where the point stays what it was.
	rescale *rate.Rate
	// item is whose namespace its exemplars are sampled by; nil where they stay.
	item *item
}

// takePoint returns the next data point.
func (w *metricsWalk) takePoint(attributes pcommon.Map) *item {
	if !w.single {
		return w.take()
	}
	it := w.fresh()
	w.readName(it, attributes)
	return it
}

// settle decides on a data point, and writes the namespace that was resolved for it (M5).
func (w *metricsWalk) settle(attributes pcommon.Map, flags pmetric.DataPointFlags) fate {
	it := w.takePoint(attributes)
	f := w.decide(it, attributes, flags)
	switch {
	case w.rt.cfg.DryRun:
		return fate{keep: true}
	case !f.keep:
		return fate{}
	}
	if it.resolved() && w.lacksTarget(attributes) {
		attributes.PutStr(w.rt.reader.Target(), it.name)
	}
	return f
}

// decide decides on a data point, and counts it.
func (w *metricsWalk) decide(it *item, attributes pcommon.Map, flags pmetric.DataPointFlags) (f fate) {
	s := w.slot(it.name)
	if !it.carries {
		return fate{keep: s.count(rulePassed, true)}
	}
	if w.exemplar {
		f.item = it
	}
	if w.byPoint && flags.NoRecordedValue() {
		f.keep = s.count(rulePassed, true) // M8
		return f
	}
	if decides, keeps := w.onFailure(it.unavailable()); decides {
		f.keep = s.count(ruleUnavailable, keeps)
		return f
	}
	f.keep = s.count(s.rule, w.draw(attributes, &s.match.Rate))
	if w.rescales && !s.match.IsAlways() {
		f.rescale = &s.match.Rate
	}
	return f
}

// draw decides by the series of a data point (M2), or on the point alone (M6).
func (w *metricsWalk) draw(attributes pcommon.Map, r *rate.Rate) bool {
	switch {
	case r.IsAlways():
		return true
	case r.IsNever():
		return false
	case w.byPoint:
		return decision.DrawPoint(r)
	}
	return decision.KeepSeries(w.hasher.Point(w.series.metric, attributes), r)
}

// lacksTarget reports whether the attribute that resolved namespaces go to is absent: writing over a missing-value
// could merge two series (M5).
func (w *metricsWalk) lacksTarget(attributes pcommon.Map) bool {
	target := w.rt.reader.Target()
	for _, m := range [...]pcommon.Map{attributes, w.scope.Attributes(), w.resource.Attributes()} {
		if _, ok := m.Get(target); ok {
			return false
		}
	}
	return true
}
