// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Namespace is a namespace that a walk has met.
type Namespace struct {
	Rate *rate.Match
	// Rule is the rule that Rate comes from.
	Rule labels.Rule
	// Counters count the items of the namespace.
	Counters *Counters
	// Trace is what is settled about the traces of the namespace.
	Trace *tracememory.Trace
	// Budget counts for the budget that the rate follows from. It is nil without one.
	Budget *Budget

	name     string
	entry    *rate.Match // before a guard lowered it
	halvings int
	sifted   *tracememory.Trace
}

// maxInheritedBytes bounds the names that are remembered with traces, since they come from telemetry.
const maxInheritedBytes = 256

// Counters count the items of a label since the last report.
type Counters struct {
	Label  *labels.Label
	counts labels.Counts
	isUsed bool
}

// HasSettled reports whether a trace has the label and the rate of the namespace, so that an item of the namespace gets the same from both. A
// remembered rate can come from a table that was replaced since.
func (n *Namespace) HasSettled(t *tracememory.Trace) bool {
	return n.Counters.Label == t.Label && (n.Rate == t.Rate || *n.Rate == *t.Rate)
}

// Count counts an item.
func (c *Counters) Count(r labels.Rule, keep bool) { c.counts[r][labels.DecisionOf(keep)]++ }

// Namespaces finds the rates and counters of namespaces. It is reused from batch to batch and remembers the namespaces that it
// has met, so that an item costs one map lookup.
type Namespaces struct {
	signal labels.Signal
	set    *labels.Set

	table   *rate.Table
	version uint64 // of the labels
	known   map[string]*Namespace
	bytes   int // of the names in known
	// unavailable is the namespace of items that have none because Postgres could not be asked; nil if none was met.
	unavailable *Namespace

	counters []*Counters // by the index of their label
	used     []*Counters // since the last report

	budgets     map[*allowance.Share]*Budget // nil before the first
	usedBudgets *[]*Budget                   // since the last report
}

// maxKnownBytes bounds the names that are remembered from batch to batch, since they come from telemetry.
const maxKnownBytes = 256 << 10

// NewNamespaces returns the namespaces of a signal's walk.
func NewNamespaces(signal labels.Signal, set *labels.Set) Namespaces {
	return Namespaces{signal: signal, set: set, known: map[string]*Namespace{}, usedBudgets: &[]*Budget{}}
}

// Begin sets the table for the next batch. It reports whether the table has changed since the last batch.
func (n *Namespaces) Begin(table *rate.Table) (changed bool) {
	version := n.set.Version()
	changed = table != n.table
	if changed || version != n.version {
		n.table, n.version = table, version
		n.forget()
	}
	return changed
}

// Table returns the table of the batch.
func (n *Namespaces) Table() *rate.Table { return n.table }

func (n *Namespaces) forget() {
	n.known = Emptied(n.known, 0)
	n.bytes, n.unavailable = 0, nil
	if n.budgets != nil {
		n.budgets = Emptied(n.budgets, 0)
	}
}

// OfItem returns the namespace of an item.
func (n *Namespaces) OfItem(it *Item) *Namespace {
	if it.Namespace == "" {
		return n.OfMissing(it.IsUnavailable())
	}
	return n.Of(it.Namespace)
}

// OfMissing returns the namespace of items without one. They have the rate of the empty name; but if they have none because
// Postgres could not be asked, they may belong to any namespace, and have the global rate.
func (n *Namespaces) OfMissing(isUnavailable bool) *Namespace {
	if !isUnavailable {
		return n.Of("")
	}
	ns := n.OfUnknown()
	n.use(ns.Counters)
	return ns
}

// OfUnknown returns the namespace of items that may belong to any: they have the global rate.
func (n *Namespaces) OfUnknown() *Namespace {
	if n.unavailable == nil {
		n.unavailable = n.namespace("", n.table.OfUnknown())
	}
	n.unavailable = n.guarded(n.unavailable)
	return n.unavailable
}

// Of returns a namespace by name. The empty name stands for items without a namespace.
func (n *Namespaces) Of(name string) *Namespace {
	ns, ok := n.known[name]
	if !ok {
		ns = n.meet(strings.Clone(name)) // a clone, so that the telemetry is not retained
	}
	if ns.Budget != nil && ns.halvings != ns.entry.Halvings() {
		ns = n.guarded(ns)
		n.known[ns.name] = ns
	}
	n.use(ns.Counters)
	return ns
}

func (n *Namespaces) meet(name string) *Namespace {
	ns := n.namespace(name, n.table.Lookup(name))
	n.known[name] = ns
	n.bytes += len(name)
	return ns
}

func (n *Namespaces) namespace(name string, match *rate.Match) *Namespace {
	ns := &Namespace{
		Rate: match, Rule: RuleOf(match), Counters: n.CountersOf(n.set.Of(name)), Budget: n.BudgetOf(match), name: name, entry: match,
	}
	ns.Trace = ns.newTrace()
	return n.guarded(ns)
}

func (n *Namespace) newTrace() *tracememory.Trace {
	inherited := n.name
	if len(n.name) > maxInheritedBytes || !utf8.ValidString(n.name) {
		inherited = ""
	}
	return tracememory.NewTrace(n.Rate, n.Counters.Label, n.name != "", inherited)
}

// RuleOf returns the rule under which items are counted that have a rate because of their own namespace.
func RuleOf(m *rate.Match) labels.Rule {
	switch m.Rule {
	case rate.Exact:
		return labels.Exact
	case rate.Pattern:
		return labels.Pattern
	case rate.Global:
	}
	return labels.Global
}

// CountersOf returns the counters of a label.
func (n *Namespaces) CountersOf(l *labels.Label) *Counters {
	if missing := l.Index + 1 - len(n.counters); missing > 0 {
		n.counters = append(n.counters, make([]*Counters, missing)...)
	}
	c := n.counters[l.Index]
	if c == nil {
		c = &Counters{Label: l}
		n.counters[l.Index] = c
	}
	n.use(c)
	return c
}

func (n *Namespaces) use(c *Counters) {
	if !c.isUsed {
		c.isUsed = true
		n.used = append(n.used, c)
	}
}

// Report adds what was counted since the last report to the item counter of the signal.
func (n *Namespaces) Report(ctx context.Context, items metric.Int64Counter) {
	now := time.Now()
	for _, c := range n.used {
		c.Label.Report(ctx, n.signal, &c.counts, items, now)
		c.counts, c.isUsed = labels.Counts{}, false
	}
	clear(n.used)
	n.used = n.used[:0]
	n.reportBudgets()
	if n.bytes > maxKnownBytes {
		n.forget()
		clear(n.counters)
	}
}
