// SPDX-License-Identifier: Apache-2.0

package main

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spansPerRequest is about what an SDK's or an agent's batch holds.
const spansPerRequest = 1000

// tracesFor is how many traces hold n spans.
func tracesFor(n int) int { return (n + spansPerTrace - 1) / spansPerTrace }

// trace is a planned trace with its identifiers.
type trace struct {
	id    pcommon.TraceID
	state string // the tracestate that all its spans arrive with
	plans []spanPlan
	spans []pcommon.SpanID
	start time.Time
}

// newTraces yields traces of exactly n spans together, one for each task. Tasks come round again when n asks for more;
// the last trace is cut short where n is no multiple of a trace's size. Identifiers and attributes depend on the seed
// alone; start is the time of the first span.
func newTraces(tasks []task, seed uint64, n int, start time.Time) iter.Seq[*trace] {
	return func(yield func(*trace) bool) {
		rng := stream(seed, streamSpans)
		for i, left := 0, n; left > 0; i++ {
			plans := planTrace(rng, &tasks[i%len(tasks)])
			plans = plans[:min(left, len(plans))]
			left -= len(plans)
			t := &trace{plans: plans, spans: make([]pcommon.SpanID, len(plans)), start: start.Add(time.Duration(i) * time.Millisecond)}
			fill(rng, t.id[:])
			t.state = incomingState(rng, t.id)
			for s := range t.spans {
				fill(rng, t.spans[s][:])
			}
			if !yield(t) {
				return
			}
		}
	}
}

// wholeTraces yields requests of whole traces, with a few resources each. The spans of a trace come in the order in which
// they ended.
func wholeTraces(traces iter.Seq[*trace]) iter.Seq[ptrace.Traces] {
	return inRequests(func(yield func(piece) bool) {
		for t := range traces {
			if !yield(piece{t, inOrderOfEnd(t.plans)}) {
				return
			}
		}
	})
}

// piece is that part of a trace which one request holds, as indices of its spans.
type piece struct {
	*trace
	indices []int
}

// inRequests puts pieces together to requests.
func inRequests(pieces iter.Seq[piece]) iter.Seq[ptrace.Traces] {
	return func(yield func(ptrace.Traces) bool) {
		request := newSpanRequest()
		for p := range pieces {
			request.add(p)
			if request.spans >= spansPerRequest {
				if !yield(request.traces) {
					return
				}
				request = newSpanRequest()
			}
		}
		if request.spans > 0 {
			yield(request.traces)
		}
	}
}

// spanRequest collects pieces of traces, one resource a service.
type spanRequest struct {
	traces    ptrace.Traces
	byService map[*service]ptrace.SpanSlice
	spans     int
}

func newSpanRequest() *spanRequest {
	return &spanRequest{traces: ptrace.NewTraces(), byService: map[*service]ptrace.SpanSlice{}}
}

func (r *spanRequest) slice(s *service) ptrace.SpanSlice {
	slice, ok := r.byService[s]
	if !ok {
		resource := r.traces.ResourceSpans().AppendEmpty()
		scope := resource.ScopeSpans().AppendEmpty()
		s.describe(resource.Resource(), scope.Scope())
		slice = scope.Spans()
		r.byService[s] = slice
	}
	return slice
}

func (r *spanRequest) add(p piece) {
	for _, i := range p.indices {
		p.fill(i, r.slice(p.plans[i].service).AppendEmpty())
	}
	r.spans += len(p.indices)
}

// fill makes a span of a plan.
func (t *trace) fill(i int, span ptrace.Span) {
	plan := &t.plans[i]
	span.SetTraceID(t.id)
	span.SetSpanID(t.spans[i])
	if plan.parent >= 0 {
		span.SetParentSpanID(t.spans[plan.parent])
	}
	span.SetName(plan.name)
	span.SetKind(plan.kind)
	span.SetFlags(0x301) // sampled, random trace ID
	span.TraceState().FromRaw(t.state)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(t.start.Add(plan.offset)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(t.start.Add(plan.endOffset())))
	if plan.failure != "" {
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Status().SetMessage(plan.failure)
	}
	span.Attributes().EnsureCapacity(len(plan.attributes) + 1)
	for _, a := range plan.attributes {
		span.Attributes().PutStr(a.key, a.value)
	}
}

// spanPlace is a span with the attributes of what is above it.
type spanPlace struct {
	span            ptrace.Span
	scope, resource pcommon.Map
}

// spansIn visits every span of a request, in its order.
func spansIn(request ptrace.Traces) iter.Seq[spanPlace] {
	return func(yield func(spanPlace) bool) {
		for _, resource := range request.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					if !yield(spanPlace{span, scope.Scope().Attributes(), resource.Resource().Attributes()}) {
						return
					}
				}
			}
		}
	}
}
