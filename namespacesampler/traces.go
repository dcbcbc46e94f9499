// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// tracesProcessor walks over spans.
type tracesProcessor struct {
	rt      *runtime
	sampler decision.SpanSampler
	walks   sync.Pool
}

func newTracesProcessor(rt *runtime) *tracesProcessor {
	p := &tracesProcessor{rt: rt, sampler: rt.newSpanSampler()}
	p.walks.New = func() any { return newTracesWalk(p) }
	return p
}

// process reads the namespace of all spans, resolves what is missing at once, settles the rate of their traces, then decides
// span by span.
func (p *tracesProcessor) process(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	w := p.walks.Get().(*tracesWalk)
	defer p.release(ctx, w)
	if w.begin() {
		w.goBy(w.rates.spans)
	}
	switch {
	case w.single:
		w.remove(ctx, td)
	case p.rt.cfg.Tracing.Enabled:
		w.read(ctx, td)
		w.settleKnown()
		w.lookUp(ctx)
		w.settleRest()
		w.remove(ctx, td)
		w.adopt(td)
	default:
		w.read(ctx, td)
		w.disable()
	}
	if p.rt.cfg.DryRun {
		return td, nil
	}
	if !p.rt.cfg.Tracing.Enabled || td.ResourceSpans().Len() == 0 {
		return td, processorhelper.ErrSkipProcessingData // C5
	}
	return td, nil
}

// release reports what happened to a batch and keeps its memory for another.
func (p *tracesProcessor) release(ctx context.Context, w *tracesWalk) {
	if w.early > 0 {
		p.rt.telemetry.ProcessorNamespaceSamplerForgottenTraces.Add(ctx, int64(w.early))
	}
	reusable := w.reusable()
	w.end(ctx, p.rt.telemetry.ProcessorNamespaceSamplerSpans)
	w.reset()
	if reusable {
		p.walks.Put(w)
	}
}

// tracesWalk is the state of a walk over spans.
type tracesWalk struct {
	p *tracesProcessor
	*batch
	traceRates
	orphans

	wishes     []wish
	candidates []namespace.Key
	most       *rate.Rate // the highest that a span can come to have
	// Whether there is anything that exempts spans from the rate: most configurations have nothing, and pay nothing.
	exempts bool
	// Whether a span is decided by nothing but what it carries itself: then it is read when it is decided.
	single bool
}

// wish is a span whose namespace can be looked up by a key, one of the candidates. It is, where it can make a difference.
type wish struct{ item, candidate int32 }

func newTracesWalk(p *tracesProcessor) *tracesWalk {
	return &tracesWalk{
		p:          p,
		batch:      newBatch(p.rt, newTally(spanItems, p.rt.labels)),
		traceRates: newTraceRates(p.rt.memory),
		exempts:    p.rt.cfg.Tracing.Enabled && p.rt.exemptsSpans(),
		single:     p.rt.cfg.Tracing.Enabled && p.rt.memory == nil && !p.rt.dropsInternal() && !p.rt.reader.HasLookups(),
	}
}

// read reads the namespaces, the keys to look the missing ones up by, and what exempts spans from the rate.
func (w *tracesWalk) read(ctx context.Context, td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			w.enter(ss.Scope().Attributes(), rs.Resource().Attributes())
			for _, span := range ss.Spans().All() {
				it := w.add()
				w.readSpan(ctx, it, rs, ss, span)
				it.isRoot = span.ParentSpanID().IsEmpty()
				if it.exemption == internalDropped {
					w.internals++
				}
				if !it.carries && w.rt.reader.HasLookups() {
					w.wishFor(it, span)
				}
			}
		}
	}
}

// wishFor reads the key that the namespace of the last span can be looked up by.
func (w *tracesWalk) wishFor(it *item, span ptrace.Span) {
	key := w.readKey(it, span.Attributes())
	if key == nil {
		return
	}
	it.hasKey = true
	last := len(w.candidates) - 1
	if last < 0 || w.candidates[last] != *key { // the spans of a task come together
		w.candidates = append(w.candidates, *key)
		last++
	}
	w.wishes = append(w.wishes, wish{item: int32(len(w.items) - 1), candidate: int32(last)}) //nolint:gosec // a batch has fewer items
}

// readSpan reads what decides a span.
func (w *tracesWalk) readSpan(ctx context.Context, it *item, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) {
	it.id, it.tracestate = span.TraceID(), span.TraceState().AsRaw()
	if w.exempts {
		it.exemption = w.rt.exemptionOf(ctx, rs, ss, span)
	}
	w.readName(it, span.Attributes())
}

// lookUp looks up the keys that can make a difference, all at once.
func (w *tracesWalk) lookUp(ctx context.Context) {
	if len(w.wishes) == 0 {
		return
	}
	w.most = w.mostGenerous()
	w.findHopes()
	for i := range w.wishes {
		if wish := &w.wishes[i]; w.matters(wish) {
			w.items[wish.item].key = w.keys.Number(&w.candidates[wish.candidate])
		}
	}
	w.resolve(ctx)
}

// findHopes finds out which traces have spans that some rate keeps.
func (w *tracesWalk) findHopes() {
	for i := range w.items {
		it := &w.items[i]
		if it.trace == noTrace || it.exemption != noExemption {
			continue
		}
		if t := &w.traces[it.trace]; !t.settled && !t.mayBeKept {
			t.mayBeKept = !w.p.sampler.Drops(it.id, it.tracestate, w.most)
		}
	}
}

// matters reports whether the namespace of a span can change a decision, or an attribute of a span that is kept.
func (w *tracesWalk) matters(wish *wish) bool {
	it := &w.items[wish.item]
	if it.exemption == alwaysKept || it.exemption == priorityKept {
		return true // it is written to the span
	}
	most := w.most
	if it.trace != noTrace {
		t := &w.traces[it.trace]
		if t.settled {
			most = &t.rate.match.Rate
		} else if t.mayBeKept && t.mayBeNamedBy(wish.item) {
			return true
		}
	}
	return it.exemption == noExemption && !w.p.sampler.Drops(it.id, it.tracestate, most)
}

// remove decides on all spans, and removes those that are dropped.
func (w *tracesWalk) remove(ctx context.Context, td ptrace.Traces) {
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		scopes := rs.ScopeSpans().Len()
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			spans := ss.Spans().Len()
			if w.single {
				w.enter(ss.Scope().Attributes(), rs.Resource().Attributes())
			}
			ss.Spans().RemoveIf(func(span ptrace.Span) bool {
				if !w.single {
					return !w.keep(w.take(), span)
				}
				it := w.fresh()
				w.readSpan(ctx, it, rs, ss, span)
				return !w.keep(it, span)
			})
			return spans > 0 && ss.Spans().Len() == 0
		})
		return scopes > 0 && rs.ScopeSpans().Len() == 0
	})
}

// keep decides on a span, and stamps it where it is kept.
func (w *tracesWalk) keep(it *item, span ptrace.Span) bool {
	d := w.decide(it)
	if w.rt.cfg.DryRun {
		return true
	}
	if !d.Keep {
		w.bury(span, it.exemption == internalDropped)
		return false
	}
	if d.Tracestate != it.tracestate {
		span.TraceState().FromRaw(d.Tracestate)
	}
	if it.resolved() {
		span.Attributes().PutStr(w.rt.reader.Target(), it.name)
	}
	return true
}

// reset clears what the walk itself holds of a batch.
func (w *tracesWalk) reset() {
	clear(w.candidates) // they hold telemetry
	w.wishes, w.candidates = w.wishes[:0], w.candidates[:0]
	w.traceRates.reset()
	w.orphans.reset()
}
