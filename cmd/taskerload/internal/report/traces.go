// SPDX-License-Identifier: Apache-2.0

package main

import "go.opentelemetry.io/collector/pdata/pcommon"

// traces is what was sent of each trace, and what arrived.
type traces map[pcommon.TraceID]*traceEntry

type traceEntry struct {
	namespace     string // that the first request with any told; empty: none did
	silent        bool   // a request told none, and was decided at the global rate
	sent, arrived int
}

func (t traces) send(id pcommon.TraceID, v *traceView) {
	e := t[id]
	if e == nil {
		e = &traceEntry{}
		t[id] = e
	}
	e.sent++
	e.silent = e.silent || v.namespace == ""
	if e.namespace == "" {
		e.namespace = v.told
	}
}

func (e *traceEntry) kept() bool     { return e.arrived > 0 }
func (e *traceEntry) complete() bool { return e.arrived == e.sent }

// completeness counts traces: those of which anything arrived, and those of which everything did.
type completeness struct{ sent, kept, complete int }

func (c *completeness) add(e *traceEntry) {
	c.sent++
	if e.kept() {
		c.kept++
	}
	if e.complete() {
		c.complete++
	}
}

// cells are those of the report: kept, complete, and the share.
func (c completeness) cells() []string {
	return []string{thousands(c.kept), thousands(c.complete), percent(c.complete, c.kept) + " %"}
}

// count counts all traces, and those of each namespace, by the names that they have in another run.
func (t traces) count(names traces) map[string]completeness {
	rows := map[string]completeness{}
	for id, e := range t {
		label := labelNone
		if name := names[id]; name != nil && name.namespace != "" {
			label = name.namespace
		}
		for _, row := range []string{label, labelAll} {
			c := rows[row]
			c.add(e)
			rows[row] = c
		}
	}
	return rows
}

// cutByKeys is how many traces are incomplete of which a request told no namespace.
func (t traces) cutByKeys() (n int) {
	for _, e := range t {
		if e.silent && e.kept() && !e.complete() {
			n++
		}
	}
	return n
}

// judgeTraces says of a run with whole traces that they stay whole. Where traces are cut, and where each span is decided
// alone, some cannot.
func (r *result) judgeTraces() []check {
	if !r.byTrace || r.cut {
		return nil
	}
	all := r.traces.count(r.traces)[labelAll]
	return []check{{
		"traces: all of which anything is kept are complete",
		all.kept - all.complete,
		"the rows of TRACES, and the spans that are missing",
	}}
}
