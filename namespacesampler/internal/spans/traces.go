// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// traces are the traces of a batch. All spans of a trace are sampled at the rate of one namespace: that of the root span if it is
// in the batch, else that of the first span that has one (T16).
//
// They are found in this order: as the batch is read, those that a span of it keeps (keepTrace), or those that were settled while their spans
// were held (settleFirst); then, span by span, those that the memory knows, and the rest (traceOf). What the batch tells, and then what
// lookups tell, settles the rest.
type traces struct {
	memory   *tracememory.Memory // nil for trace_id_ratio
	now      tracememory.Instant
	list     []trace
	indexes  map[pcommon.TraceID]int32 // of all traces but those that only the memory has settled
	previous int32                     // index of the trace of the previous span
	// isIndexed is true if traces were found as the batch was read, so that indexes must be asked before the memory.
	isIndexed bool
	early     int // traces forgotten before their TTL
}

// trace is a trace of the batch.
type trace struct {
	id pcommon.TraceID
	// Indexes of spans, or none: the first root, the first with a namespace, the first with a key.
	root, named, keyed int32
	rootHasKey         bool
	// isKept is true if all spans of the trace are kept (T18).
	isKept bool
	// mayBeKept is false if no rate that the trace can get keeps any of its spans.
	mayBeKept bool
	// isGuessed is true if a span that could name the trace was not looked up, because no rate would keep any span. What is settled is
	// then good enough to count by, but not to be remembered or inherited.
	isGuessed bool
	// isUnavailable is true if the trace has no namespace because Postgres could not be asked.
	isUnavailable bool

	isSettled bool
	// isRemembered is true if the batch has settled the trace and the memory knows it, so that spans of it that are held can be released.
	isRemembered bool
	// isEarly is true if a span of it had to be decided because the pipeline holds too many.
	isEarly  bool
	settled  *tracememory.Trace
	counters *batch.Counters // of spans that have no namespace of their own
}

func newTraces(memory *tracememory.Memory) traces {
	return traces{memory: memory, indexes: map[pcommon.TraceID]int32{}, previous: none}
}

// settleKnown finds the traces of the spans, and settles those that are remembered and those that need no lookup. All traces are
// recalled before any is remembered, so that a batch cannot push its own traces out of memory.
func (w *walk) settleKnown() {
	t := &w.traces
	if t.memory == nil {
		return
	}
	for i := range w.spans {
		s := &w.spans[i]
		if s.id.IsEmpty() {
			continue
		}
		s.trace = w.traceOf(&s.id)
		if t := &t.list[s.trace]; !t.isSettled {
			t.join(int32(i), s)
		}
	}
	w.settleUnlessKeyed(true)
}

// settleUnlessKeyed settles the traces whose namespace no further lookup can change; those without a namespace only if nothing was
// looked up yet, since a lookup may have failed.
func (w *walk) settleUnlessKeyed(isFirst bool) {
	for i := range w.traces.list {
		if t := &w.traces.list[i]; !t.isSettled {
			if by, ok := t.namedBy(w.spans); ok && (isFirst || by != none) {
				w.settleBy(t, by)
			}
		}
	}
}

// settleNamed settles the traces that are named by what was looked up, so that their spans need no further lookups.
func (w *walk) settleNamed() {
	for i := range w.traces.list {
		t := &w.traces.list[i]
		t.root, t.named, t.keyed, t.rootHasKey = none, none, none, false
	}
	for i := range w.spans {
		if s := &w.spans[i]; s.trace != none {
			w.traces.list[s.trace].join(int32(i), s)
		}
	}
	w.settleUnlessKeyed(false)
}

// traceOf returns the index of a trace. A remembered trace can be listed more than once if its spans are not adjacent, unless a span
// of the batch keeps it.
func (w *walk) traceOf(id *pcommon.TraceID) int32 {
	t := &w.traces
	if t.previous != none && t.list[t.previous].id == *id {
		return t.previous
	}
	if t.isIndexed {
		if i, ok := t.indexes[*id]; ok {
			t.previous = i
			return i
		}
	}
	known := t.memory.Recall(id, t.now)
	if known != nil && known.IsNamed {
		i := t.add(id)
		w.settle(&t.list[i], known)
		return i
	}
	i, ok := t.indexes[*id]
	if !ok {
		i = t.add(id)
		t.indexes[*id] = i
		t.list[i].isKept = known != nil // only traces that are kept are remembered without a namespace
	}
	t.previous = i
	return i
}

// keepTrace notes that a trace is kept whole, before the traces of the batch are found.
func (w *walk) keepTrace(id *pcommon.TraceID) {
	t := &w.traces
	t.isIndexed = true
	if _, ok := t.indexes[*id]; ok {
		return
	}
	i := t.add(id)
	t.indexes[*id] = i
	t.list[i].isKept = true
	if known := t.memory.Recall(id, t.now); known != nil && known.IsNamed {
		w.settleLike(&t.list[i], known)
	}
}

// settleFirst settles a trace before the traces of the batch are found.
func (w *walk) settleFirst(id *pcommon.TraceID, settled *tracememory.Trace) {
	t := &w.traces
	t.isIndexed = true
	i := t.add(id)
	t.indexes[*id] = i
	w.settle(&t.list[i], settled)
}

// add appends a trace.
func (t *traces) add(id *pcommon.TraceID) int32 {
	i := int32(len(t.list)) //nolint:gosec // a batch has fewer spans
	t.list = append(t.list, trace{id: *id, root: none, named: none, keyed: none})
	t.previous = i
	return i
}

// join notes what a span of the trace says about its namespace.
func (t *trace) join(i int32, s *span) {
	hasKey := s.candidate != none
	if t.root == none && s.isRoot {
		t.root, t.rootHasKey = i, hasKey
	}
	if t.named == none && s.item.Namespace != "" {
		t.named = i
	}
	if t.keyed == none && hasKey {
		t.keyed = i
	}
}

// namedBy returns the span whose namespace is that of the trace, or none. ok is false if a lookup can change the answer.
func (t *trace) namedBy(spans []span) (i int32, ok bool) {
	by := t.namer(spans)
	switch {
	case by != none && by == t.root:
		return by, true
	case t.rootHasKey:
		return none, false
	}
	return by, t.keyed == none || by != none && by < t.keyed
}

// namer returns the span that names the trace by what is known now: the root, else the first span with a namespace, or none.
func (t *trace) namer(spans []span) int32 {
	if t.root != none && spans[t.root].item.Namespace != "" {
		return t.root
	}
	return t.named
}

// canBeNamedBy reports whether the namespace of a span that has a key can become that of the trace.
func (t *trace) canBeNamedBy(i int32) bool { return i == t.root || t.named == none || i < t.named }

// settleRest settles the other traces after the lookup.
func (w *walk) settleRest() {
	if w.traces.memory == nil {
		return
	}
	for i := range w.spans {
		if s := &w.spans[i]; s.trace != none && (s.candidate != none || s.item.IsLookedUp()) {
			w.traces.list[s.trace].learn(int32(i), s)
		}
	}
	for i := range w.traces.list {
		if t := &w.traces.list[i]; !t.isSettled {
			w.settleLookedUp(t)
		}
	}
}

// learn notes the result of the lookups for a span. A span that still has a candidate has a key that was not looked up.
func (t *trace) learn(i int32, s *span) {
	if t.isSettled {
		return
	}
	t.isUnavailable = t.isUnavailable || s.item.IsUnavailable()
	t.isGuessed = t.isGuessed || s.candidate != none && t.canBeNamedBy(i)
	if s.item.Namespace != "" && (t.named == none || i < t.named) {
		t.named = i
	}
}

func (w *walk) settleLookedUp(t *trace) {
	if known := w.traces.memory.Recall(&t.id, w.traces.now); known != nil && known.IsNamed { // settled by a concurrent batch
		t.isUnavailable, t.isGuessed = false, false
		w.settleLike(t, known)
		return
	}
	by := t.namer(w.spans)
	if t.isGuessed && by != none {
		w.settle(t, w.traceLike(by))
		return
	}
	w.settleBy(t, by)
}

// settleBy settles a trace by the namespace of a span, and remembers it. Without a span the trace has no namespace, and is
// not remembered unless it is kept whole, since later spans may know more.
func (w *walk) settleBy(t *trace, by int32) {
	switch {
	case by != none:
		t.isUnavailable = false
		w.settleLike(t, w.traceLike(by))
	case t.isKept:
		w.settleLike(t, w.namespaces.OfMissing(t.isUnavailable).Trace)
	default:
		w.settle(t, w.namespaces.OfMissing(t.isUnavailable).Trace)
	}
}

// settleLike settles a trace, and remembers it.
func (w *walk) settleLike(t *trace, like *tracememory.Trace) {
	if t.isKept {
		like = like.Kept()
	}
	remembered, early := w.traces.memory.Remember(&t.id, w.traces.now, like)
	if early {
		w.traces.early++
	}
	t.isRemembered = true
	w.settle(t, remembered)
}

// traceLike returns what settles a trace by the namespace of a span.
func (w *walk) traceLike(i int32) *tracememory.Trace {
	return w.namespaces.Of(w.spans[i].item.Namespace).Trace
}

func (w *walk) settle(t *trace, settled *tracememory.Trace) {
	t.isSettled, t.settled, t.counters = true, settled, w.namespaces.CountersOf(settled.Label)
	t.isKept = t.isKept || settled.IsKept
}

// spanRate is the rate of a span, the rule that it comes from, and the counters that count the span.
type spanRate struct {
	match       *rate.Match
	rule        labels.Rule
	unavailable bool
	counters    *batch.Counters
}

// rateOf returns the rate of a span: that of its trace, else that of its own namespace. A span is counted under its own namespace
// if it has one, else under that of its trace.
func (w *walk) rateOf(s *span) spanRate {
	if s.trace == none {
		own := w.namespaces.OfItem(&s.item)
		return spanRate{match: own.Rate, rule: own.Rule, unavailable: s.item.IsUnavailable(), counters: own.Counters}
	}
	t := &w.traces.list[s.trace]
	by := spanRate{match: t.settled.Rate, rule: labels.Trace, unavailable: t.isUnavailable, counters: t.counters}
	if s.item.Namespace == "" {
		if !t.settled.IsNamed {
			by.rule = batch.RuleOf(t.settled.Rate)
		}
		return by
	}
	own := w.namespaces.Of(s.item.Namespace)
	by.counters = own.Counters
	if own.Counters.Label == t.settled.Label && isEqual(own.Rate, t.settled.Rate) {
		by.rule = own.Rule
	}
	return by
}

// isEqual reports whether two rates are equal. A remembered rate can come from a table that was replaced since.
func isEqual(a, b *rate.Match) bool { return a == b || *a == *b }

func (t *traces) reset() {
	t.indexes = batch.Emptied(t.indexes, 0)
	clear(t.list)
	t.list, t.previous, t.isIndexed, t.early = t.list[:0], none, false, 0
}
