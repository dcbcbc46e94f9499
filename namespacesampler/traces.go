// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// tracesProcessor walks over spans.
type tracesProcessor struct {
	rt      *runtime
	sampler decision.SpanSampler
	batches sync.Pool
}

func newTracesProcessor(rt *runtime) *tracesProcessor {
	p := &tracesProcessor{rt: rt, sampler: rt.newSpanSampler()}
	p.batches.New = func() any { return newBatch(rt, newTally(rt.spans, rt.labels)) }
	return p
}

// process reads the namespace of all spans, resolves what is missing at once, then decides span by span.
func (p *tracesProcessor) process(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	b := p.batches.Get().(*batch)
	defer p.release(ctx, b)
	p.read(b, td)
	if !p.rt.cfg.Tracing.Enabled {
		b.disable()
		return td, processorhelper.ErrSkipProcessingData
	}
	b.resolve(ctx)

	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		scopes := rs.ScopeSpans().Len()
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			spans := ss.Spans().Len()
			ss.Spans().RemoveIf(func(span ptrace.Span) bool { return !p.keep(b, span) })
			return spans > 0 && ss.Spans().Len() == 0
		})
		return scopes > 0 && rs.ScopeSpans().Len() == 0
	})

	if td.ResourceSpans().Len() == 0 {
		return td, processorhelper.ErrSkipProcessingData // C5
	}
	return td, nil
}

// release reports what happened to a batch and keeps its memory for another.
func (p *tracesProcessor) release(ctx context.Context, b *batch) {
	b.end(ctx, p.rt.telemetry.ProcessorNamespaceSamplerSpans)
	if b.reusable() {
		p.batches.Put(b)
	}
}

// read reads the namespaces, and the keys to look the missing ones up by.
func (p *tracesProcessor) read(b *batch, td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			b.enter(ss.Scope().Attributes(), rs.Resource().Attributes())
			for _, span := range ss.Spans().All() {
				b.read(span.Attributes())
			}
		}
	}
}

// keep decides on a span, and stamps it where it is kept.
func (p *tracesProcessor) keep(b *batch, span ptrace.Span) bool {
	it := b.take()
	s := b.slot(it.name)
	if decides, keeps := b.unavailable(it); decides {
		return s.count(ruleUnavailable, keeps)
	}

	tracestate := span.TraceState()
	d := p.sampler.Decide(span.TraceID(), tracestate.AsRaw(), &s.match.Rate)
	b.fault(d.Fault)
	if !s.count(s.rule, d.Keep) {
		return false
	}
	if d.Tracestate != tracestate.AsRaw() {
		tracestate.FromRaw(d.Tracestate)
	}
	if it.resolved() {
		span.Attributes().PutStr(p.rt.reader.Target(), it.name)
	}
	return true
}
