// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// decide records what a request that is about to be sent decides about a span that is held. The span must not have arrived yet.
func (l *Spans) decide(d *oracle.Decided) {
	e := l.spans[d.ID]
	from := e.held
	e.held = nil
	t := l.traces[e.trace]
	t.isDecided = true
	if e.arrived > 0 {
		e.row.Unexpected++
		l.example("%s, trace %s, span %s: arrived before the request that decides it was sent", e.name, e.trace, d.ID)
		return
	}
	e.entry = l.revise(&from.Outcome, &d.Outcome, from.Weight)
	e.tracestate, e.weight, e.write = d.Tracestate, d.Weight, d.Write
	t.revise(from, &d.SpanOutcome)
}

// Answered records that the collector has answered a request.
func (l *Spans) Answered(request ptrace.Traces) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for s := range items.Spans(request) {
		if t := l.traces[s.TraceID()]; t.isDecided && !t.heldSince.IsZero() {
			l.longestHeld = max(l.longestHeld, now.Sub(t.heldSince))
			t.heldSince = time.Time{}
		}
	}
}

// LongestHeld is the longest time from before a request whose spans are held was sent until a request that decides them was
// answered. The processor held no span of such a trace for longer. If it exceeds the processor's wait, the predictions may not hold.
func (l *Spans) LongestHeld() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.longestHeld
}
