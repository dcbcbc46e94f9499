// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

// Pipeline samples the spans of one pipeline. It is safe for concurrent use.
type Pipeline struct {
	p      *Processor
	next   consumer.Traces
	outlet *hold.Outlet // nil if no spans are set aside
}

// Pipeline returns a pipeline whose held spans go on to next. It must be closed.
func (p *Processor) Pipeline(next consumer.Traces) *Pipeline {
	l := &Pipeline{p: p, next: next}
	if p.store != nil {
		l.outlet = p.store.NewOutlet(l.letGo)
	}
	return l
}

// Process samples a batch. It returns ErrSkipProcessingData if no spans are left (C5). Spans that were set aside earlier, and whose trace the
// batch settles, go on before it returns.
func (l *Pipeline) Process(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	var free hold.List
	l.sample(ctx, td, &free)
	if l.outlet != nil {
		l.outlet.Deliver(&free)
	}
	switch {
	case l.p.common.DryRun:
		return td, nil
	case !l.p.cfg.Enabled || td.ResourceSpans().Len() == 0:
		return td, processorhelper.ErrSkipProcessingData
	}
	return td, nil
}

// sample decides the spans of a batch, or sets them aside. Spans that were set aside earlier and can go on are added to a list.
func (l *Pipeline) sample(ctx context.Context, td ptrace.Traces, free *hold.List) {
	p := l.p
	w := p.walk()
	defer p.finish(ctx, w)
	if !p.cfg.Enabled {
		w.read(ctx, td)
		w.disable()
		return
	}
	w.holds = l.outlet != nil
	w.read(ctx, td)
	w.resolve(ctx, td)
	w.apply(td)
	if w.holds {
		w.hold(ctx, l.outlet, free)
	}
}

// letGo decides spans that were set aside, and passes on those that are kept, unless ctx has ended.
func (l *Pipeline) letGo(ctx context.Context, r *hold.Release) {
	td := l.p.decide(ctx, r)
	n := td.SpanCount()
	if n == 0 {
		return
	}
	err := ctx.Err()
	if err == nil {
		defer l.recovered(n)
		err = l.next.ConsumeTraces(ctx, td)
	}
	if err != nil {
		l.p.cfg.Undelivered(n, err)
	}
}

// recovered takes a panic of the next component for an error. Only a receiver could recover it otherwise, and the spans are not those of its
// request. The logger adds the stack of the panic.
func (l *Pipeline) recovered(spans int) {
	if cause := recover(); cause != nil {
		l.p.cfg.Undelivered(spans, fmt.Errorf("panic: %v", cause))
	}
}

// closeTimeout bounds Close, because the collector does not bound the shutdown of components, and the next component may hang.
const closeTimeout = 3 * time.Second

// Close decides the spans that are set aside, and passes on those that are kept, within ctx and closeTimeout. Those that could not be passed
// on are counted as undelivered.
func (l *Pipeline) Close(ctx context.Context) {
	if l.outlet == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	l.outlet.Close(ctx)
}
