// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Traces counts the spans of each trace.
type Traces map[pcommon.TraceID]*Trace

// Trace counts the spans of a trace.
type Trace struct {
	Namespace     string // of the first request that has one for the trace; empty: none
	Unresolved    int    // spans that were decided at the global rate, because no request had one by then
	Failed        bool   // a span has the status error
	Workflow      string // that the trace belongs to; empty: none
	Overruled     bool   // another sampler has decided about it, and not as for the rest of its workflow
	Rate          float64
	Sent, Arrived int
	Foreign       bool  // another sampler has set the randomness that decides about its spans
	Records       Count // log records that must be kept with it

	heldSince time.Time // since the first of its spans that is held was sent; zero: none is
	isDecided bool      // its held spans are, by a request
}

func (t Traces) send(span ptrace.Span, out *oracle.SpanOutcome) *Trace {
	e := t[span.TraceID()]
	if e == nil {
		e = &Trace{}
		t[span.TraceID()] = e
	}
	e.Sent++
	e.Failed = e.Failed || span.Status().Code() == ptrace.StatusCodeError
	e.learn(out)
	return e
}

func (t *Trace) learn(out *oracle.SpanOutcome) {
	if !out.TraceResolved {
		t.Unresolved++
	}
	if t.Namespace == "" {
		t.Namespace = out.TraceNamespace
	}
	t.Workflow, t.Overruled, t.Foreign, t.Rate = out.Workflow, out.Overruled, out.Foreign, out.Rate
}

// revise replaces the outcome of a span that was held.
func (t *Trace) revise(from, to *oracle.SpanOutcome) {
	if !from.TraceResolved {
		t.Unresolved--
	}
	t.learn(to)
}

func (t *Trace) hold(now time.Time) {
	if t.heldSince.IsZero() {
		t.heldSince = now
	}
}

// Kept reports whether any span of the trace arrived.
func (t *Trace) Kept() bool { return t.Arrived > 0 }

// Complete reports whether all spans of the trace arrived.
func (t *Trace) Complete() bool { return t.Arrived == t.Sent }
