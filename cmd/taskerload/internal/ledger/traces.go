// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Traces counts the spans of each trace.
type Traces map[pcommon.TraceID]*Trace

// Trace counts the spans of a trace.
type Trace struct {
	Namespace     string // of the first request that has one for the trace; empty: none
	Unresolved    bool   // a request had none, and was decided at the global rate
	Sent, Arrived int
}

func (t Traces) send(id pcommon.TraceID, out *oracle.SpanOutcome) {
	e := t[id]
	if e == nil {
		e = &Trace{}
		t[id] = e
	}
	e.Sent++
	e.Unresolved = e.Unresolved || !out.TraceResolved
	if e.Namespace == "" {
		e.Namespace = out.TraceNamespace
	}
}

// Kept reports whether any span of the trace arrived.
func (t *Trace) Kept() bool { return t.Arrived > 0 }

// Complete reports whether all spans of the trace arrived.
func (t *Trace) Complete() bool { return t.Arrived == t.Sent }
