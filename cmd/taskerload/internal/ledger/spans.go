// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanLedger holds every span that was sent, by span ID.
type spanLedger struct {
	book
	oracle *oracle
	spans  map[pcommon.SpanID]*spanEntry
	traces traces
}

type spanEntry struct {
	entry
	trace  pcommon.TraceID
	parent pcommon.SpanID
	name   string
	state  string
	weight float64

	// What the attribute namespace must be on a kept span, and how many attributes that makes.
	namespace  string
	attributes int
}

func newSpanLedger(o *oracle) *spanLedger {
	return &spanLedger{
		book:   newBook("spans"),
		oracle: o,
		spans:  map[pcommon.SpanID]*spanEntry{},
		traces: traces{},
	}
}

// expect notes what must become of each span of a request that is about to be sent.
func (l *spanLedger) expect(request ptrace.Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	outcomes, lookups := l.oracle.spans(request)
	l.keys += len(lookups)
	for s := range spansIn(request) {
		l.expectSpan(s.span, &outcomes[0])
		outcomes = outcomes[1:]
	}
}

func (l *spanLedger) expectSpan(span ptrace.Span, out *spanOutcome) {
	namespace, present := stringAttribute(span.Attributes())
	e := &spanEntry{
		entry:  l.add(&out.outcome, out.weight),
		trace:  span.TraceID(),
		parent: span.ParentSpanID(),
		name:   span.Name(),
		state:  out.state,
		weight: out.weight,

		namespace:  namespace,
		attributes: span.Attributes().Len(),
	}
	if out.write != "" {
		e.namespace = out.write
		if !present {
			e.attributes++
		}
	}
	if l.spans[span.SpanID()] != nil {
		panic("two spans of the load share an ID")
	}
	l.spans[span.SpanID()] = e
	l.traces.send(span.TraceID(), out.trace)
}

// receive checks what arrived.
func (l *spanLedger) receive(request ptrace.Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range spansIn(request) {
		l.receiveSpan(s.span)
	}
}

func (l *spanLedger) receiveSpan(span ptrace.Span) {
	what := func() string {
		return fmt.Sprintf("%s, trace %s, span %s", span.Name(), span.TraceID(), span.SpanID())
	}
	l.arrivals++
	e := l.spans[span.SpanID()]
	if e == nil || e.trace != span.TraceID() {
		l.stranger(what())
		return
	}
	if !l.arrive(&e.entry, what) {
		return
	}
	l.traces[e.trace].arrived++
	if e.weight != 0 {
		e.row.weightKept += adjustedCount(span.TraceState().AsRaw())
	}
	if !e.keep {
		return // no rule says how a span that should not be here must look
	}
	if got := span.TraceState().AsRaw(); got != e.state {
		e.row.wrongState++
		l.example("%s: tracestate %q, want %q", what(), got, e.state)
	}
	got, _ := stringAttribute(span.Attributes())
	switch {
	case got != e.namespace:
		e.row.wrongNamespace++
		l.example("%s: attribute namespace %q, want %q", what(), got, e.namespace)
	case span.Name() != e.name || span.ParentSpanID() != e.parent || span.Attributes().Len() != e.attributes:
		e.row.altered++
		l.example("%s: parent %s with %d attributes, want %s under parent %s with %d",
			what(), span.ParentSpanID(), span.Attributes().Len(), e.name, e.parent, e.attributes)
	}
}

// settle counts what never came.
func (l *spanLedger) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.spans {
		l.lose(&e.entry, fmt.Sprintf("%s, trace %s, span %s", e.name, e.trace, id))
	}
	l.spans = nil // the rest is in the book, which is kept for longer
}

func stringAttribute(m pcommon.Map) (value string, present bool) {
	v, ok := m.Get(namespaceAttribute)
	if !ok {
		return "", false
	}
	return v.AsString(), true
}
