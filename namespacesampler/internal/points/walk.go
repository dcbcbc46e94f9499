// SPDX-License-Identifier: Apache-2.0

package points

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/remainder"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// point is what is known of a data point of the batch.
type point struct {
	item batch.Item
	// series is the identity of the point's series as it arrived, before a namespace is written to it (M5). It is computed
	// if needsIdentity says so.
	series decision.Series
	// attributes are the hashes of the point's own attributes, if series was computed.
	attributes   decision.Attributes
	isIdentified bool // series was computed
}

// metric is what is known of a metric of the batch.
type metric struct {
	isDetailed bool
	// identity is that of the series of the metric, without the attributes of points. It is computed if it decides.
	identity decision.Series
}

// walk is the working memory for one batch. Points are read in the order of the batch, and changed in the same order, after all
// lookups (C1).
type walk struct {
	p          *Processor
	tables     *steering.Tables
	namespaces batch.Namespaces
	resolution batch.Resolution
	identity   identity
	lookups    lookups
	points     []point
	metrics    []metric
	saturated  int64
	remainder  *remainder.Batch // nil without one

	// Current position of read or apply.
	nextPoint, nextMetric int
	hasRemainder          bool // the metric has one
	item                  remainder.Item
	remainderPoints       int
	resource              pcommon.Resource
	scope                 pcommon.InstrumentationScope
}

func newWalk(p *Processor, r *remainder.Remainder) *walk {
	w := &walk{
		p:          p,
		namespaces: batch.NewNamespaces(labels.DataPoints, p.common.Labels),
		resolution: batch.NewResolution(p.common),
		identity:   identity{hasher: decision.SeriesHasher{IsMissing: p.common.Reader.IsMissing}},
	}
	if r != nil {
		w.remainder = r.NewBatch()
	}
	return w
}

func (w *walk) begin(tables *steering.Tables) {
	w.tables = tables
	if w.namespaces.Begin(tables.Metrics) {
		w.identity.isNeeded = w.p.cfg.Enabled && !w.p.cfg.ByPoint && (!tables.Metrics.IsFixed() || w.remainder != nil)
		w.lookups = w.p.planLookups(tables.Metrics)
		w.resolution.LookForGroups(w.identity.isNeeded || w.p.cfg.Enabled && w.p.cfg.SampleExemplars)
	}
}

// read reads what decides each point: its namespace and its group, or the key to look them up by, and the identity of its series.
func (w *walk) read(ctx context.Context, md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		w.resource = rm.Resource()
		w.identity.enterResource(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			w.scope = sm.Scope()
			w.identity.enterScope(sm.Scope())
			w.resolution.Enter(sm.Scope().Attributes(), rm.Resource().Attributes())
			for _, m := range sm.Metrics().All() {
				detailed := w.p.isDetailed(ctx, rm, sm, m)
				if detailed {
					w.identity.enterMetric(m)
				}
				w.metrics = append(w.metrics, metric{detailed, w.identity.metric})
				eachAttributes(m, func(attributes pcommon.Map) { w.readPoint(attributes, detailed) })
			}
		}
	}
}

func (w *walk) readPoint(attributes pcommon.Map, isDetailed bool) {
	w.points = append(w.points, point{item: batch.NewItem()})
	p := &w.points[len(w.points)-1]
	w.resolution.ReadNamespace(&p.item, attributes)
	if !isDetailed {
		return
	}
	if _, ok := attributes.Get(remainder.IDAttribute); ok { // it passes, whoever made it (R8)
		p.item.Carries = false
		return
	}
	w.resolution.ReadGroup(&p.item, attributes)
	var key *namespace.Key
	if w.resolution.Lacks(&p.item) && w.p.common.Reader.Lookups() > 0 {
		key = w.resolution.ReadKey(&p.item, attributes)
	}
	if p.isIdentified = w.needsIdentity(p); p.isIdentified {
		w.identity.enterPoint(p, attributes)
	}
	if key != nil && w.needsLookup(p, attributes) {
		w.resolution.Want(&p.item, key)
	}
}

// resolve looks up the namespaces and groups that are missing. One round trip answers all points; those whose key is unknown have their next
// key looked up in another one.
func (w *walk) resolve(ctx context.Context, md pmetric.Metrics) {
	for w.resolution.Resolve(ctx) {
		again := false
		for i := range w.points {
			again = w.resolution.Complete(&w.points[i].item) || again
		}
		if again {
			w.wantNextKeys(md)
		}
	}
}

// wantNextKeys has the next keys of the points whose key is unknown looked up.
func (w *walk) wantNextKeys(md pmetric.Metrics) {
	n := 0
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			w.resolution.Reenter(sm.Scope().Attributes(), rm.Resource().Attributes())
			for _, m := range sm.Metrics().All() {
				eachAttributes(m, func(attributes pcommon.Map) {
					it := &w.points[n].item
					n++
					if key := w.resolution.ReadNextKey(it, attributes); key != nil {
						w.resolution.Want(it, key)
					}
				})
			}
		}
	}
}

// apply samples all points, and removes those that are dropped, with everything that is empty then (M9).
func (w *walk) apply(md pmetric.Metrics) {
	md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		w.resource = rm.Resource()
		scopes := rm.ScopeMetrics().Len()
		rm.ScopeMetrics().RemoveIf(func(sm pmetric.ScopeMetrics) bool {
			w.scope = sm.Scope()
			metrics := sm.Metrics().Len()
			sm.Metrics().RemoveIf(func(m pmetric.Metric) bool { return !w.sampleMetric(rm, sm, m) })
			return metrics > 0 && sm.Metrics().Len() == 0
		})
		return scopes > 0 && rm.ScopeMetrics().Len() == 0
	})
}

// sampleMetric samples the points of a metric, and reports whether the metric is kept.
func (w *walk) sampleMetric(rm pmetric.ResourceMetrics, sm pmetric.ScopeMetrics, m pmetric.Metric) (keep bool) {
	known := &w.metrics[w.nextMetric]
	w.nextMetric++
	before := pointCount(m)
	if !known.isDetailed {
		for range before {
			w.namespaces.Of(w.take().item.Namespace).Counters.Count(labels.Passed, true)
		}
		return true
	}
	w.hasRemainder = w.remainder != nil && w.remainder.Enter(rm, sm, m, known.identity)
	w.samplePoints(m)
	return before == 0 || pointCount(m) > 0
}

func (w *walk) take() *point {
	p := &w.points[w.nextPoint]
	w.nextPoint++
	return p
}

// outcome is what happens to a data point.
type outcome struct {
	keep bool
	// rescale is the rate to rescale a delta point by, or nil.
	rescale *rate.Rate
	// exemplarsOf is the point whose exemplars are sampled, or nil if they are kept.
	exemplarsOf *point
	// counted is the point as the remainder of the metric takes it, or nil if it has none. It is valid until the next point.
	counted *remainder.Item
}

// sample looks up the rate of the next data point, decides, and writes the resolved namespace to it (M5).
func (w *walk) sample(attributes pcommon.Map, flags pmetric.DataPointFlags) outcome {
	p := w.take()
	ns := w.namespaces.OfItem(&p.item)
	rule, keep := w.decide(p, ns, flags)
	ns.Counters.Count(rule, keep)

	var out outcome
	if w.hasRemainder && p.item.Carries {
		out.counted = w.counted(p, ns, keep, attributes)
	}
	switch {
	case w.p.common.DryRun:
		return outcome{keep: true}
	case !keep:
		return out
	}
	if p.item.IsResolved() && w.lacksTarget(attributes) {
		w.p.common.Reader.Write(attributes, p.item.Namespace)
	}
	out.keep = true
	if isByRate(rule) && w.p.cfg.RescaleDelta && !ns.Rate.IsAlways() {
		out.rescale = &ns.Rate.Rate
	}
	if w.p.cfg.SampleExemplars && p.item.Carries {
		out.exemplarsOf = p
	}
	return out
}

// decide decides a data point: points without a namespace or a key pass, then on_failure decides, then the rate.
func (w *walk) decide(p *point, ns *batch.Namespace, flags pmetric.DataPointFlags) (rule labels.Rule, keep bool) {
	if !p.item.Carries || w.p.cfg.ByPoint && flags.NoRecordedValue() { // M8
		return labels.Passed, true
	}
	if decides, keep := w.p.common.OnFailure.Decides(p.item.IsUnavailable()); decides {
		return labels.Unavailable, keep
	}
	return ns.Rule, w.keeps(p, &ns.Rate.Rate)
}

// keeps decides by the series of a data point or its group (M2), or for the point alone (M6).
func (w *walk) keeps(p *point, r *rate.Rate) bool {
	switch {
	case r.IsAlways():
		return true
	case r.IsNever():
		return false
	case w.p.cfg.ByPoint:
		return decision.DrawPoint(r)
	}
	if w.resolution.LacksGroup(&p.item) {
		w.resolution.CountUngrouped()
	}
	return p.keepsSeries(r)
}

// keepsSeries decides by the group of a point (G5), else by its series.
func (p *point) keepsSeries(r *rate.Rate) bool {
	if p.item.Group.IsKnown() {
		return decision.KeepGroup(p.item.Group, r)
	}
	return decision.KeepSeries(p.series, r)
}

func isByRate(r labels.Rule) bool { return r != labels.Passed && r != labels.Unavailable }

// lacksTarget reports whether the attribute that resolved namespaces are written to is absent from point, scope and resource.
// Overwriting a missing value could merge two series (M5).
func (w *walk) lacksTarget(attributes pcommon.Map) bool {
	target := w.p.common.Reader.Target()
	for _, m := range [...]pcommon.Map{attributes, w.scope.Attributes(), w.resource.Attributes()} {
		if _, ok := m.Get(target); ok {
			return false
		}
	}
	return true
}

// isDetailed reports whether rates apply to a metric. A metric of unspecified temporality passes (M8).
func (p *Processor) isDetailed(ctx context.Context, rm pmetric.ResourceMetrics, sm pmetric.ScopeMetrics, m pmetric.Metric) bool {
	if temporality, ok := temporalityOf(m); ok && temporality == pmetric.AggregationTemporalityUnspecified {
		return false
	}
	if p.detailed.IsEmpty() || !p.cfg.Enabled {
		return true
	}
	metric := condition.NewMetric(rm, sm, m)
	defer metric.Close()
	return p.detailed.Match(ctx, metric)
}

// disable counts all points as dropped because metrics are disabled.
func (w *walk) disable() {
	for i := range w.points {
		w.namespaces.Of(w.points[i].item.Namespace).Counters.Count(labels.Disabled, false)
	}
}

// report adds what happened to the batch to the internal metrics.
func (w *walk) report(ctx context.Context) {
	t := w.p.common.Telemetry
	w.resolution.Report(ctx, batch.MetricsSignal)
	w.namespaces.Report(ctx, t.ProcessorNamespaceSamplerDatapoints)
	if w.saturated > 0 {
		t.ProcessorNamespaceSamplerSaturatedDatapoints.Add(ctx, w.saturated)
	}
	if w.remainderPoints > 0 {
		t.ProcessorNamespaceSamplerRemainderDatapoints.Add(ctx, int64(w.remainderPoints))
	}
}

// reset prepares the walk for the next batch. It releases the telemetry of this one.
func (w *walk) reset() {
	clear(w.points)
	w.points, w.metrics, w.saturated = w.points[:0], w.metrics[:0], 0
	w.hasRemainder, w.item, w.remainderPoints = false, remainder.Item{}, 0
	if w.remainder != nil {
		w.remainder.Reset()
	}
	w.nextPoint, w.nextMetric = 0, 0
	w.resource, w.scope = pcommon.Resource{}, pcommon.InstrumentationScope{}
	w.resolution.Reset()
}
