// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Spans records every span that is sent, by span ID.
type Spans struct {
	book
	oracle *oracle.Oracle
	spans  map[pcommon.SpanID]*spanEntry
	traces Traces

	longestHeld time.Duration // see LongestHeld
}

type spanEntry struct {
	entry
	trace      pcommon.TraceID
	parent     pcommon.SpanID
	name       string
	tracestate string // if kept
	weight     float64

	// The namespace attribute of the span as it was sent, whether there is one, and the number of attributes. A namespace that
	// must be written replaces it; empty: none.
	namespace    string
	hasNamespace bool
	attributes   int
	write        string

	held *oracle.SpanOutcome // if it is held and no request has decided it yet
}

// NewSpans returns a ledger that expects what the oracle predicts.
func NewSpans(o *oracle.Oracle) *Spans {
	return &Spans{
		book:   newBook("spans"),
		oracle: o,
		spans:  map[pcommon.SpanID]*spanEntry{},
		traces: Traces{},
	}
}

// Send records a request that is about to be sent.
func (l *Spans) Send(request ptrace.Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	p := l.oracle.Spans(request)
	l.summary.Keys += len(p.Keys)
	for i := range p.Decided {
		l.decide(&p.Decided[i])
	}
	i := 0
	for s := range items.Spans(request) {
		l.sendSpan(s.Span, &p.Spans[i], now)
		i++
	}
}

func (l *Spans) sendSpan(span ptrace.Span, out *oracle.SpanOutcome, now time.Time) {
	namespace, present := items.Namespace(span.Attributes())
	e := &spanEntry{
		entry:        l.send(&out.Outcome, out.Weight),
		trace:        span.TraceID(),
		parent:       span.ParentSpanID(),
		name:         span.Name(),
		tracestate:   out.Tracestate,
		weight:       out.Weight,
		namespace:    namespace,
		hasNamespace: present,
		attributes:   span.Attributes().Len(),
		write:        out.Write,
	}
	if l.spans[span.SpanID()] != nil {
		panic("two spans of the load share an ID")
	}
	l.spans[span.SpanID()] = e
	if out.Overruled && out.IsSeen {
		l.summary.Overruled++
	}
	t := l.traces.send(span, out)
	if out.Held {
		held := *out // without the others of its request
		e.held = &held
		l.summary.Held++
		t.hold(now)
	}
}

// content is the namespace attribute of the span if it is kept, and its number of attributes.
func (e *spanEntry) content() (namespace string, attributes int) {
	switch {
	case e.write == "":
		return e.namespace, e.attributes
	case e.hasNamespace:
		return e.write, e.attributes
	default:
		return e.write, e.attributes + 1
	}
}

// Receive compares a request that arrived with what was sent.
func (l *Spans) Receive(request ptrace.Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range items.Spans(request) {
		l.receiveSpan(s.Span)
	}
}

func (l *Spans) receiveSpan(span ptrace.Span) {
	describe := func() string {
		return fmt.Sprintf("%s, trace %s, span %s", span.Name(), span.TraceID(), span.SpanID())
	}
	l.arrived++
	e := l.spans[span.SpanID()]
	if e == nil || e.trace != span.TraceID() {
		l.arriveUnknown(describe())
		return
	}
	if !l.arrive(&e.entry, describe) {
		return
	}
	l.traces[e.trace].Arrived++
	if e.weight != 0 {
		e.row.WeightKept += oracle.AdjustedCount(span.TraceState().AsRaw())
	}
	if !e.keep {
		return // the content of an unexpected span is not specified
	}
	if got := span.TraceState().AsRaw(); got != e.tracestate {
		e.row.WrongTracestate++
		l.example("%s: tracestate %q, want %q", describe(), got, e.tracestate)
	}
	got, _ := items.Namespace(span.Attributes())
	namespace, attributes := e.content()
	switch {
	case got != namespace:
		e.row.WrongNamespace++
		l.example("%s: attribute namespace %q, want %q", describe(), got, namespace)
	case span.Name() != e.name || span.ParentSpanID() != e.parent || span.Attributes().Len() != attributes:
		e.row.Altered++
		l.example("%s: parent %s with %d attributes, want %s with parent %s and %d attributes",
			describe(), span.ParentSpanID(), span.Attributes().Len(), e.name, e.parent, attributes)
	}
}

// Traces is the number of traces so far.
func (l *Spans) Traces() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.traces)
}

// Settle counts the spans that did not arrive and returns the result. The ledger must not be used afterwards.
func (l *Spans) Settle() (*Summary, Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.spans {
		l.settle(&e.entry, fmt.Sprintf("%s, trace %s, span %s", e.name, e.trace, id))
		if e.held != nil {
			l.summary.Waiting++
		}
	}
	l.spans = nil // not needed any more, and large
	return l.summary, l.traces
}
