// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// orphans are the children that internal spans leave behind in a batch when they are dropped. They get the nearest ancestor
// that is left for a parent.
type orphans struct {
	buried map[spanID]grave
	// internals is how many spans of the batch are internal: only their children are orphans. What a rate drops leaves its
	// children as they are, as in any sampler.
	internals int
	way       []spanID // working memory of ancestor
}

// spanID identifies a span.
type spanID struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// grave is a span that was dropped.
type grave struct {
	parent   pcommon.SpanID
	internal bool
}

// bury notes that a span was dropped. In a batch where nothing is internal it costs nothing.
func (o *orphans) bury(span ptrace.Span, internal bool) {
	if o.internals == 0 || span.SpanID().IsEmpty() { // an empty ID is nobody's parent
		return
	}
	if o.buried == nil {
		o.buried = map[spanID]grave{}
	}
	o.buried[spanID{span.TraceID(), span.SpanID()}] = grave{parent: span.ParentSpanID(), internal: internal}
}

// adopt gives the orphans among the spans that are left their new parents.
func (o *orphans) adopt(td ptrace.Traces) {
	if o.internals == 0 {
		return
	}
	// An ID that two spans share, as the two sides of a call do in some formats, still stands for the one that is left.
	forEachSpan(td, func(span ptrace.Span) { delete(o.buried, spanID{span.TraceID(), span.SpanID()}) })
	forEachSpan(td, func(span ptrace.Span) {
		parent := spanID{span.TraceID(), span.ParentSpanID()}
		if !o.buried[parent].internal {
			return
		}
		ancestor := o.ancestor(parent)
		if ancestor == span.SpanID() { // its own ancestor, in bad input
			ancestor = pcommon.SpanID{}
		}
		span.SetParentSpanID(ancestor)
	})
}

// ancestor returns the nearest ancestor of a buried span that is not buried, which may be in another batch. It is empty, and so
// makes a root, above the root and where bad input goes in circles. What was passed on the way there points straight at it
// afterwards, so that all ways together, however long, cost no more than the spans that there are.
func (o *orphans) ancestor(from spanID) pcommon.SpanID {
	at := from
	for {
		g, ok := o.buried[at]
		if !ok {
			break
		}
		o.way = append(o.way, at)
		o.buried[at] = grave{internal: g.internal} // should the way come back here, it goes in circles, and ends
		at.span = g.parent
	}
	for _, passed := range o.way {
		o.buried[passed] = grave{parent: at.span, internal: o.buried[passed].internal}
	}
	o.way = o.way[:0]
	return at.span
}

func forEachSpan(td ptrace.Traces, visit func(ptrace.Span)) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				visit(span)
			}
		}
	}
}

// reset clears the orphans for the next batch.
func (o *orphans) reset() {
	clear(o.buried)
	o.internals = 0
}
