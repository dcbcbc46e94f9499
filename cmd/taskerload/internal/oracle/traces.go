// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// expectation works out what must become of the spans of one request.
type expectation struct {
	*oracle
	found []resolution // of each span, in the order of the request
	views map[pcommon.TraceID]*traceView
}

// traceView is what a request tells of a trace.
type traceView struct {
	spans      []int  // as numbers in the request
	root       int    // the first of them without parent, or none
	remembered string // the namespace that an earlier request told
	mayBeKept  bool   // by some rate, for some span
	told       string // the namespace of the trace, if every key were looked up; empty: nothing tells
	namespace  string // the same by the keys that are: its rate holds; empty: the global one does, for this request
}

const none = -1

// spans says what must become of the spans of a request, in its order, and which keys are looked up for them.
func (o *oracle) spans(request ptrace.Traces) ([]spanOutcome, keySet) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := &expectation{oracle: o, views: map[pcommon.TraceID]*traceView{}}
	e.view(request)
	for _, v := range e.views {
		v.told = e.namespaceOf(v)
	}
	keys := e.lookUp(request)
	for id, v := range e.views {
		if v.namespace = e.namespaceOf(v); v.namespace != "" {
			o.remembered[id] = v.namespace
		}
	}
	var out []spanOutcome
	for s := range spansIn(request) {
		out = append(out, o.span(s.span, &e.found[len(out)], e.views[s.span.TraceID()]))
	}
	return out, keys
}

func (e *expectation) view(request ptrace.Traces) {
	for s := range spansIn(request) {
		id, i := s.span.TraceID(), len(e.found)
		v := e.views[id]
		if v == nil {
			v = &traceView{root: none, remembered: e.remembered[id]}
			e.views[id] = v
		}
		v.spans = append(v.spans, i)
		if v.root == none && s.span.ParentSpanID().IsEmpty() {
			v.root = i
		}
		v.mayBeKept = v.mayBeKept || e.mayKeep(s.span)
		e.found = append(e.found, e.resolve(s.span.Attributes(), s.scope, s.resource))
	}
}

// mayKeep says that a span is kept by one rate at least, that of Postgres being away among them.
func (o *oracle) mayKeep(span ptrace.Span) bool {
	highest := o.traces.highest()
	return o.keepsOnFailure || highest == 1 || o.decide(span, highest).keep
}

func (o *oracle) decide(span ptrace.Span, rate float64) decision {
	return decide(span.TraceID(), span.TraceState().AsRaw(), rate, o.precision)
}

// speaker is the span that tells something of its trace: the root if it does, else the first that does.
func (e *expectation) speaker(v *traceView, tells func(*resolution) bool) *resolution {
	if v.root != none && tells(&e.found[v.root]) {
		return &e.found[v.root]
	}
	for _, i := range v.spans {
		if tells(&e.found[i]) {
			return &e.found[i]
		}
	}
	return &resolution{}
}

// namespaceOf is the one that was remembered, else that of the root, else that of the first span with any.
func (e *expectation) namespaceOf(v *traceView) string {
	if v.remembered != "" {
		return v.remembered
	}
	return e.speaker(v, func(r *resolution) bool { return r.namespace() != "" }).namespace()
}

// certain is the namespace of a trace if no lookup can change it.
func (e *expectation) certain(v *traceView) (namespace string, certain bool) {
	if v.remembered != "" {
		return v.remembered, true
	}
	r := e.speaker(v, func(r *resolution) bool { return r.named != "" || r.key != "" })
	return r.named, r.key == ""
}

// lookUp gathers the keys that matter. Of a span whose key does not, nothing more gets known.
func (e *expectation) lookUp(request ptrace.Traces) keySet {
	keys, i := keySet{}, 0
	for s := range spansIn(request) {
		if r := &e.found[i]; r.key != "" {
			if r.spared = !e.matters(s.span, i); r.spared {
				r.resolved = ""
			} else {
				keys.add(r.key)
			}
		}
		i++
	}
	return keys
}

// matters says whether the answer about a span, which has a key, can change a decision, or an attribute of a span that is
// kept: by the rate that holds in any case, or else by any.
func (e *expectation) matters(span ptrace.Span, i int) bool {
	if !e.byTrace {
		return e.mayKeep(span)
	}
	v := e.views[span.TraceID()]
	if namespace, certain := e.certain(v); certain {
		rate, _ := e.traces.of(namespace)
		return e.decide(span, rate).keep
	}
	return e.mayKeep(span) || v.mayBeKept && e.mayTell(v, i)
}

// mayTell says that the namespace of a span may be the one that its trace gets: the span is the root, or no span before it
// names a namespace.
func (e *expectation) mayTell(v *traceView, i int) bool {
	if i == v.root {
		return true
	}
	for _, before := range v.spans {
		if before == i {
			return true
		}
		if e.found[before].named != "" {
			return false
		}
	}
	panic("a span that is not in its trace")
}
