// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

// orphans are the children of internal spans that were dropped from the batch. Each gets its nearest surviving ancestor as parent.
type orphans struct {
	// internals is the number of internal spans in the batch. Only their children get new parents; the children of spans that a
	// rate drops keep theirs, as in any sampler.
	internals int
	noted     int // dropped spans; removed has never held more
	removed   map[spanID]removed
	path      []spanID // working memory of ancestor
}

// spanID identifies a span.
type spanID struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// removed is a span that was dropped.
type removed struct {
	parent     pcommon.SpanID
	isInternal bool
}

// dropped notes a dropped span. It does nothing unless there are internal spans in the batch.
func (o *orphans) dropped(span ptrace.Span, isInternal bool) {
	if o.internals == 0 || span.SpanID().IsEmpty() { // no span has a parent with an empty ID
		return
	}
	if o.removed == nil {
		o.removed = map[spanID]removed{}
	}
	o.noted++
	o.removed[spanID{span.TraceID(), span.SpanID()}] = removed{parent: span.ParentSpanID(), isInternal: isInternal}
}

// adopt gives new parents to the orphans among the remaining spans: those of the batch, and those that are held.
func (o *orphans) adopt(td ptrace.Traces, held *hold.Parcel) {
	if o.internals == 0 {
		return
	}
	// Two spans can share an ID, as client and server spans do in some formats. If one of them remains, it is still a parent.
	forEachSpan(td, held, func(span ptrace.Span) { delete(o.removed, spanID{span.TraceID(), span.SpanID()}) })
	forEachSpan(td, held, func(span ptrace.Span) {
		parent := spanID{span.TraceID(), span.ParentSpanID()}
		if !o.removed[parent].isInternal {
			return
		}
		ancestor := o.ancestor(parent)
		if ancestor == span.SpanID() { // invalid input: the span is its own ancestor
			ancestor = pcommon.SpanID{}
		}
		span.SetParentSpanID(ancestor)
	})
}

// ancestor returns the nearest ancestor of a removed span that was not removed; it may be in another batch. The ID is empty,
// which makes the child a root, if there is none or if the input has a cycle. The spans on the path are linked directly to the
// result, so that the total cost is linear in the number of spans.
func (o *orphans) ancestor(from spanID) pcommon.SpanID {
	at := from
	for {
		r, ok := o.removed[at]
		if !ok {
			break
		}
		o.path = append(o.path, at)
		o.removed[at] = removed{isInternal: r.isInternal} // without a parent, so that a cycle ends here
		at.span = r.parent
	}
	for _, passed := range o.path {
		o.removed[passed] = removed{parent: at.span, isInternal: o.removed[passed].isInternal}
	}
	o.path = o.path[:0]
	return at.span
}

func forEachSpan(td ptrace.Traces, held *hold.Parcel, visit func(ptrace.Span)) {
	for span := range held.Spans() {
		visit(span)
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				visit(span)
			}
		}
	}
}

func (o *orphans) reset() {
	o.removed = batch.Emptied(o.removed, o.noted)
	o.internals, o.noted = 0, 0
}
