// SPDX-License-Identifier: Apache-2.0

package hold_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

// outlet is an outlet that notes the calls that leave by it.
type outlet struct {
	*hold.Outlet
	store *hold.Store

	mu     sync.Mutex
	calls  []call
	during func(call) // called by each call before it returns, unless it is nil
}

// call is a release that was sent.
type call struct {
	ctx     context.Context
	spans   []string // names
	td      ptrace.Traces
	settled int // traces that were settled by something
}

func newOutlet(s *hold.Store) *outlet {
	o := &outlet{store: s}
	o.Outlet = s.NewOutlet(func(r *hold.Release) int { return r.Spans().SpanCount() }, o.send)
	return o
}

func (o *outlet) send(ctx context.Context, r *hold.Release) {
	c := call{ctx: ctx, settled: len(r.Settled), td: r.Spans()}
	for _, span := range spansOf(c.td) {
		c.spans = append(c.spans, span.Name())
	}
	o.mu.Lock()
	o.calls = append(o.calls, c)
	o.mu.Unlock()
	if o.during != nil {
		o.during(c)
	}
}

// isOpen reports whether spans can be held.
func (o *outlet) isOpen() bool {
	isClosed, isFull := o.State()
	return !isClosed && !isFull
}

// taken returns the calls since the last time.
func (o *outlet) taken() (calls []call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	calls, o.calls = o.calls, nil
	return calls
}

// left returns the spans that left since the last time, by name.
func (o *outlet) left() (names []string) {
	for _, c := range o.taken() {
		names = append(names, c.spans...)
	}
	return names
}

// put holds spans of some traces that came from a client, each in a parcel of its own. Names of spans begin with a byte that numbers the trace.
func (o *outlet) put(info client.Info, names ...string) {
	for _, name := range names {
		var p hold.Parcel
		add(&p, batchOf(name))
		o.store.Put(&p, o.Outlet, info)
	}
	o.store.Send()
}

// decide releases traces that have been settled, and waits until what came by the outlet has been sent.
func (o *outlet) decide(traces ...byte) {
	receipt := o.NewReceipt()
	for _, n := range traces {
		id := traceID(n)
		o.store.Release(&id, settled, receipt)
	}
	o.store.Send()
	receipt.Wait(context.Background())
}

// excess releases the traces that are too many, and waits until what came by the outlet has been sent.
func (o *outlet) excess() (early int) {
	receipt := o.NewReceipt()
	early = o.store.ReleaseExcess(receipt)
	o.store.Send()
	receipt.Wait(context.Background())
	return early
}

func traceID(n byte) pcommon.TraceID { return pcommon.TraceID{0: 1, 15: n} }

// batchOf returns a batch of spans in one scope.
func batchOf(names ...string) ptrace.Traces {
	td := ptrace.NewTraces()
	appendScope(td.ResourceSpans().AppendEmpty(), names...)
	return td
}

func appendScope(rs ptrace.ResourceSpans, names ...string) {
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for _, name := range names {
		span := spans.AppendEmpty()
		span.SetName(name)
		span.SetTraceID(traceID(name[0]))
	}
}

// add adds all spans of a batch to a parcel.
func add(p *hold.Parcel, td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				p.Add(rs, ss, span)
			}
		}
	}
}

func spansOf(td ptrace.Traces) (spans []ptrace.Span) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			spans = slices.AppendSeq(spans, func(yield func(ptrace.Span) bool) {
				ss.Spans().All()(func(_ int, s ptrace.Span) bool { return yield(s) })
			})
		}
	}
	return spans
}

// nobody is a client of which nothing is known.
var nobody client.Info

const (
	wait     = 2 * time.Second
	maxSpans = 1_000_000
)
