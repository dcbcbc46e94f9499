// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// span is what is known of a span of the batch.
type span struct {
	item       batch.Item
	id         pcommon.TraceID
	tracestate string
	// candidate is the index of the key that the namespace or the group can be looked up by, or none if it has none or was looked up. trace is that
	// of the span's trace, or none.
	candidate, trace int32
	siftedAt         float64   // of a span that is decided by itself: see metered
	exemption        exemption // by what the span is itself
	isRoot           bool
	lacksGroup       bool // neither the span nor the memory of its trace has a group
}

const none = -1

func (s *span) isInternal() bool { return s.exemption.isExempt && s.exemption.rule == labels.Internal }

// walk is the working memory for one batch. Spans are read in the order of the batch, and changed in the same order, after all
// lookups (C1).
type walk struct {
	p          *Processor
	namespaces batch.Namespaces
	resolution batch.Resolution
	spans      []span
	candidates []namespace.Key
	traces     traces
	orphans    orphans
	holding    holding

	hasExemptions bool        // spans can be exempt
	hasBudgets    bool        // rates can follow from budgets
	incoming      incoming    // the probability that the last span arrived with
	heldAt        float64     // siftedAt of spans that were held, or 0
	parcel        hold.Parcel // held spans
	faults        batch.Faults
	next          int // span to be applied
}

func newWalk(p *Processor) *walk {
	return &walk{
		p:          p,
		namespaces: batch.NewNamespaces(labels.Spans, p.common.Labels),
		resolution: batch.NewResolution(p.common),
		traces:     newTraces(p.memory),
	}
}

func (w *walk) begin(table *rate.Table) {
	w.namespaces.Begin(table)
	w.hasBudgets = table.HasBudgets()
	w.hasExemptions = w.p.cfg.Enabled && w.p.hasExemptions()
	if w.traces.memory != nil {
		w.traces.now = w.traces.memory.Now()
	}
}

// read reads what decides each span: its namespace and its group, or the key to look them up by; its trace; and whether it is exempt from
// the rate.
func (w *walk) read(ctx context.Context, td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			w.resolution.Enter(ss.Scope().Attributes(), rs.Resource().Attributes())
			spans := ss.Spans()
			for i := range spans.Len() {
				data := spans.At(i)
				s := w.add(data)
				w.readKey(s, data.Attributes())
				if w.hasExemptions {
					w.readExemption(ctx, rs, ss, data, s)
				}
			}
		}
	}
}

// add adds a span of the batch, with its namespace and its group.
func (w *walk) add(data ptrace.Span) *span {
	w.spans = append(w.spans, span{
		item: batch.NewItem(), id: data.TraceID(), tracestate: data.TraceState().AsRaw(), candidate: none, trace: none,
		isRoot: data.ParentSpanID().IsEmpty(),
	})
	s := &w.spans[len(w.spans)-1]
	w.resolution.ReadNamespace(&s.item, data.Attributes())
	if w.resolution.HasGroups() {
		w.readGroup(s, data.Attributes())
	}
	return s
}

// readGroup reads the group of a span, unless the memory knows that of its trace.
func (w *walk) readGroup(s *span, attributes pcommon.Map) {
	if w.traces.memory != nil && !s.id.IsEmpty() {
		if decision.IsSampled(s.tracestate) {
			w.overruleGroup(&s.id)
		}
		s.trace = w.traceOf(&s.id)
		if !w.lacksGroup(&w.traces.list[s.trace]) {
			return
		}
	}
	w.resolution.ReadGroup(&s.item, attributes)
	s.lacksGroup = !s.item.Group.IsKnown()
}

// readKey reads the key of a span that lacks a namespace or a group.
func (w *walk) readKey(s *span, attributes pcommon.Map) {
	if (s.item.Namespace == "" || s.lacksGroup) && w.p.common.Reader.Lookups() > 0 {
		if key := w.resolution.ReadKey(&s.item, attributes); key != nil {
			w.addCandidate(s, key)
		}
	}
}

// addCandidate notes the key that the namespace or the group of a span can be looked up by.
func (w *walk) addCandidate(s *span, key *namespace.Key) {
	if n := len(w.candidates); n == 0 || w.candidates[n-1] != *key { // spans of a task arrive together
		w.candidates = append(w.candidates, *key)
	}
	s.candidate = int32(len(w.candidates) - 1) //nolint:gosec // a batch has fewer spans
}

// resolve finds the namespaces and groups that are missing, and the rates of all traces. Traces that are settled by what is known need no
// lookup, nor do spans that no rate can keep. One round trip answers all spans; those whose key is unknown have their next key
// looked up in another one.
func (w *walk) resolve(ctx context.Context, td ptrace.Traces) {
	w.settleKnown()
	if len(w.candidates) == 0 {
		return
	}
	for w.wantKeys(); w.resolution.Resolve(ctx); w.wantKeys() {
		if again := w.complete(); !again || !w.readNextKeys(td) {
			break
		}
		w.settleNamed()
	}
	w.settleRest()
}

// complete takes the answers to the keys that were looked up. It reports whether some of them are unknown and may be followed by
// other keys.
func (w *walk) complete() (again bool) {
	for i := range w.spans {
		again = w.resolution.Complete(&w.spans[i].item) || again
	}
	return again
}

// readNextKeys reads the next keys of the spans whose key is unknown, and reports whether there are any.
func (w *walk) readNextKeys(td ptrace.Traces) (found bool) {
	n := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			w.resolution.Reenter(ss.Scope().Attributes(), rs.Resource().Attributes())
			for _, data := range ss.Spans().All() {
				s := &w.spans[n]
				n++
				if s.candidate != none {
					continue // it is not worth looking up
				}
				if key := w.resolution.ReadNextKey(&s.item, data.Attributes()); key != nil {
					w.addCandidate(s, key)
					found = true
				}
			}
		}
	}
	return found
}

// apply samples all spans, and removes those that are dropped or held.
func (w *walk) apply(td ptrace.Traces) {
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		scopes := rs.ScopeSpans().Len()
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			spans := ss.Spans().Len()
			ss.Spans().RemoveIf(func(data ptrace.Span) bool {
				s := &w.spans[w.next]
				w.next++
				return w.holding != holdsNone && w.holdIfMustWait(rs, ss, s, data) || !w.sample(s, data)
			})
			return spans > 0 && ss.Spans().Len() == 0
		})
		return scopes > 0 && rs.ScopeSpans().Len() == 0
	})
	w.orphans.adopt(td, &w.parcel)
	w.meterTraces()
}

// sample looks up the rate of a span, decides, and drops or stamps it.
func (w *walk) sample(s *span, data ptrace.Span) (keep bool) {
	by := w.rateOf(s)
	d, rule := w.decide(s, &by)
	by.counters.Count(rule, d.Keep)
	w.faults.Count(d.Fault, d.IsGroupOverruled)

	switch {
	case w.p.common.DryRun:
		return true
	case !d.Keep:
		w.orphans.dropped(data, s.isInternal())
		return false
	}
	if d.Tracestate != s.tracestate {
		data.TraceState().FromRaw(d.Tracestate)
	}
	if name := w.nameToWrite(s); name != "" { // also over a missing value, which identifies nothing, unlike on data points
		w.p.common.Reader.Write(data.Attributes(), name)
	}
	return true
}

// nameToWrite returns the namespace that a kept span does not carry: that of its lookup, else that of its trace (T20). A span that
// Postgres could not be asked about may belong to another namespace than its trace.
func (w *walk) nameToWrite(s *span) string {
	switch {
	case s.item.IsResolved():
		return s.item.Namespace
	case s.item.Namespace != "" || s.item.IsUnavailable() || s.trace == none || !w.p.cfg.Inherit:
		return ""
	case s.candidate != none: // a concurrent batch had the trace kept, so that the key was not looked up
		return ""
	}
	t := &w.traces.list[s.trace]
	if t.isGuessed {
		return ""
	}
	return t.settled.Name
}

// decide decides a span: by its exemption, else by on_failure, else by its rate.
func (w *walk) decide(s *span, by *spanRate) (decision.Span, labels.Rule) {
	if w.hasExemptions {
		if e := w.exemptionOf(s); e.isExempt {
			return decision.Span{Keep: e.keep, Tracestate: s.tracestate}, e.rule // T13, T17, T18
		}
	}
	if decides, keep := w.p.common.OnFailure.Decides(by.unavailable); decides {
		return decision.Span{Keep: keep, Tracestate: s.tracestate}, labels.Unavailable
	}
	sampler, r := w.samplerOf(s), &by.match.Rate
	if w.resolution.HasGroups() && !sampler.HasGroup() && !r.IsAlways() && !r.IsNever() && !decision.IsSampled(s.tracestate) {
		w.resolution.CountUngrouped()
	}
	d := sampler.Decide(s.id, s.tracestate, r)
	if by.budget != nil {
		w.meter(s, by, &d)
	}
	return d, by.rule
}

// samplerOf returns the sampler of a span: that of the group of its trace, or of its own group if it is decided by itself.
func (w *walk) samplerOf(s *span) decision.Sampler {
	if s.trace == none {
		return w.p.cfg.Sampler.In(s.item.Group)
	}
	return w.p.cfg.Sampler.In(w.traces.list[s.trace].group)
}

// disable counts all spans as dropped because spans are disabled.
func (w *walk) disable() {
	for i := range w.spans {
		w.namespaces.Of(w.spans[i].item.Namespace).Counters.Count(labels.Disabled, false)
	}
}

// report adds what happened to the batch to the internal metrics.
func (w *walk) report(ctx context.Context) {
	t := w.p.common.Telemetry
	w.resolution.Report(ctx, batch.TracesSignal)
	w.namespaces.Report(ctx, t.ProcessorNamespaceSamplerSpans)
	if w.traces.early > 0 {
		t.ProcessorNamespaceSamplerForgottenTraces.Add(ctx, int64(w.traces.early))
		w.p.common.Problems.Add(problems.ForgottenTraces, int64(w.traces.early))
		if w.p.cfg.Forgotten != nil {
			w.p.cfg.Forgotten(w.traces.early)
		}
	}
	w.faults.Report(ctx, t.ProcessorNamespaceSamplerTracestateFaults, w.p.common.Problems, problems.TracestateFaults)
}

// reset prepares the walk for the next batch. It releases the telemetry of this one.
func (w *walk) reset() {
	clear(w.spans)
	clear(w.candidates)
	w.spans, w.candidates, w.next = w.spans[:0], w.candidates[:0], 0
	w.faults = batch.Faults{}
	w.resolution.Reset()
	w.traces.reset()
	w.orphans.reset()
	w.holding, w.parcel, w.incoming, w.heldAt = holdsNone, hold.Parcel{}, incoming{}, 0
}
