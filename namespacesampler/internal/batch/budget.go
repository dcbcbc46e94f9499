// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// guardPart is the part of a share that a batch expects to keep before it tells the guard, so that batches do not contend for it with each item,
// and several of them at once pass its limits by little.
const guardPart = 1.0 / 64

// Budget counts the items of a batch that a rate decides which follows from a budget.
type Budget struct {
	share    *allowance.Share
	count    allowance.Count
	whole    float64 // items that arrived with probability 1 and stand for themselves; the others are in count
	expected float64 // items that the guard was not told of
	incoming float64 // the highest probability that items arrived with
	isUsed   bool
	used     *[]*Budget // since the last report
}

func (b *Budget) use() {
	if !b.isUsed {
		b.isUsed = true
		*b.used = append(*b.used, b)
	}
}

// Load is a number of items that arrived, and the sum of their inverse probabilities.
type Load struct{ Items, Adjusted float64 }

// Add adds an item that arrived with a probability.
func (l *Load) Add(probability float64) {
	l.Items++
	l.Adjusted += 1 / probability
}

// sifted returns how many items the load stands for, if only those arrived here that pass a rate of a probability (B2). 0 means that all did.
func (l Load) sifted(at float64, mode budget.Mode) Load {
	if at == 0 || l.Items == 0 {
		return l
	}
	weight := 1 / at
	if mode == budget.Equalizing {
		weight = max(1, l.Items/(l.Adjusted*at)) // what arrived with a lower probability passes in any case
	}
	return Load{l.Items * weight, l.Adjusted * weight}
}

// Promise tells the guard of items that will probably be decided by a rate, so that it can lower the rate of what follows (B5). It returns how many
// of them the rate keeps on average. The load was sifted at a probability, or at 0.
func (b *Budget) Promise(l Load, siftedAt, rate float64) (promised float64) {
	return b.expect(l.sifted(siftedAt, b.share.Mode), rate, 0)
}

// Arrive counts items that a rate has decided. promised is what Promise has returned for them, or 0.
func (b *Budget) Arrive(l Load, siftedAt, rate, promised float64) {
	l = l.sifted(siftedAt, b.share.Mode)
	b.expect(l, rate, promised)
	if l.Items == l.Adjusted {
		b.whole += l.Items
	} else {
		b.count.Arrivals.AddMean(l.Items, l.Adjusted)
	}
}

// expect notes how many items of a load a rate keeps on average, less those that were noted before.
func (b *Budget) expect(l Load, rate, before float64) (expected float64) {
	b.use()
	incoming := 1.0
	if b.share.Mode == budget.Equalizing && l.Items > 0 {
		incoming = l.Items / l.Adjusted
	}
	expected = l.Items * min(rate/incoming, 1)
	b.incoming = max(b.incoming, incoming)
	if b.expected += expected - before; b.expected >= guardPart*b.share.Guard.Share() {
		b.tellGuard()
	}
	return expected
}

func (b *Budget) tellGuard() {
	b.share.Guard.Add(b.expected, b.incoming)
	b.expected = 0
}

// Keep counts an item that is kept.
func (b *Budget) Keep() { b.count.Kept++ }

// BudgetOf returns the counts for the budget that a rate follows from, or nil if there is none. The rate can be that of an earlier interval.
func (n *Namespaces) BudgetOf(m *rate.Match) *Budget {
	if m.Share == nil {
		return nil
	}
	b, ok := n.budgets[m.Share]
	if !ok {
		b = &Budget{share: m.Share, used: n.usedBudgets}
		if n.budgets == nil {
			n.budgets = map[*allowance.Share]*Budget{}
		}
		n.budgets[m.Share] = b
	}
	return b
}

// guarded returns a namespace with its rate as the guard of the budget has lowered it.
func (n *Namespaces) guarded(ns *Namespace) *Namespace {
	halvings := ns.entry.Halvings()
	if halvings == ns.halvings {
		return ns
	}
	lowered := *ns
	lowered.halvings, lowered.Rate, lowered.sifted = halvings, ns.entry.Lowered(halvings), nil
	lowered.Trace = lowered.newTrace()
	return &lowered
}

// SiftedTrace is Trace for traces that were looked up only because they pass a rate.
func (n *Namespace) SiftedTrace(probability float64) *tracememory.Trace {
	if n.Budget == nil || probability >= 1 {
		return n.Trace
	}
	if n.sifted == nil || n.sifted.SiftedAt != probability {
		n.sifted = n.Trace.Sifted(probability)
	}
	return n.sifted
}

// reportBudgets adds what was counted since the last report to the meters of the budgets.
func (n *Namespaces) reportBudgets() {
	for _, b := range *n.usedBudgets {
		b.tellGuard()
		b.count.Arrivals.AddMean(b.whole, b.whole)
		b.share.Meter.Add(&b.count)
		b.count = allowance.Count{Arrivals: b.count.Arrivals[:0]} // the meter has copied them
		b.whole, b.incoming, b.isUsed = 0, 0, false
	}
	clear(*n.usedBudgets)
	*n.usedBudgets = (*n.usedBudgets)[:0]
}
