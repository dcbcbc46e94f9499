// SPDX-License-Identifier: Apache-2.0

// Package spans samples spans: it walks over a batch, finds the rate of each trace or span, and drops or stamps each span.
package spans

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Config configures the sampling of spans.
type Config struct {
	// Enabled is false if all spans are dropped.
	Enabled bool
	Sampler decision.SpanSampler
	// Memory bounds the memory of the rates of traces (parent_based). If it is nil, each span is sampled at the rate of its own
	// namespace (trace_id_ratio).
	Memory *tracememory.Config
	// Inherit writes the namespace of a trace to its kept spans without one. It needs Memory.
	Inherit bool
	// DropInternal are the OTTL conditions of spans that are dropped as internal, AlwaysKeep those of spans that are kept at any
	// rate.
	DropInternal, AlwaysKeep []string
	// HonorPriority lets the attribute sampling.priority decide.
	HonorPriority bool
}

// Processor samples the spans of all pipelines of a configuration. It is safe for concurrent use.
type Processor struct {
	cfg        Config
	common     *batch.Common
	rates      *steering.Rates
	memory     *tracememory.Memory // nil for trace_id_ratio
	internal   *condition.Set[condition.Span]
	alwaysKeep *condition.Set[condition.Span]
	walks      sync.Pool
}

// New returns a processor. An error reports conditions that do not compile, or invalid bounds of the memory.
func New(cfg Config, common *batch.Common, rates *steering.Rates) (*Processor, error) {
	p := &Processor{cfg: cfg, common: common, rates: rates}
	p.walks.New = func() any { return newWalk(p) }
	var errs [3]error
	p.internal, errs[0] = condition.Spans("spans::internal::match", cfg.DropInternal, common.ConditionFailed)
	p.alwaysKeep, errs[1] = condition.Spans("tracing::always_keep", cfg.AlwaysKeep, common.ConditionFailed)
	if cfg.Memory != nil {
		p.memory, errs[2] = tracememory.New(*cfg.Memory)
	}
	return p, errors.Join(errs[:]...)
}

// Memory returns the memory of traces, or nil if there is none.
func (p *Processor) Memory() *tracememory.Memory { return p.memory }

// Process samples a batch. It returns ErrSkipProcessingData if no spans are left (C5).
func (p *Processor) Process(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	w := p.walks.Get().(*walk)
	defer p.release(ctx, w)

	w.begin(p.rates.InForce().Traces)
	w.read(ctx, td)
	if p.cfg.Enabled {
		w.resolve(ctx, td)
		w.apply(td)
	} else {
		w.disable()
	}

	switch {
	case p.common.DryRun:
		return td, nil
	case !p.cfg.Enabled || td.ResourceSpans().Len() == 0:
		return td, processorhelper.ErrSkipProcessingData
	}
	return td, nil
}

// release reports what happened to a batch and keeps the working memory for another.
func (p *Processor) release(ctx context.Context, w *walk) {
	w.report(ctx)
	size := len(w.spans)
	w.reset()
	if size <= batch.MaxReusedItems {
		p.walks.Put(w)
	}
}
