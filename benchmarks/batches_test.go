// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// place is where a span has its namespace.
type place string

const (
	first      place = "first"
	last       place = "last"
	onResource place = "resource"
	// byTask is nowhere: the last attribute is a task_uuid. Each trace has its own task.
	byTask place = "task"
)

// spanShape is what a batch of spans looks like.
type spanShape struct {
	first         int // number of the first item; batches with other numbers have other traces and tasks
	items         int
	attributes    int // of a span, including its namespace
	resources     int
	namespaces    int
	spansPerTrace int
	interleaved   bool // the spans of different traces alternate
	place         place
	tracestate    string
	perWorkflow   int // spans with the same correlation_id, which is one of the attributes; 0: there is none
}

// standardSpans is the batch that the budgets are for.
var standardSpans = spanShape{items: 1000, attributes: 10, resources: 1, namespaces: 12, spansPerTrace: 1, place: last}

// with returns the shape with a change.
func (s spanShape) with(change func(*spanShape)) spanShape {
	change(&s)
	return s
}

// twice returns the shape with twice as many items.
func (s spanShape) twice() spanShape { return s.with(func(s *spanShape) { s.items *= 2 }) }

// batch returns a new batch. Equal shapes have equal batches.
func (s spanShape) batch() ptrace.Traces {
	rng := rand.New(rand.NewPCG(1, 2+uint64(s.first)))
	td := ptrace.NewTraces()
	var id pcommon.TraceID
	for r := range s.resources {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", fmt.Sprintf("service-%d", r))
		if s.place == onResource {
			rs.Resource().Attributes().PutStr("namespace", fmt.Sprintf("namespace-%d", r%s.namespaces))
		}
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for i := r * s.items / s.resources; i < (r+1)*s.items/s.resources; i++ {
			span := spans.AppendEmpty()
			var spanID pcommon.SpanID
			binary.BigEndian.PutUint64(spanID[:], uint64(i+1))
			if i%s.spansPerTrace == 0 {
				id = s.traceID(rng)
			} else {
				binary.BigEndian.PutUint64(spanID[:], uint64(i))
				span.SetParentSpanID(spanID)
				binary.BigEndian.PutUint64(spanID[:], uint64(i+1))
			}
			span.SetTraceID(id)
			span.SetSpanID(spanID)
			span.SetName("operation")
			span.TraceState().FromRaw(s.tracestate)
			s.putAttributes(span.Attributes(), i, rng.IntN(s.namespaces))
		}
		if s.interleaved {
			s.interleave(spans)
		}
	}
	return td
}

// interleave puts the first spans of all traces before the second ones, and so on.
func (s spanShape) interleave(spans ptrace.SpanSlice) {
	position := func(span ptrace.Span) int {
		id := span.SpanID()
		i := int(binary.BigEndian.Uint64(id[:])) - 1
		return i%s.spansPerTrace*s.items + i
	}
	spans.Sort(func(a, b ptrace.Span) bool { return position(a) < position(b) })
}

func (s spanShape) putAttributes(attributes pcommon.Map, item, namespace int) {
	attributes.EnsureCapacity(s.attributes)
	if s.place == first {
		attributes.PutStr("namespace", fmt.Sprintf("namespace-%d", namespace))
	}
	others := s.attributes
	if s.place != onResource {
		others--
	}
	for i := range others {
		if s.perWorkflow > 0 && i == others/2 {
			attributes.PutStr("correlation_id", workflowUUID((s.first+item)/s.perWorkflow))
			continue
		}
		attributes.PutStr(fmt.Sprintf("attribute.%d", i), "value")
	}
	switch s.place {
	case last:
		attributes.PutStr("namespace", fmt.Sprintf("namespace-%d", namespace))
	case byTask:
		attributes.PutStr("task_uuid", taskUUID((s.first+item)/s.spansPerTrace))
	}
}

// batches returns batches with different traces and tasks.
func (s spanShape) batches(n int) []ptrace.Traces {
	all := make([]ptrace.Traces, n)
	for i := range all {
		all[i] = s.with(func(s *spanShape) { s.first = i * s.items }).batch()
	}
	return all
}

// traceID returns a random ID that is consistent with the tracestate: a span that was sampled at 1/2 has a randomness of at least 1/2.
func (s spanShape) traceID(rng *rand.Rand) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], rng.Uint64())
	if s.tracestate == sampledByHalf {
		id[9] |= 0x80
	}
	return id
}

// sampledByHalf is the tracestate of spans that an earlier sampler kept with probability 1/2. It also has a member of another vendor.
const sampledByHalf = "ot=th:8,vendor=value"

// taskUUID returns the UUID of the nth task.
func taskUUID(n int) string { return fmt.Sprintf("0198f000-0000-7000-8000-%012x", n) }

// workflowUUID returns the correlation ID of the nth workflow.
func workflowUUID(n int) string { return fmt.Sprintf("0199c3e0-ccdb-7581-87ab-%012x", n) }

// spanIDs returns the IDs of the spans of a batch, in order.
func spanIDs(td ptrace.Traces) []pcommon.SpanID {
	ids := []pcommon.SpanID{}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				ids = append(ids, span.SpanID())
			}
		}
	}
	return ids
}
