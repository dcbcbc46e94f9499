// SPDX-License-Identifier: Apache-2.0

package spans

import "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"

// settleCertain settles the namespaces and groups of traces that no further lookup can change; that a trace has none only if nothing was
// looked up yet, since a lookup may have failed.
func (w *walk) settleCertain(isFirst bool) {
	for i := range w.traces.list {
		t := &w.traces.list[i]
		if by := t.naming.by(); !t.isSettled && t.naming.isCertain() && (isFirst || by != none) {
			w.settleBy(t, by)
		}
		if by := t.grouping.by(); w.lacksGroup(t) && t.grouping.isCertain() && (isFirst || by != none) {
			w.groupBy(t, by)
		}
		w.remember(t)
	}
}

// settleNamed settles the traces that are named by what was looked up, so that their spans need no further lookups.
func (w *walk) settleNamed() {
	for i := range w.traces.list {
		t := &w.traces.list[i]
		t.root, t.naming, t.grouping = none, noClaim, noClaim
	}
	for i := range w.spans {
		if s := &w.spans[i]; s.trace != none {
			w.join(&w.traces.list[s.trace], int32(i), s)
		}
	}
	w.settleCertain(false)
}

// settleRest settles the other traces after the lookup.
func (w *walk) settleRest() {
	if w.traces.memory == nil {
		return
	}
	for i := range w.spans {
		if s := &w.spans[i]; s.trace != none && (s.candidate != none || s.item.IsLookedUp()) {
			w.learn(&w.traces.list[s.trace], int32(i), s)
		}
	}
	for i := range w.traces.list {
		if t := &w.traces.list[i]; !t.isSettled || w.lacksGroup(t) {
			w.settleLookedUp(t)
		}
	}
}

// learn notes the result of the lookups for a span. A span that still has a candidate has a key that was not looked up.
func (w *walk) learn(t *trace, i int32, s *span) {
	isRoot := i == t.root
	if !t.isSettled {
		t.isUnavailable = t.isUnavailable || s.item.IsUnavailable()
		if s.item.Namespace != "" {
			t.naming.has(i, isRoot)
		} else {
			t.isGuessed = t.isGuessed || s.candidate != none && t.naming.canBecome(i, isRoot)
		}
	}
	if w.lacksGroup(t) {
		t.isGroupUnavailable = t.isGroupUnavailable || s.item.IsGroupUnavailable()
		if s.item.Group.IsKnown() {
			t.grouping.has(i, isRoot)
		}
	}
}

func (w *walk) settleLookedUp(t *trace) {
	w.adopt(t, w.traces.memory.Recall(&t.id, w.traces.now)) // a concurrent batch may have settled it
	if !t.isSettled {
		w.settleBy(t, t.naming.by())
	}
	if w.lacksGroup(t) {
		w.groupBy(t, t.grouping.by())
	}
	w.remember(t)
}

// settleBy settles a trace by the namespace of a span. Without a span the trace has no namespace, and is not remembered unless it is kept
// whole, since later spans may know more.
func (w *walk) settleBy(t *trace, by int32) {
	if by == none {
		w.settle(t, w.traceOfNamespace(t, w.namespaces.OfMissing(t.isUnavailable)))
		w.promise(t)
		t.hasNews = t.hasNews || t.isKept
		return
	}
	t.isUnavailable = t.isUnavailable && t.isGuessed
	w.settle(t, w.traceOfNamespace(t, w.namespaces.Of(w.spans[by].item.Namespace)))
	w.promise(t)
	t.hasNews = t.hasNews || !t.isGuessed
}

// groupBy gives a trace the group of a span. Without a span it has none, and the trace ID decides.
func (w *walk) groupBy(t *trace, by int32) {
	t.isGroupFinal = true
	if by != none {
		t.group, t.hasNews = t.group.With(w.spans[by].item.Group), true
	}
}

// remember remembers what the batch has found out about a trace, and takes over what concurrent batches have.
func (w *walk) remember(t *trace) {
	if !t.hasNews {
		return
	}
	known := tracememory.Known{Group: t.group}
	switch {
	case t.settled == nil:
	case t.isKept:
		known.Trace = t.settled.Kept()
	case t.settled.IsNamed && !t.isGuessed:
		known.Trace = t.settled
	}
	if known == (tracememory.Known{}) {
		return // a trace that is kept and has no namespace yet
	}
	known, early := w.traces.memory.Remember(&t.id, w.traces.now, known)
	if early {
		w.traces.early++
	}
	t.hasNews, t.isRemembered = false, true
	w.adopt(t, known)
}

// adopt takes over what the memory knows of a trace.
func (w *walk) adopt(t *trace, known tracememory.Known) {
	if known.IsNamed() || known.Trace != nil && t.isSettled {
		t.isUnavailable, t.isGuessed = false, false
		w.settle(t, known.Trace)
	}
	t.isKept = t.isKept || known.IsKept()
	if w.resolution.HasGroups() {
		t.group = known.Group.With(t.group)
		t.isGroupFinal = t.isGroupFinal || t.group.IsSettled()
	}
}

func (w *walk) settle(t *trace, settled *tracememory.Trace) {
	t.isSettled, t.settled, t.counters = true, settled, w.namespaces.CountersOf(settled.Label)
	t.isKept = t.isKept || settled.IsKept
	t.metered.budget = w.namespaces.BudgetOf(settled.Rate)
}
