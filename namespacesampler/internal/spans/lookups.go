// SPDX-License-Identifier: Apache-2.0

package spans

import "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"

// wantKeys has those keys looked up whose namespace can change a decision, or an attribute of a kept span.
func (w *walk) wantKeys() {
	highest := w.p.common.HighestRate(w.namespaces.Table())
	w.markHopeful(highest)
	for i := range w.spans {
		if s := &w.spans[i]; s.candidate != none && w.needsLookup(s, int32(i), highest) {
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
			t.mayBeKept = !w.p.cfg.Sampler.Drops(s.id, s.tracestate, highest)
		}
	}
}

// canBeKeptLater reports whether spans that no rate keeps wait for a span that keeps their trace, unless a namespace is found (T19).
func (w *walk) canBeKeptLater() bool { return w.holding != holdsNone && !w.p.keepTraces.IsEmpty() }

// needsLookup reports whether a lookup for span i can matter: because it can name a trace that may be kept, or because the span
// itself may be kept and must be named.
func (w *walk) needsLookup(s *span, i int32, highest *rate.Rate) bool {
	limit := highest
	exemption := w.exemptionOf(s)
	if exemption.isExempt && exemption.keep {
		return true // the namespace is written to the span
	}
	if s.trace != none {
		if t := &w.traces.list[s.trace]; t.isSettled {
			limit = &t.settled.Rate.Rate
		} else if (t.mayBeKept || t.isKept || w.canBeKeptLater()) && t.canBeNamedBy(i) {
			return true
		}
	}
	return !exemption.isExempt && !w.p.cfg.Sampler.Drops(s.id, s.tracestate, limit)
}
