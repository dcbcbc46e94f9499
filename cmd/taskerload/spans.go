// SPDX-License-Identifier: Apache-2.0

package main

import (
	"iter"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spansPerRequest is about what an SDK's or an agent's batch holds.
const spansPerRequest = 1000

// spanRequests yields exactly n spans, a trace a task, as requests with a few resources each. Tasks come round again
// when n asks for more spans than one trace each has. Identifiers and attributes depend on the seed alone; start is the
// time of the first span.
func spanRequests(tasks []task, seed uint64, n int, start time.Time) iter.Seq[ptrace.Traces] {
	return func(yield func(ptrace.Traces) bool) {
		rng := stream(seed, streamSpans)
		request := newSpanRequest()
		for i := 0; n > 0; i++ {
			t := &tasks[i%len(tasks)]
			plans := planTrace(rng, t)
			plans = plans[:min(n, len(plans))]
			n -= len(plans)
			request.add(rng, plans, start.Add(time.Duration(i)*time.Millisecond))
			if n == 0 || request.spans >= spansPerRequest {
				if !yield(request.traces) {
					return
				}
				request = newSpanRequest()
			}
		}
	}
}

// spanRequest collects whole traces, one resource a service.
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

func (r *spanRequest) add(rng *rand.Rand, plans []spanPlan, start time.Time) {
	var traceID pcommon.TraceID
	fill(rng, traceID[:])
	state := incomingState(rng, traceID)
	ids := make([]pcommon.SpanID, len(plans))
	for i := range plans {
		plan := &plans[i]
		fill(rng, ids[i][:])
		span := r.slice(plan.service).AppendEmpty()
		span.SetTraceID(traceID)
		span.SetSpanID(ids[i])
		if plan.parent >= 0 {
			span.SetParentSpanID(ids[plan.parent])
		}
		span.SetName(plan.name)
		span.SetKind(plan.kind)
		span.SetFlags(0x301) // sampled, random trace ID
		span.TraceState().FromRaw(state)
		begin := start.Add(plan.offset)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(begin))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(begin.Add(plan.duration)))
		if plan.failure != "" {
			span.Status().SetCode(ptrace.StatusCodeError)
			span.Status().SetMessage(plan.failure)
		}
		span.Attributes().EnsureCapacity(len(plan.attributes) + 1)
		for _, a := range plan.attributes {
			span.Attributes().PutStr(a.key, a.value)
		}
	}
	r.spans += len(plans)
}
