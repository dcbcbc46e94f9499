// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"iter"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// trace is a planned trace with its identifiers.
type trace struct {
	id         pcommon.TraceID
	tracestate string // of all spans
	randomness string // that a first tier of collectors has written to its records; empty: none
	isForeign  bool   // other samplers may have decided about its records, each by itself
	plan       []plannedSpan
	spans      []pcommon.SpanID
	start      time.Time
}

// newTraces yields traces with n spans together, one trace for each task. If n asks for more traces than there are tasks,
// it starts again with the first task. The last trace is truncated if n is not a multiple of a trace's size. Identifiers
// and attributes depend on the seed alone. The first span starts at start.
func newTraces(tasks []Task, seed uint64, n int, start time.Time) iter.Seq[*trace] {
	return func(yield func(*trace) bool) {
		rng, failures := newStream(seed, streamSpans), newStream(seed, streamFailures)
		for i, left := 0, n; left > 0; i++ {
			plan := planTrace(rng, &tasks[i%len(tasks)])
			plan = plan[:min(left, len(plan))]
			left -= len(plan)
			failOne(failures, plan)
			t := newTrace(rng, plan, start.Add(time.Duration(i)*time.Millisecond))
			t.isForeign = true
			if !yield(t) {
				return
			}
		}
	}
}

func newTrace(rng *rand.Rand, plan []plannedSpan, start time.Time) *trace {
	t := &trace{plan: plan, spans: make([]pcommon.SpanID, len(plan)), start: start}
	fill(rng, t.id[:])
	t.tracestate = newTracestate(rng, t.id)
	for s := range t.spans {
		fill(rng, t.spans[s][:])
	}
	return t
}

// write fills in the span with index i.
func (t *trace) write(i int, span ptrace.Span) {
	plan := &t.plan[i]
	span.SetTraceID(t.id)
	span.SetSpanID(t.spans[i])
	if plan.parent >= 0 {
		span.SetParentSpanID(t.spans[plan.parent])
	}
	span.SetName(plan.name)
	span.SetKind(plan.kind)
	span.SetFlags(0x301) // sampled, with a random trace ID
	span.TraceState().FromRaw(t.tracestate)
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
