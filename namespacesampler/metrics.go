// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlmetric"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// metricsProcessor walks over metric data points.
type metricsProcessor struct {
	rt    *runtime
	walks sync.Pool
}

func newMetricsProcessor(rt *runtime) *metricsProcessor {
	p := &metricsProcessor{rt: rt}
	p.walks.New = func() any { return newMetricsWalk(p) }
	return p
}

// process reads the namespace of all points, resolves what is missing at once, then decides point by point.
func (p *metricsProcessor) process(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	w := p.walks.Get().(*metricsWalk)
	defer p.release(ctx, w)
	if w.begin() {
		w.goBy(w.rates.points)
		w.planLookups()
	}
	switch {
	case w.single:
		w.remove(md)
	case p.rt.cfg.Metrics.Enabled:
		w.read(ctx, md)
		w.resolve(ctx)
		w.remove(md)
	default:
		w.read(ctx, md)
		w.disable()
	}
	if p.rt.cfg.DryRun {
		return md, nil
	}
	if !p.rt.cfg.Metrics.Enabled || md.ResourceMetrics().Len() == 0 {
		return md, processorhelper.ErrSkipProcessingData // C5
	}
	return md, nil
}

// remove decides on all points, and removes those that are dropped.
func (w *metricsWalk) remove(md pmetric.Metrics) {
	w.hashes = !w.byPoint
	md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		scopes := rm.ScopeMetrics().Len()
		w.enterResource(rm.Resource())
		rm.ScopeMetrics().RemoveIf(func(sm pmetric.ScopeMetrics) bool {
			metrics := sm.Metrics().Len()
			w.enterScope(sm.Scope())
			if w.single {
				w.enter(sm.Scope().Attributes(), rm.Resource().Attributes())
			}
			sm.Metrics().RemoveIf(w.removeMetric)
			return metrics > 0 && sm.Metrics().Len() == 0
		})
		return scopes > 0 && rm.ScopeMetrics().Len() == 0
	})
}

// release reports what happened to a batch and keeps its memory for another.
func (p *metricsProcessor) release(ctx context.Context, w *metricsWalk) {
	reusable := w.reusable()
	w.end(ctx, p.rt.telemetry.ProcessorNamespaceSamplerDatapoints)
	if w.saturated > 0 {
		p.rt.telemetry.ProcessorNamespaceSamplerSaturatedDatapoints.Add(ctx, w.saturated)
	}
	w.reset()
	if reusable {
		p.walks.Put(w)
	}
}

// metricsWalk is the state of the walks over a batch of metrics: the first reads, the second decides. Its functions for points
// are made once, so that a walk allocates nothing for them.
type metricsWalk struct {
	p *metricsProcessor
	*batch

	// What holds for all batches.
	byPoint  bool
	exemplar bool // exemplars are sampled
	single   bool // points are decided by nothing but what they carry: they are read when they are decided
	hasher   decision.SeriesHasher
	// What holds for all batches that go by the same table.
	most  *rate.Rate // the highest that a point can come to have
	dooms bool       // some series are dropped whatever their namespace
	alike bool       // no namespace is decided otherwise than another

	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	series   struct{ resource, scope, metric decision.Series } // identity so far (M3)
	hashes   bool                                              // the walk decides by identities
	rescales bool                                              // kept points of the metric stand for others, where others go

	detailed   []bool // of each metric, as the first walk found it
	nextMetric int
	saturated  int64
	// While exemplars are being removed: the rate of spans like their point, and what is remembered of traces.
	ownRate *rate.Rate
	traces  tracememory.Session[traceRate]

	removeNumber      func(pmetric.NumberDataPoint) bool
	removeHistogram   func(pmetric.HistogramDataPoint) bool
	removeExponential func(pmetric.ExponentialHistogramDataPoint) bool
	removeSummary     func(pmetric.SummaryDataPoint) bool
	removeMetric      func(pmetric.Metric) bool
	removeExemplar    func(pmetric.Exemplar) bool
}

func newMetricsWalk(p *metricsProcessor) *metricsWalk {
	cfg := p.rt.cfg
	w := &metricsWalk{
		p: p, batch: newBatch(p.rt, newTally(pointItems, p.rt.labels)),
		single:  cfg.Metrics.Enabled && !p.rt.reader.HasLookups() && p.rt.detailed.IsEmpty(),
		byPoint: cfg.Metrics.By == ByPoint, exemplar: cfg.Metrics.Exemplars == ExemplarsSampled,
		hasher: decision.SeriesHasher{IsMissing: p.rt.reader.IsMissing, Keys: &decision.Keys{IsNamespace: p.rt.reader.IsName}},
	}
	w.removeMetric = func(m pmetric.Metric) bool { return !w.keepMetric(m) }
	w.removePoints()
	w.removeExemplar = w.dangles
	return w
}

func (w *metricsWalk) reset() {
	w.resource, w.scope = pcommon.Resource{}, pcommon.InstrumentationScope{}
	w.detailed, w.nextMetric, w.saturated = w.detailed[:0], 0, 0
	w.hasher.Keys.Reset()
}

// read reads the namespaces, and the keys to look the missing ones up by.
func (w *metricsWalk) read(ctx context.Context, md pmetric.Metrics) {
	w.hashes = w.dooms
	for _, rm := range md.ResourceMetrics().All() {
		w.enterResource(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			w.enterScope(sm.Scope())
			w.enter(sm.Scope().Attributes(), rm.Resource().Attributes())
			for _, m := range sm.Metrics().All() {
				w.readMetric(m, w.isDetailed(ctx, rm, sm, m))
			}
		}
	}
}

// readMetric reads the points of a metric. Those of a metric that is not a detailed one need no lookup.
func (w *metricsWalk) readMetric(m pmetric.Metric, detailed bool) {
	w.detailed = append(w.detailed, detailed)
	if !detailed {
		eachAttributes(m, w.pass)
		return
	}
	w.enterMetric(m)
	eachAttributes(m, w.readPoint)
}

// isDetailed reports whether rates apply to a metric at all: a condition of metrics::detailed::match does, where there are any.
// A temporality that nobody knows is left alone (M8).
func (w *metricsWalk) isDetailed(ctx context.Context, rm pmetric.ResourceMetrics, sm pmetric.ScopeMetrics, m pmetric.Metric) bool {
	if isUnspecified(m) {
		return false
	}
	if w.rt.detailed.IsEmpty() || !w.rt.cfg.Metrics.Enabled {
		return true
	}
	item := ottlmetric.NewTransformContextPtr(rm, sm, m)
	defer item.Close()
	return w.rt.detailed.Match(ctx, item)
}

// isUnspecified reports whether a metric should have a temporality, and has none that is known.
func isUnspecified(m pmetric.Metric) bool {
	temporality, has := temporalityOf(m)
	return has && temporality == pmetric.AggregationTemporalityUnspecified
}

// takeDetailed reports whether rates apply to the next metric.
func (w *metricsWalk) takeDetailed(m pmetric.Metric) (detailed bool) {
	if w.single {
		if detailed = !isUnspecified(m); !detailed {
			eachAttributes(m, w.pass)
		}
		return detailed
	}
	detailed = w.detailed[w.nextMetric]
	w.nextMetric++
	return detailed
}

// keepMetric decides on the points of a metric, and reports whether the metric stays: it goes when it is emptied (M9).
func (w *metricsWalk) keepMetric(m pmetric.Metric) bool {
	if !w.takeDetailed(m) {
		for range pointCount(m) {
			w.slot(w.take().name).count(rulePassed, true)
		}
		return true
	}
	w.enterMetric(m)
	before := pointCount(m)
	w.thin(m)
	return before == 0 || pointCount(m) > 0
}
