// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"

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
}

type spanEntry struct {
	entry
	trace      pcommon.TraceID
	parent     pcommon.SpanID
	name       string
	tracestate string // if kept
	weight     float64

	// The namespace attribute of the span if it is kept, and its number of attributes.
	namespace  string
	attributes int
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
	outcomes, keys := l.oracle.Spans(request)
	l.summary.Keys += len(keys)
	for s := range items.Spans(request) {
		l.sendSpan(s.Span, &outcomes[0])
		outcomes = outcomes[1:]
	}
}

func (l *Spans) sendSpan(span ptrace.Span, out *oracle.SpanOutcome) {
	namespace, present := items.Namespace(span.Attributes())
	e := &spanEntry{
		entry:      l.send(&out.Outcome, out.Weight),
		trace:      span.TraceID(),
		parent:     span.ParentSpanID(),
		name:       span.Name(),
		tracestate: out.Tracestate,
		weight:     out.Weight,
		namespace:  namespace,
		attributes: span.Attributes().Len(),
	}
	if out.Write != "" {
		e.namespace = out.Write
		if !present {
			e.attributes++
		}
	}
	if l.spans[span.SpanID()] != nil {
		panic("two spans of the load share an ID")
	}
	l.spans[span.SpanID()] = e
	l.traces.send(span.TraceID(), out)
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
	switch {
	case got != e.namespace:
		e.row.WrongNamespace++
		l.example("%s: attribute namespace %q, want %q", describe(), got, e.namespace)
	case span.Name() != e.name || span.ParentSpanID() != e.parent || span.Attributes().Len() != e.attributes:
		e.row.Altered++
		l.example("%s: parent %s with %d attributes, want %s with parent %s and %d attributes",
			describe(), span.ParentSpanID(), span.Attributes().Len(), e.name, e.parent, e.attributes)
	}
}

// Settle counts the spans that did not arrive and returns the result. The ledger must not be used afterwards.
func (l *Spans) Settle() (*Summary, Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.spans {
		l.settle(&e.entry, fmt.Sprintf("%s, trace %s, span %s", e.name, e.trace, id))
	}
	l.spans = nil // not needed any more, and large
	return l.summary, l.traces
}
