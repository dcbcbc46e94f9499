// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spansPerRequest is about the size of a batch of an SDK or an agent.
const spansPerRequest = 1000

// SpanRounds yields the requests with the spans of the load, in rounds: a round may be sent only when every request of the
// one before has been answered. Whole traces take one round; the pieces of cut traces take several.
func SpanRounds(tasks []Task, sizes Sizes, start time.Time) iter.Seq[iter.Seq[ptrace.Traces]] {
	return func(yield func(iter.Seq[ptrace.Traces]) bool) {
		if sizes.Workflows > 0 {
			yield(wholeTraces(workflowTraces(tasks, sizes.Seed, start)))
			return
		}
		traces := newTraces(tasks, sizes.Seed, sizes.Spans, start)
		if !sizes.Cut {
			yield(wholeTraces(traces))
			return
		}
		for round := range maxPieces {
			if !yield(cutTraces(traces, sizes.Seed, round)) {
				return
			}
		}
	}
}

// wholeTraces yields requests of whole traces. The spans of a trace are in the order in which they ended.
func wholeTraces(traces iter.Seq[*trace]) iter.Seq[ptrace.Traces] {
	return inRequests(func(yield func(piece) bool) {
		for t := range traces {
			if !yield(piece{t, inOrderOfEnd(t.plan)}) {
				return
			}
		}
	})
}

// piece is the part of a trace that is sent in one request, as indices of its spans.
type piece struct {
	*trace
	indices []int
}

// inRequests combines pieces into requests.
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

// spanRequest collects pieces of traces, with one resource for each service.
type spanRequest struct {
	traces    ptrace.Traces
	byService map[*service]ptrace.SpanSlice
	spans     int
}

func newSpanRequest() *spanRequest {
	return &spanRequest{traces: ptrace.NewTraces(), byService: map[*service]ptrace.SpanSlice{}}
}

// slice returns the spans of a service.
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
		p.write(i, r.slice(p.plan[i].service).AppendEmpty())
	}
	r.spans += len(p.indices)
}
