// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// traceRate is the rate of a trace, and the label that those of its spans count under that have no namespace of their own. It is
// what is remembered of the trace: the rate, never a decision, so that late spans are stamped right (T16).
type traceRate struct {
	match *rate.Match
	label *label
}

// traceRates are the traces of a batch with their rates, for the sampler parent_based.
type traceRates struct {
	memory *tracememory.Memory[traceRate] // nil for trace_id_ratio

	traces []trace
	places map[pcommon.TraceID]int32 // of the traces that are not remembered
	near   [nearTraces]int32         // the trace that was met last among those whose ID ends alike
	early  int                       // traces that were forgotten before their time
}

// trace is a trace of a batch: what its spans say of its namespace until its rate is settled, then its rate.
type trace struct {
	id pcommon.TraceID
	// The first root span; the first span that names its namespace; the first that has a key to look it up by.
	root, named, keyed int32
	rootIsKeyed        bool
	// mayBeKept is false where no rate that the trace can come to have keeps any of its spans.
	mayBeKept bool

	settled     bool
	guessed     bool // a span that may speak for it was not looked up, as no rate could keep anything
	unavailable bool // nothing named it, and Postgres could not be asked
	rate        traceRate
	*counters   // of spans that have no namespace of their own
}

const noItem = -1

// nearTraces is for each value of the last byte of an ID, which is random in what most generate.
const nearTraces = 1 << 8

func newTraceRates(memory *tracememory.Memory[traceRate]) traceRates {
	return traceRates{memory: memory, places: map[pcommon.TraceID]int32{}}
}

// settleKnown finds the traces of the spans, and settles the rate of those that are remembered, and of those whose namespace shows
// without a lookup.
func (w *tracesWalk) settleKnown() {
	if w.memory == nil {
		return
	}
	s := w.memory.Open()
	for i := range w.items {
		it := &w.items[i]
		if it.id.IsEmpty() {
			continue
		}
		it.trace = w.traceOf(s, it.id)
		if t := &w.traces[it.trace]; !t.settled {
			t.join(int32(i), it)
		}
	}
	for i := range w.traces {
		t := &w.traces[i]
		if t.settled {
			continue
		}
		if speaker, ok := t.speaker(w.items); ok {
			w.settleBy(s, t, speaker)
		}
	}
	w.early += s.Close()
}

// traceOf returns the index of a trace. One that is remembered may have several: to tell all apart would take longer than to recall
// some again.
func (w *tracesWalk) traceOf(s tracememory.Session[traceRate], id pcommon.TraceID) int32 {
	next := int32(len(w.traces)) //nolint:gosec // a batch has fewer items
	near := &w.near[id[len(id)-1]]
	if *near < next && w.traces[*near].id == id { // what another batch left there is another trace, or the same
		return *near
	}
	known, remembered := s.Recall(id)
	if !remembered {
		if i, ok := w.places[id]; ok {
			*near = i
			return i
		}
		w.places[id] = next
	}
	*near = next
	w.traces = append(w.traces, trace{id: id, root: noItem, named: noItem, keyed: noItem})
	if remembered {
		w.settle(&w.traces[next], known)
	}
	return next
}

// join notes that a span belongs to the trace.
func (t *trace) join(i int32, it *item) {
	if t.root == noItem && it.isRoot {
		t.root, t.rootIsKeyed = i, it.hasKey
	}
	if t.named == noItem && it.name != "" {
		t.named = i
	}
	if t.keyed == noItem && it.hasKey {
		t.keyed = i
	}
}

// speaker returns the item that names the namespace of a trace, noItem for none, and false where a lookup can tell otherwise.
func (t *trace) speaker(items []item) (int32, bool) {
	switch {
	case t.root != noItem && items[t.root].name != "":
		return t.root, true
	case t.rootIsKeyed:
		return noItem, false
	}
	return t.named, t.keyed == noItem || t.named != noItem && t.named < t.keyed
}

// mayBeNamedBy reports whether the namespace of an item, which has a key, can become that of its trace.
func (t *trace) mayBeNamedBy(i int32) bool { return i == t.root || t.named == noItem || i < t.named }

// settleRest settles the rate of the other traces, now that all is known that can be.
func (w *tracesWalk) settleRest() {
	rest := false
	for _, wish := range w.wishes {
		it := &w.items[wish.item]
		if it.trace == noTrace || w.traces[it.trace].settled {
			continue
		}
		rest = true
		t := &w.traces[it.trace]
		t.unavailable = t.unavailable || it.unavailable()
		t.guessed = t.guessed || it.key == noKey && t.mayBeNamedBy(wish.item)
		if it.name != "" && (t.named == noItem || wish.item < t.named) {
			t.named = wish.item
		}
	}
	if !rest {
		return
	}
	s := w.memory.Open()
	for i := range w.traces {
		t := &w.traces[i]
		if t.settled {
			continue
		}
		if known, ok := s.Recall(t.id); ok { // by a batch that was under way at the same time
			t.unavailable = false
			w.settle(t, known)
			continue
		}
		speaker := t.named
		if t.root != noItem && w.items[t.root].name != "" {
			speaker = t.root
		}
		if t.guessed && speaker != noItem { // good enough to count by, not to remember
			named := w.slot(w.items[speaker].name)
			w.settle(t, traceRate{match: named.match, label: named.label})
			continue
		}
		w.settleBy(s, t, speaker)
	}
	w.early += s.Close()
}

// settleBy settles the rate of a trace by the namespace of an item, and remembers it. Where there is none, the global rate decides
// and nothing is remembered: later spans may know more.
func (w *tracesWalk) settleBy(s tracememory.Session[traceRate], t *trace, speaker int32) {
	if speaker == noItem {
		none := w.slot("")
		w.settle(t, traceRate{match: none.match, label: none.label})
		return
	}
	named := w.slot(w.items[speaker].name)
	t.unavailable = false
	w.settle(t, traceRate{match: named.match, label: named.label})
	s.Remember(t.id, t.rate)
}

func (w *tracesWalk) settle(t *trace, r traceRate) {
	t.settled, t.rate, t.counters = true, r, w.countersOf(r.label)
}

// spanRate is the rate that decides a span, the rule that it comes by, and the counters of the span.
type spanRate struct {
	match       *rate.Match
	rule        rule
	unavailable bool
	*counters
}

// rateOf returns the rate of a span: that of its trace, else that of its own namespace. It counts under its own namespace where it
// has one, else under that of its trace.
func (w *tracesWalk) rateOf(it *item) spanRate {
	if it.trace == noTrace {
		own := w.slot(it.name)
		return spanRate{match: own.match, rule: own.rule, unavailable: it.unavailable(), counters: own.counters}
	}
	t := &w.traces[it.trace]
	by := spanRate{match: t.rate.match, rule: ruleTrace, unavailable: t.unavailable, counters: t.counters}
	if none := w.rt.labels.none; it.name == "" && t.rate.label == none {
		by.rule = ruleGlobal
	}
	if it.name != "" {
		own := w.slot(it.name)
		by.counters = own.counters
		if own.label == t.rate.label && isSame(own.match, t.rate.match) {
			by.rule = own.rule
		}
	}
	return by
}

// isSame reports whether two rates are the same by the same rule: also where the one is remembered, and the table that it came from
// was replaced since.
func isSame(a, b *rate.Match) bool { return a == b || *a == *b }

// reset clears the traces for the next batch.
func (r *traceRates) reset() {
	clear(r.traces)
	clear(r.places)
	r.traces, r.early = r.traces[:0], 0
}
