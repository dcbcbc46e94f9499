// SPDX-License-Identifier: Apache-2.0

// Package points samples metric data points: it walks over a batch, finds the rate of each point's namespace, and keeps or drops
// whole series, or single points.
package points

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/remainder"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Config configures the sampling of data points.
type Config struct {
	// Enabled is false if all points are dropped.
	Enabled bool
	// Detailed are the OTTL conditions of metrics that rates apply to. Without conditions, rates apply to all metrics.
	Detailed []string
	// ByPoint draws each point on its own, instead of keeping or dropping whole series.
	ByPoint bool
	// RescaleDelta multiplies kept delta points by the inverse of their rate. It needs ByPoint.
	RescaleDelta bool
	// SampleExemplars removes exemplars whose trace is dropped; TracingEnabled false drops all traces.
	SampleExemplars, TracingEnabled bool
	// Remainder adds up what is dropped; nil if nothing does. It needs ByPoint to be false.
	Remainder *remainder.Config
}

// Processor samples the data points of all pipelines of a configuration. It is safe for concurrent use.
type Processor struct {
	cfg      Config
	common   *batch.Common
	rates    *steering.Rates
	memory   *tracememory.Memory // of traces, for exemplars; nil for trace_id_ratio
	detailed *condition.Set[condition.Metric]

	mu         sync.Mutex
	remainders []*remainder.Remainder // of the pipelines
}

// Pipeline samples the data points of one pipeline. It is safe for concurrent use. Each pipeline has a remainder of its own: two of them can get the
// same points.
type Pipeline struct {
	p         *Processor
	remainder *remainder.Remainder // nil without one
	walks     sync.Pool
}

// New returns a processor. An error reports conditions that do not compile.
func New(cfg Config, common *batch.Common, rates *steering.Rates, memory *tracememory.Memory) (p *Processor, err error) {
	p = &Processor{cfg: cfg, common: common, rates: rates, memory: memory}
	p.detailed, err = condition.Metrics("metrics::detailed::match", cfg.Detailed, common.ConditionFailed)
	return p, err
}

// Pipeline returns the processor for a pipeline.
func (p *Processor) Pipeline() *Pipeline {
	pipeline := &Pipeline{p: p}
	if p.HasRemainder() {
		pipeline.remainder = remainder.New(*p.cfg.Remainder)
		p.mu.Lock()
		p.remainders = append(p.remainders, pipeline.remainder)
		p.mu.Unlock()
	}
	pipeline.walks.New = func() any { return newWalk(p, pipeline.remainder) }
	return pipeline
}

// HasRemainder reports whether what is dropped is added up. In a dry run nothing is.
func (p *Processor) HasRemainder() bool {
	return p.cfg.Remainder != nil && p.cfg.Enabled && !p.common.DryRun
}

// Remainder returns what the remainders of all pipelines hold together.
func (p *Processor) Remainder() (sum remainder.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.remainders {
		sum.Add(r.State())
	}
	return sum
}

// Process samples a batch. It returns ErrSkipProcessingData if no points are left (C5).
func (l *Pipeline) Process(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	p, w := l.p, l.walks.Get().(*walk)
	defer l.release(ctx, w)

	w.begin(p.rates.InForce())
	w.read(ctx, md)
	if p.cfg.Enabled {
		w.resolve(ctx, md)
		w.apply(md)
		w.addRemainder(md)
	} else {
		w.disable()
	}

	switch {
	case p.common.DryRun:
		return md, nil
	case !p.cfg.Enabled || md.ResourceMetrics().Len() == 0:
		return md, processorhelper.ErrSkipProcessingData
	}
	return md, nil
}

// release reports what happened to a batch and keeps the working memory for another.
func (l *Pipeline) release(ctx context.Context, w *walk) {
	w.report(ctx)
	size := max(len(w.points), len(w.metrics)) // metrics may have no points
	w.reset()
	if size <= batch.MaxReusedItems {
		l.walks.Put(w)
	}
}
