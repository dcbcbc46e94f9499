// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// wantKeys has those keys looked up whose namespace or group can change a decision, or an attribute of a kept span.
func (w *walk) wantKeys() {
	highest := w.p.common.HighestRate(w.namespaces.Table())
	w.markHopeful(highest)
	for i := range w.spans {
		if s := &w.spans[i]; s.candidate != none && w.needsLookup(s, int32(i), highest) {
			if w.hasBudgets && s.trace == none {
				s.siftedAt = w.spanSiftedAt(s, highest)
			}
			w.resolution.Want(&s.item, &w.candidates[s.candidate])
			s.candidate = none
		}
	}
}

// markHopeful marks the unsettled traces that have spans which the highest rate would keep.
func (w *walk) markHopeful(highest *rate.Rate) {
	for i := range w.spans {
		s := &w.spans[i]
		if s.trace == none || w.exemptionOf(s).isExempt {
			continue
		}
		if t := &w.traces.list[s.trace]; !t.isSettled && !t.mayBeKept {
			t.mayBeKept = !w.drops(s, highest)
			t.metered.siftedAt = w.siftedAt(t, highest)
		}
	}
}

// canBeKeptLater reports whether spans that no rate keeps wait for a span that keeps their trace, unless a namespace is found (T19).
func (w *walk) canBeKeptLater() bool { return w.holding != holdsNone && !w.p.keepTraces.IsEmpty() }

// drops reports whether a rate drops a span, whatever a lookup tells about its group.
func (w *walk) drops(s *span, r *rate.Rate) bool {
	if s.trace == none && w.isGroupUndecided(s) || s.trace != none && !w.traces.list[s.trace].isGroupFinal {
		return r.IsNever()
	}
	return w.samplerOf(s).Drops(s.id, s.tracestate, r)
}

// isGroupUndecided reports whether a lookup can give a group to a span that is decided by itself.
func (w *walk) isGroupUndecided(s *span) bool {
	return s.candidate != none && w.resolution.LacksGroup(&s.item) && !decision.IsSampled(s.tracestate)
}

// needsLookup reports whether a lookup for span i can matter: because it can give its trace a group, or name a trace that may be kept; or
// because the span itself may be kept, and must be named or decided by its group.
func (w *walk) needsLookup(s *span, i int32, highest *rate.Rate) bool {
	exemption := w.exemptionOf(s)
	lacksName := s.item.Namespace == ""
	if lacksName && exemption.isExempt && exemption.keep {
		return true // the namespace is written to the span
	}
	limit := highest
	if s.trace == none {
		if !lacksName {
			limit = &w.namespaces.Of(s.item.Namespace).Rate.Rate
			return !exemption.isExempt && w.isGroupUndecided(s) && !limit.IsNever() && !limit.IsAlways()
		}
		return !exemption.isExempt && !w.drops(s, limit)
	}
	t := &w.traces.list[s.trace]
	switch isRoot := i == t.root; {
	case w.canGroup(t, i, s) && !highest.IsNever():
		return true
	case !lacksName:
		return false
	case t.isSettled:
		limit = &t.settled.Rate.Rate
	case (t.mayBeKept || t.isKept || w.canBeKeptLater()) && t.naming.canBecome(i, isRoot):
		return true
	}
	return !exemption.isExempt && !w.drops(s, limit)
}

// canGroup reports whether a lookup for span i can give its trace a group that decides it.
func (w *walk) canGroup(t *trace, i int32, s *span) bool {
	return !t.isGroupFinal && !t.isKept && !s.item.Group.IsKnown() && t.grouping.canBecome(i, i == t.root)
}
