// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// traces are the traces of a batch. All spans of a trace are sampled at the rate of one namespace: that of the root span if it is
// in the batch, else that of the first span that has one (T16). In the same way they have one group (G4).
//
// They are found in this order: as the batch is read, those that a span of it keeps or overrules (foundEarly), or those that were settled
// while their spans were held (settleFirst); then, span by span, those that the memory knows, and the rest (traceOf; with groups also as the
// batch is read, and again if a span has told about a trace after the first of its spans). What the batch tells, and then what lookups tell,
// settles the rest.
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
	id                 pcommon.TraceID
	root               int32 // index of its first root, or none
	naming             claim // for its namespace
	grouping           claim // for its group
	group              group.Group
	hasNews            bool // something was found out about it that the memory does not know
	isSettled          bool // its rate is
	isGroupFinal       bool // no lookup can change its randomness
	isRemembered       bool // the memory knows what the batch has found out, so that spans of it that are held may be released
	isUnavailable      bool // it has no namespace because Postgres could not be asked
	isGroupUnavailable bool // it has no group because Postgres could not be asked
	// isKept is true if all spans of the trace are kept (T18).
	isKept bool
	// mayBeKept is false if no rate that the trace can get keeps any of its spans.
	mayBeKept bool
	// isGuessed is true if a span that could name the trace was not looked up, because no rate would keep any span. What is settled is
	// then good enough to count by, but not to be remembered or inherited.
	isGuessed bool
	// isEarly is true if a span of it had to be decided because the pipeline holds too many.
	isEarly  bool
	settled  *tracememory.Trace
	counters *batch.Counters // of spans that have no namespace of their own
	metered  metered
}

func newTraces(memory *tracememory.Memory) traces {
	return traces{memory: memory, indexes: map[pcommon.TraceID]int32{}, previous: none}
}

// settleKnown finds the traces of the spans, and settles those that are remembered and those that need no lookup. All traces are
// recalled before any is remembered, so that a batch cannot push its own traces out of memory.
func (w *walk) settleKnown() {
	if w.traces.memory == nil {
		return
	}
	w.traces.previous = none
	for i := range w.spans {
		s := &w.spans[i]
		if s.id.IsEmpty() {
			continue
		}
		w.findTrace(s)
		t := &w.traces.list[s.trace]
		if w.hasBudgets {
			w.foresee(t, s)
		}
		if !t.isSettled || w.lacksGroup(t) {
			w.join(t, int32(i), s)
		}
	}
	w.settleCertain(true)
}

// findTrace finds the trace of a span. With groups, it was found as the span was read; another span may have told about the trace since.
func (w *walk) findTrace(s *span) {
	if s.trace == none {
		s.trace = w.traceOf(&s.id)
		return
	}
	t := &w.traces
	if i, ok := t.indexes[s.id]; ok && i != s.trace {
		// The memory may have forgotten the trace between the two.
		w.adopt(&t.list[i], t.list[s.trace].known())
		s.trace = i
	}
}

// traceOf returns the index of a trace. A remembered trace can be listed more than once if its spans are not adjacent, unless something
// else than the memory tells about it.
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
	if known.IsNamed() && (known.Group.IsKnown() || !w.resolution.HasGroups()) {
		i := w.addTrace(id)
		w.adopt(&t.list[i], known)
		return i
	}
	i, ok := t.indexes[*id]
	if !ok {
		i = w.addTrace(id)
		t.indexes[*id] = i
		w.adopt(&t.list[i], known)
	}
	t.previous = i
	return i
}

// isComplete reports whether nothing that is found out about a trace later changes how its spans are decided, unless it is kept whole or its
// group is overruled.
func (p *Processor) isComplete(k tracememory.Known) bool {
	return k.IsKept() || k.IsNamed() && (!p.common.Groups.IsActive() || k.Group.IsSettled())
}

// foundEarly returns a trace that a span tells something about which holds for all spans of the batch, also those before it.
func (w *walk) foundEarly(id *pcommon.TraceID) *trace {
	t := &w.traces
	t.isIndexed = true
	i, ok := t.indexes[*id]
	if !ok {
		i = w.addTrace(id)
		t.indexes[*id] = i
		w.adopt(&t.list[i], t.memory.Recall(id, t.now))
	}
	return &t.list[i]
}

// keepTrace notes that a trace is kept whole, before the traces of the batch are found.
func (w *walk) keepTrace(id *pcommon.TraceID) {
	if t := w.foundEarly(id); !t.isKept {
		t.isKept, t.hasNews = true, true
	}
}

// overruleGroup notes that an earlier sampler has decided a trace, before the traces of the batch are found (G3).
func (w *walk) overruleGroup(id *pcommon.TraceID) {
	if t := w.foundEarly(id); !t.group.IsOverruled() {
		t.group, t.isGroupFinal, t.hasNews = t.group.Overruled(), true, true
	}
}

// settleFirst settles a trace before the traces of the batch are found.
func (w *walk) settleFirst(id *pcommon.TraceID, known tracememory.Known) {
	t := &w.traces
	t.isIndexed = true
	i := w.addTrace(id)
	t.indexes[*id] = i
	w.adopt(&t.list[i], known)
}

// addTrace appends a trace.
func (w *walk) addTrace(id *pcommon.TraceID) int32 {
	t := &w.traces
	i := int32(len(t.list)) //nolint:gosec // a batch has fewer spans
	t.list = append(t.list, trace{
		id: *id, root: none, naming: noClaim, grouping: noClaim, isGroupFinal: !w.resolution.HasGroups(),
	})
	t.previous = i
	return i
}

// lacksGroup reports whether a span can still give a trace its group. If the group is overruled, it only tells what is counted.
func (w *walk) lacksGroup(t *trace) bool { return w.resolution.HasGroups() && !t.group.IsKnown() }

// join notes what a span of the trace says about its namespace and its group.
func (w *walk) join(t *trace, i int32, s *span) {
	if t.root == none && s.isRoot {
		t.root = i
	}
	isRoot, hasKey := i == t.root, s.candidate != none
	switch {
	case s.item.Namespace != "":
		t.naming.has(i, isRoot)
	case hasKey:
		t.naming.hasKey(i, isRoot)
	}
	switch {
	case !w.lacksGroup(t):
	case s.item.Group.IsKnown():
		t.grouping.has(i, isRoot)
	case hasKey && !t.isGroupFinal:
		t.grouping.hasKey(i, isRoot)
	}
}

// spanRate is the rate of a span, the rule that it comes from, and the counters that count the span.
type spanRate struct {
	match       *rate.Match
	rule        labels.Rule
	unavailable bool
	counters    *batch.Counters
	budget      *batch.Budget // nil without one
}

// rateOf returns the rate of a span: that of its trace, else that of its own namespace. A span is counted under its own namespace
// if it has one, else under that of its trace.
func (w *walk) rateOf(s *span) spanRate {
	if s.trace == none {
		own := w.namespaces.OfItem(&s.item)
		return spanRate{match: own.Rate, rule: own.Rule, unavailable: s.item.IsUnavailable(), counters: own.Counters, budget: own.Budget}
	}
	t := &w.traces.list[s.trace]
	by := spanRate{match: t.settled.Rate, rule: labels.Trace, unavailable: t.isUnavailable, counters: t.counters, budget: t.metered.budget}
	if s.item.Namespace == "" {
		if !t.settled.IsNamed {
			by.rule = batch.RuleOf(t.settled.Rate)
		}
		return by
	}
	own := w.namespaces.Of(s.item.Namespace)
	by.counters = own.Counters
	if own.HasSettled(t.settled) {
		by.rule = own.Rule
	}
	return by
}

func (t *traces) reset() {
	t.indexes = batch.Emptied(t.indexes, 0)
	clear(t.list)
	t.list, t.previous, t.isIndexed, t.early = t.list[:0], none, false, 0
}
