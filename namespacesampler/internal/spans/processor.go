// SPDX-License-Identifier: Apache-2.0

// Package spans samples spans: it walks over a batch, finds the rate of each trace or span, and drops or stamps each span.
package spans

import (
	"context"
	"errors"
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Config configures the sampling of spans.
type Config struct {
	// Enabled is false if all spans are dropped.
	Enabled bool
	Sampler decision.Sampler
	// Memory bounds the memory of the rates of traces (parent_based). If it is nil, each span is sampled at the rate of its own
	// namespace (trace_id_ratio).
	Memory *tracememory.Config
	// Inherit writes the namespace of a trace to its kept spans without one. It needs Memory.
	Inherit bool
	// DropInternal are the OTTL conditions of spans that are dropped as internal, AlwaysKeep those of spans that are kept at any
	// rate, and AlwaysKeepTraces those of spans whose traces are kept at any rate. The latter need Memory.
	DropInternal, AlwaysKeep, AlwaysKeepTraces []string
	// HonorPriority lets the attribute sampling.priority decide.
	HonorPriority bool
	// Hold bounds the spans that are held until their trace has a namespace. If it is nil, none are. It needs Memory.
	Hold *hold.Config
	// Undelivered is called with the number of spans that were held and kept, but that the next component did not take. It may be nil if Hold
	// is.
	Undelivered func(spans int, err error)
	// Forgotten is called with the number of traces that a batch has made the memory forget before their time. It may be
	// nil.
	Forgotten func(traces int)
}

// Processor samples the spans of all pipelines of a configuration. It is safe for concurrent use.
type Processor struct {
	cfg        Config
	common     *batch.Common
	rates      *steering.Rates
	memory     *tracememory.Memory // nil for trace_id_ratio
	internal   *condition.Set[condition.Span]
	alwaysKeep *condition.Set[condition.Span]
	keepTraces *condition.Set[condition.Span]
	store      *hold.Store // nil if no spans are held
	walks      sync.Pool
}

// New returns a processor. An error reports conditions that do not compile, or invalid bounds of the memory.
func New(cfg Config, common *batch.Common, rates *steering.Rates) (*Processor, error) {
	p := &Processor{cfg: cfg, common: common, rates: rates}
	p.walks.New = func() any { return newWalk(p) }
	var errs [4]error
	p.internal, errs[0] = condition.Spans("spans::internal::match", cfg.DropInternal, common.ConditionFailed)
	p.alwaysKeep, errs[1] = condition.Spans("tracing::always_keep", cfg.AlwaysKeep, common.ConditionFailed)
	p.keepTraces, errs[2] = condition.Spans("tracing::always_keep_traces", cfg.AlwaysKeepTraces, common.ConditionFailed)
	if cfg.Memory != nil {
		p.memory, errs[3] = tracememory.New(*cfg.Memory)
	}
	if cfg.Hold != nil && !common.DryRun {
		p.store = hold.NewStore(*cfg.Hold)
	}
	return p, errors.Join(errs[:]...)
}

// Memory returns the memory of traces, or nil if there is none.
func (p *Processor) Memory() *tracememory.Memory { return p.memory }

// Held returns the number of spans that are held now, and the most that may wait; ok is false if none ever are.
func (p *Processor) Held() (now int64, most int, ok bool) {
	if p.store == nil {
		return 0, 0, false
	}
	return p.store.Spans(), p.cfg.Hold.MaxSpans, true
}

// walk returns a walk with the rates in force.
func (p *Processor) walk() *walk {
	w := p.walks.Get().(*walk)
	w.begin(p.rates.InForce().Traces)
	return w
}

// reuse reports what happened to a batch and keeps the working memory for another.
func (p *Processor) reuse(ctx context.Context, w *walk) {
	w.report(ctx)
	size := len(w.spans)
	w.reset()
	if size <= batch.MaxReusedItems {
		p.walks.Put(w)
	}
}
