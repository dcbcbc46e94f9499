// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// holding says what happens to the spans of a batch whose trace has no namespace yet, or no group.
type holding uint8

const (
	holdsNone   holding = iota // they are decided
	holds                      // they are held
	holdsNoMore                // they are decided, because the pipeline holds too many
)

// holdingOf returns what happens to the spans of a batch that comes by an outlet.
func holdingOf(o *hold.Outlet) holding {
	switch isClosed, isFull := o.State(); {
	case isClosed:
		return holdsNone
	case isFull:
		return holdsNoMore
	}
	return holds
}

// settledTrace is a trace that a batch has settled. Its spans that are held can be released.
type settledTrace struct {
	id pcommon.TraceID
	by tracememory.Known
}

// followUp is what is to be done once the next component has taken the rest of a batch.
type followUp struct {
	held    hold.Parcel
	settled []settledTrace
	early   int // traces that were not held because the pipeline holds too many
}

// mustWait reports whether a span is to be held: nothing has named its trace, or given it a group, and a name, a group or a span that keeps
// the trace could still change what becomes of it (T19). What Postgres could not be asked about does not wait.
func (w *walk) mustWait(s *span) bool {
	if s.trace == none {
		return false
	}
	t := &w.traces.list[s.trace]
	return !w.p.isComplete(t.known()) && !t.isUnavailable && !t.isGroupUnavailable && !w.exemptionOf(s).isExempt && w.canChange(s, t)
}

// known returns what is known of a trace that is settled.
func (t *trace) known() tracememory.Known { return tracememory.Known{Trace: t.settled, Group: t.group} }

// canChange reports whether the decision on a span, or its attributes if it is kept, depend on what is not known of its trace.
func (w *walk) canChange(s *span, t *trace) bool {
	table, sampler := w.namespaces.Table(), w.samplerOf(s)
	highest, lowest := &table.Highest().Rate, &table.Lowest().Rate
	if t.settled.IsNamed {
		highest, lowest = &t.settled.Rate.Rate, &t.settled.Rate.Rate
	}
	mayBeInherited := w.p.cfg.Inherit && !t.settled.IsNamed
	if w.resolution.HasGroups() && !t.group.IsSettled() { // its randomness can change
		switch {
		case highest.IsNever():
			return !w.p.keepTraces.IsEmpty()
		case mayBeInherited:
			return true
		}
		return !lowest.IsAlways()
	}
	switch {
	case sampler.Drops(s.id, s.tracestate, highest):
		return !w.p.keepTraces.IsEmpty()
	case mayBeInherited:
		return true // it would get the name
	}
	best, worst := sampler.Decide(s.id, s.tracestate, highest), sampler.Decide(s.id, s.tracestate, lowest)
	if !worst.Keep || best.Tracestate != worst.Tracestate {
		return true
	}
	return worst.Tracestate != s.tracestate && !w.p.keepTraces.IsEmpty() // it would leave without a threshold
}

// holdIfMustWait holds a span that must wait, and reports whether it does.
func (w *walk) holdIfMustWait(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, s *span, data ptrace.Span) bool {
	switch {
	case !w.mustWait(s):
		return false
	case w.holding == holdsNoMore:
		w.traces.list[s.trace].isEarly = true
		return false
	}
	if s.item.IsResolved() { // its key is not looked up again
		w.p.common.Reader.Write(data.Attributes(), s.item.Namespace)
	}
	w.parcel.Add(rs, ss, data)
	return true
}

// moveTo moves what is to be done after the batch out of the walk, which is reused.
func (w *walk) moveTo(f *followUp) {
	f.held, w.parcel = w.parcel, hold.Parcel{}
	for i := range w.traces.list {
		t := &w.traces.list[i]
		if known := t.known(); t.isRemembered && !t.isGuessed && w.p.isComplete(known) {
			f.settled = append(f.settled, settledTrace{t.id, known})
		}
		if t.isEarly {
			f.early++
		}
	}
}

// finish holds the spans of a batch, unless the next component has refused the rest of it: then its sender may send all of it again, and they
// are counted as the rest was. Held spans of earlier batches are released if this one has settled their trace, or if too many wait.
func (p *Processor) finish(ctx context.Context, o *hold.Outlet, f *followUp, isRefused bool) {
	defer func() { *f = followUp{} }() // the next component may keep the context of the batch, which refers to it
	if f.held.Len() == 0 && f.early == 0 && p.store.IsEmpty() {
		return
	}
	receipt := o.NewReceipt()
	switch {
	case f.held.Len() == 0:
	case isRefused:
		p.decide(ctx, f.held.Take(), nil)
	default:
		p.hold(ctx, o, &f.held, receipt)
	}
	if !p.store.IsEmpty() {
		for i := range f.settled {
			p.store.Release(&f.settled[i].id, f.settled[i].by, receipt)
		}
		f.early += p.store.ReleaseExcess(receipt)
	}
	p.store.Send()
	if f.early > 0 {
		p.common.Telemetry.ProcessorNamespaceSamplerEarlyReleasedTraces.Add(ctx, int64(f.early))
		p.common.Problems.Add(problems.EarlyReleases, int64(f.early))
	}
	wait(ctx, receipt)
}

// maxReceiptWait bounds how long a request waits for the spans that it has released.
const maxReceiptWait = time.Second

// wait waits for released spans. It returns well before the request times out: its own spans have been taken, and must not be sent again.
func wait(ctx context.Context, receipt *hold.Receipt) {
	most := maxReceiptWait
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	receipt.Wait(ctx)
}

func (p *Processor) hold(ctx context.Context, o *hold.Outlet, held *hold.Parcel, receipt *hold.Receipt) {
	p.common.Telemetry.ProcessorNamespaceSamplerSetAsideSpans.Add(ctx, int64(held.Len()))
	ids := held.Traces()
	p.store.Put(held, o, client.FromContext(ctx))
	now := p.memory.Now()
	for i := range ids { // a concurrent batch may have settled it before its spans were in the store
		if known := p.memory.Peek(&ids[i], now); p.isComplete(known) {
			p.store.Release(&ids[i], known, receipt)
		}
	}
}

// decide decides spans that were held, by what has settled their traces meanwhile, and removes those that are dropped.
func (p *Processor) decide(ctx context.Context, td ptrace.Traces, settled map[pcommon.TraceID]tracememory.Known) {
	w := p.walk()
	defer p.reuse(ctx, w)
	for id, known := range settled {
		w.settleFirst(&id, known)
	}
	w.readAgain(td)
	w.heldAt = w.siftedAtHold()
	w.settleKnown()
	w.apply(td)
}

// readAgain reads spans that were held. They are not exempt, none of them keeps its trace, and none of their keys is looked up again: what
// the lookups have told was written to the span, or is remembered with the trace.
func (w *walk) readAgain(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			w.resolution.Reenter(ss.Scope().Attributes(), rs.Resource().Attributes())
			for _, data := range ss.Spans().All() {
				s := w.add(data)
				w.resolution.ReadWritten(&s.item, data.Attributes())
			}
		}
	}
}
