// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

// Pipeline samples the spans of one pipeline. It is safe for concurrent use.
type Pipeline struct {
	p      *Processor
	next   consumer.Traces
	outlet *hold.Outlet // nil if no spans are held
}

// Pipeline returns a pipeline. Spans that are held go on to next. It must be closed.
func (p *Processor) Pipeline(next consumer.Traces) *Pipeline {
	l := &Pipeline{p: p, next: next}
	if p.store != nil {
		l.outlet = p.store.NewOutlet(l.decideHeld, l.sendHeld)
	}
	return l
}

// Process samples a batch. It returns ErrSkipProcessingData if no spans are left (C5). Spans are held if the batch comes by Holding.
func (l *Pipeline) Process(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	p := l.p
	w := p.walk()
	defer p.reuse(ctx, w)
	after, _ := ctx.Value(followUpKey{l}).(*followUp)
	if after != nil {
		w.holding = holdingOf(l.outlet)
	}

	w.read(ctx, td)
	if p.cfg.Enabled {
		w.resolve(ctx, td)
		w.apply(td)
	} else {
		w.disable()
	}
	if after != nil {
		w.moveTo(after)
	}

	switch {
	case p.common.DryRun:
		return td, nil
	case !p.cfg.Enabled || td.ResourceSpans().Len() == 0:
		return td, processorhelper.ErrSkipProcessingData
	}
	return td, nil
}

// followUpKey is the context key of what a batch of a pipeline leaves to be done.
type followUpKey struct{ l *Pipeline }

// Holding returns the processor that samples the pipeline with Process, such that spans are held once the next component has taken the rest of
// their batch. Without held spans it is the same processor.
func (l *Pipeline) Holding(sampling processor.Traces) processor.Traces {
	if l.outlet == nil {
		return sampling
	}
	return &holdingTraces{Traces: sampling, pipeline: l}
}

type holdingTraces struct {
	processor.Traces
	pipeline *Pipeline
}

// ConsumeTraces implements consumer.Traces.
func (h *holdingTraces) ConsumeTraces(ctx context.Context, td ptrace.Traces) (err error) {
	after, isRefused := &followUp{}, true // also if the next component panics
	defer func() { h.pipeline.p.finish(ctx, h.pipeline.outlet, after, isRefused) }()
	err = h.Traces.ConsumeTraces(context.WithValue(ctx, followUpKey{h.pipeline}, after), td)
	isRefused = err != nil
	return err
}

// decideHeld decides spans that were held, and returns how many are kept.
func (l *Pipeline) decideHeld(r *hold.Release) (kept int) {
	td := r.Spans()
	l.p.decide(context.Background(), td, r.Settled)
	return td.SpanCount()
}

// sendHeld passes on spans that were held, unless ctx has ended.
func (l *Pipeline) sendHeld(ctx context.Context, r *hold.Release) {
	td := r.Spans()
	n := td.SpanCount()
	err := ctx.Err()
	if err == nil {
		defer l.recovered(n)
		err = l.next.ConsumeTraces(ctx, td)
	}
	if err != nil {
		l.p.cfg.Undelivered(n, err)
	}
}

// recovered takes a panic of the next component for an error. The receiver that could recover it otherwise does not run on this goroutine, and
// the spans are not those of its request. The logger adds the stack of the panic.
func (l *Pipeline) recovered(spans int) {
	if cause := recover(); cause != nil {
		l.p.cfg.Undelivered(spans, fmt.Errorf("panic: %v", cause))
	}
}

// closeTimeout bounds Close if its context has no deadline, as the collector's has none, since the next component may hang.
const closeTimeout = 5 * time.Second

// Close decides the spans that are held, and passes on those that are kept, until ctx ends. Those that could not be passed on are counted as
// undelivered.
func (l *Pipeline) Close(ctx context.Context) {
	if l.outlet == nil {
		return
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTimeout)
		defer cancel()
	}
	l.outlet.Close(ctx)
}
