// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// mustWait reports whether a span is set aside: nothing has named its trace, and a name or a span that keeps the trace could still change
// what becomes of it (T19). What Postgres could not be asked about does not wait.
func (w *walk) mustWait(s *span) bool {
	if s.trace == none {
		return false
	}
	t := &w.traces.list[s.trace]
	return !t.settled.IsNamed && !t.isUnavailable && !w.exemptionOf(s).isExempt && w.canChange(s)
}

// canChange reports whether the decision on a span, or its attributes if it is kept, depend on what is not known of its trace.
func (w *walk) canChange(s *span) bool {
	sampler, table := &w.p.cfg.Sampler, w.namespaces.Table()
	highest, lowest := &table.Highest().Rate, &table.Lowest().Rate
	switch {
	case sampler.Drops(s.id, s.tracestate, highest):
		return !w.p.keepTraces.IsEmpty()
	case w.p.cfg.Inherit:
		return true // it would get the name
	}
	best, worst := sampler.Decide(s.id, s.tracestate, highest), sampler.Decide(s.id, s.tracestate, lowest)
	if !worst.Keep || best.Tracestate != worst.Tracestate {
		return true
	}
	return worst.Tracestate != s.tracestate && !w.p.keepTraces.IsEmpty() // it would leave without a threshold
}

// hold gives the spans that were set aside to the store, and lets those of earlier batches go whose trace this batch has settled. It adds
// them to a list.
func (w *walk) hold(ctx context.Context, o *hold.Outlet, free *hold.List) {
	store := w.p.store
	if n := w.parcel.Len(); n > 0 {
		w.p.common.Telemetry.ProcessorNamespaceSamplerSetAsideSpans.Add(ctx, int64(n))
		store.Put(&w.parcel, o, client.FromContext(ctx))
	}
	if store.IsEmpty() {
		return
	}
	for i := range w.traces.list {
		t := &w.traces.list[i]
		switch {
		case t.isNew:
			store.Decide(&t.id, t.settled, o, free)
		case !t.settled.IsNamed: // a concurrent batch may have settled it before its spans were in the store
			if known := w.traces.memory.Peek(&t.id, w.traces.now); known != nil {
				store.Decide(&t.id, known, o, free)
			}
		}
	}
	if early := store.Excess(o, free); early > 0 {
		w.p.common.Telemetry.ProcessorNamespaceSamplerEarlyReleasedTraces.Add(ctx, int64(early))
		w.p.common.Problems.Add(problems.EarlyReleases, int64(early))
	}
}

// decide decides spans that were set aside, and returns those that are kept.
func (p *Processor) decide(ctx context.Context, r *hold.Release) ptrace.Traces {
	w := p.walk()
	defer p.finish(ctx, w)
	td, isAnswered := r.Take()
	for id, settled := range r.Settled {
		w.settleFirst(&id, settled)
	}
	w.readAgain(td, isAnswered)
	w.resolve(ctx, td)
	w.apply(td)
	return td
}

// readAgain reads spans that were set aside. They are not exempt, and none of them keeps its trace.
func (w *walk) readAgain(td ptrace.Traces, isAnswered []bool) {
	n := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			w.resolution.Reenter(ss.Scope().Attributes(), rs.Resource().Attributes())
			for _, data := range ss.Spans().All() {
				s := w.add(data)
				if !isAnswered[n] {
					w.readKey(s, data.Attributes())
				}
				n++
			}
		}
	}
	w.resolution.ForgetMalformed() // they were counted when the spans came
}
