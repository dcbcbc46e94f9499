// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// metricsProcessor walks over metric data points.
type metricsProcessor struct {
	rt     *runtime
	hasher decision.SeriesHasher
	walks  sync.Pool
}

func newMetricsProcessor(rt *runtime) *metricsProcessor {
	p := &metricsProcessor{rt: rt, hasher: decision.SeriesHasher{IsMissing: rt.reader.IsMissing}}
	p.walks.New = func() any { return newMetricsWalk(p) }
	return p
}

// process reads the namespace of all points, resolves what is missing at once, then decides point by point.
func (p *metricsProcessor) process(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	w := p.walks.Get().(*metricsWalk)
	defer p.release(ctx, w)
	w.read(md)
	if !p.rt.cfg.Metrics.Enabled {
		w.disable()
		if p.rt.cfg.DryRun {
			return md, nil
		}
		return md, processorhelper.ErrSkipProcessingData
	}
	w.resolve(ctx)

	md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		scopes := rm.ScopeMetrics().Len()
		w.resource, w.series.resource = rm.Resource(), p.hasher.Resource(rm.Resource().Attributes())
		rm.ScopeMetrics().RemoveIf(func(sm pmetric.ScopeMetrics) bool {
			metrics := sm.Metrics().Len()
			w.enterScope(sm.Scope())
			sm.Metrics().RemoveIf(w.removeMetric)
			return metrics > 0 && sm.Metrics().Len() == 0
		})
		return scopes > 0 && rm.ScopeMetrics().Len() == 0
	})

	if md.ResourceMetrics().Len() == 0 {
		return md, processorhelper.ErrSkipProcessingData // C5
	}
	return md, nil
}

// release reports what happened to a batch and keeps its memory for another.
func (p *metricsProcessor) release(ctx context.Context, w *metricsWalk) {
	w.end(ctx, p.rt.telemetry.ProcessorNamespaceSamplerDatapoints)
	w.resource, w.scope = pcommon.Resource{}, pcommon.InstrumentationScope{}
	if w.reusable() {
		p.walks.Put(w)
	}
}

// metricsWalk is the state of a walk over metrics. Its functions for points are made once, so that a walk allocates
// nothing for them.
type metricsWalk struct {
	p *metricsProcessor
	*batch

	looksUp  bool // false where no lookup could change a decision
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	series   struct{ resource, scope, metric decision.Series } // identity so far (M3)

	removeNumber      func(pmetric.NumberDataPoint) bool
	removeHistogram   func(pmetric.HistogramDataPoint) bool
	removeExponential func(pmetric.ExponentialHistogramDataPoint) bool
	removeSummary     func(pmetric.SummaryDataPoint) bool
	removeMetric      func(pmetric.Metric) bool
}

func newMetricsWalk(p *metricsProcessor) *metricsWalk {
	w := &metricsWalk{p: p, batch: newBatch(p.rt, newTally(p.rt.points, p.rt.labels))}
	w.looksUp = !w.mostGenerous().IsNever()
	w.removeNumber = func(dp pmetric.NumberDataPoint) bool { return !w.keep(dp.Attributes()) }
	w.removeHistogram = func(dp pmetric.HistogramDataPoint) bool { return !w.keep(dp.Attributes()) }
	w.removeExponential = func(dp pmetric.ExponentialHistogramDataPoint) bool { return !w.keep(dp.Attributes()) }
	w.removeSummary = func(dp pmetric.SummaryDataPoint) bool { return !w.keep(dp.Attributes()) }
	w.removeMetric = func(m pmetric.Metric) bool { return !w.keepMetric(m) }
	return w
}

// read reads the namespaces, and the keys to look the missing ones up by.
func (w *metricsWalk) read(md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			w.enter(sm.Scope().Attributes(), rm.Resource().Attributes())
			for _, m := range sm.Metrics().All() {
				w.readMetric(m)
			}
		}
	}
}

func (w *metricsWalk) readMetric(m pmetric.Metric) {
	if temporality, ok := temporalityOf(m); ok && temporality == pmetric.AggregationTemporalityUnspecified {
		for range pointCount(m) {
			w.pass() // M8
		}
		return
	}
	switch m.Type() {
	case pmetric.MetricTypeEmpty:
	case pmetric.MetricTypeGauge:
		readPoints(w, m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		readPoints(w, m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		readPoints(w, m.Histogram().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		readPoints(w, m.ExponentialHistogram().DataPoints())
	case pmetric.MetricTypeSummary:
		readPoints(w, m.Summary().DataPoints())
	}
}

// points is a slice of data points of any type.
type points[P interface{ Attributes() pcommon.Map }] interface {
	Len() int
	At(i int) P
}

func readPoints[P interface{ Attributes() pcommon.Map }, S points[P]](w *metricsWalk, ps S) {
	for i := range ps.Len() {
		if key, ok := w.batch.read(ps.At(i).Attributes()); ok && w.looksUp {
			w.items[len(w.items)-1].key = w.index(key)
		}
	}
}

func (w *metricsWalk) enterScope(scope pcommon.InstrumentationScope) {
	w.scope = scope
	w.series.scope = w.p.hasher.Scope(w.series.resource, scope.Name(), scope.Version(), scope.Attributes())
}

// keepMetric decides on the points of a metric, and reports whether the metric stays: it goes when it is emptied (M9).
func (w *metricsWalk) keepMetric(m pmetric.Metric) bool {
	temporality, _ := temporalityOf(m)
	w.series.metric = w.p.hasher.Metric(w.series.scope, decision.Metric{
		Name:        m.Name(),
		Unit:        m.Unit(),
		Type:        int(m.Type()),
		Temporality: int(temporality),
		Monotonic:   m.Type() == pmetric.MetricTypeSum && m.Sum().IsMonotonic(),
	})
	before := pointCount(m)
	switch m.Type() {
	case pmetric.MetricTypeEmpty: // M8
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().RemoveIf(w.removeNumber)
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().RemoveIf(w.removeNumber)
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(w.removeHistogram)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(w.removeExponential)
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().RemoveIf(w.removeSummary)
	}
	return before == 0 || pointCount(m) > 0
}

// keep decides on a data point, and writes the namespace that was resolved for it (M5).
func (w *metricsWalk) keep(attributes pcommon.Map) bool {
	it := w.take()
	keeps := w.decide(it, attributes)
	if w.rt.cfg.DryRun {
		return true
	}
	if keeps && it.resolved() && w.lacksTarget(attributes) {
		attributes.PutStr(w.rt.reader.Target(), it.name)
	}
	return keeps
}

// decide decides on a data point, and counts it.
func (w *metricsWalk) decide(it *item, attributes pcommon.Map) bool {
	s := w.slot(it.name)
	if !it.carries {
		return s.count(rulePassed, true)
	}
	if decides, keeps := w.onFailure(it.unavailable()); decides {
		return s.count(ruleUnavailable, keeps)
	}
	return s.count(s.rule, w.keepSeries(attributes, s))
}

// keepSeries decides on the series of a data point (M2).
func (w *metricsWalk) keepSeries(attributes pcommon.Map, s *slot) bool {
	switch {
	case s.match.IsAlways():
		return true
	case s.match.IsNever():
		return false
	}
	return s.match.Threshold.ShouldSample(w.p.hasher.Point(w.series.metric, attributes).Randomness())
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

// temporalityOf returns the temporality of a metric, and false for types that have none.
func temporalityOf(m pmetric.Metric) (pmetric.AggregationTemporality, bool) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality(), true
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality(), true
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().AggregationTemporality(), true
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
	}
	return pmetric.AggregationTemporalityUnspecified, false
}

// pointCount returns the number of data points of a metric.
func pointCount(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	case pmetric.MetricTypeEmpty:
	}
	return 0
}
