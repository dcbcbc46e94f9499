// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// metered is what a trace of the batch means for the budget that its rate follows from.
type metered struct {
	budget *batch.Budget // nil without one
	// foreseen are the spans of the batch that a rate will probably decide, arrived those that it has decided.
	foreseen, arrived batch.Load
	// promised is the number of spans that the guard was told of as the trace was settled, so that it can lower the rates of traces after it.
	promised float64
	// siftedAt is the probability of the rate that the trace had to pass to be looked up, or 0.
	siftedAt float64
}

// incoming is the probability that spans with a tracestate arrived with.
type incoming struct {
	tracestate  string
	probability float64
}

// foresee notes that a span of a trace will probably be decided by the rate of the trace.
func (w *walk) foresee(t *trace, s *span) {
	if t.isSettled || w.hasExemptions && s.exemption.isExempt {
		return
	}
	t.metered.foreseen.Add(w.probabilityOf(s))
}

// probabilityOf returns the probability that a span arrived with.
func (w *walk) probabilityOf(s *span) float64 {
	if s.tracestate == "" {
		return 1
	}
	if s.tracestate != w.incoming.tracestate { // the spans of a trace often have the same
		w.incoming = incoming{s.tracestate, decision.ProbabilityOf(s.tracestate)}
	}
	return w.incoming.probability
}

// siftedAt returns the probability of the highest rate if a trace is only looked up because it passes that rate, else 0 (B2).
func (w *walk) siftedAt(t *trace, highest *rate.Rate) float64 {
	if !w.hasBudgets || !t.mayBeKept || !t.isGroupFinal || t.isKept || w.canBeKeptLater() || highest.IsAlways() {
		return 0
	}
	return highest.Probability
}

// spanSiftedAt is siftedAt for a span that is decided by itself. Whether a random draw drops a span cannot be foreseen.
func (w *walk) spanSiftedAt(s *span, highest *rate.Rate) float64 {
	if s.item.Namespace != "" || s.id.IsEmpty() || w.isGroupUndecided(s) || highest.IsAlways() {
		return 0
	}
	return highest.Probability
}

// siftedAtHold is siftedAt for spans that were held: those that no rate keeps were dropped instead.
func (w *walk) siftedAtHold() float64 {
	highest := w.namespaces.Table().Highest()
	if !w.hasBudgets || w.resolution.HasGroups() || !w.p.keepTraces.IsEmpty() || highest.IsAlways() {
		return 0
	}
	return highest.Probability
}

// traceOfNamespace returns what settles a trace by a namespace.
func (w *walk) traceOfNamespace(t *trace, ns *batch.Namespace) *tracememory.Trace {
	if t.metered.siftedAt > 0 {
		return ns.SiftedTrace(t.metered.siftedAt)
	}
	return ns.Trace
}

// promise tells the guard how many spans of a trace that begins in the batch will be kept on average (B5).
func (w *walk) promise(t *trace) {
	m := &t.metered
	if m.budget == nil || t.isKept || t.isGuessed {
		return
	}
	m.promised = m.budget.Promise(m.foreseen, t.settled.SiftedAt, t.settled.Rate.Probability)
}

// meter counts a span that a rate has decided which follows from a budget.
func (w *walk) meter(s *span, by *spanRate, d *decision.Span) {
	if d.Keep {
		by.budget.Keep()
	}
	probability := 1.0
	if d.Fault != decision.Inconsistent { // else its threshold is false
		probability = w.probabilityOf(s)
	}
	if s.trace != none {
		w.traces.list[s.trace].metered.arrived.Add(probability)
		return
	}
	if s.candidate != none { // it was not looked up, since no rate keeps it: others stand for it
		return
	}
	var load batch.Load
	load.Add(probability)
	by.budget.Arrive(load, s.siftedAt, by.match.Probability, 0)
}

// meterTraces counts the spans of all traces that rates have decided which follow from budgets. Those of traces that were not looked up are not
// counted, since others stand for them.
func (w *walk) meterTraces() {
	if !w.hasBudgets {
		return
	}
	for i := range w.traces.list {
		t := &w.traces.list[i]
		m := &t.metered
		if m.budget == nil || t.isGuessed {
			continue
		}
		siftedAt := t.settled.SiftedAt
		if siftedAt == 0 && t.settled.IsNamed {
			siftedAt = w.heldAt
		}
		m.budget.Arrive(m.arrived, siftedAt, t.settled.Rate.Probability, m.promised)
	}
}
