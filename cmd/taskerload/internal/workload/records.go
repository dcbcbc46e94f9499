// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"iter"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// recordsPerRequest is about the size of a batch of an agent.
const recordsPerRequest = 1000

// RecordRequests yields requests with the log records of the load: what is logged while the traces run, in the order of the traces.
// With more records than the traces have, it starts again with the first trace; without traces, there is nothing but processes to log about.
// Workflows log once.
func RecordRequests(tasks []Task, sizes Sizes, start time.Time) iter.Seq[plog.Logs] {
	return func(yield func(plog.Logs) bool) {
		rng := newStream(sizes.Seed, streamRecords)
		request := newRecordRequest()
		for r := range sizes.records(rng, tasks, start) {
			request.add(&r)
			if request.records == recordsPerRequest {
				if !yield(request.logs) {
					return
				}
				request = newRecordRequest()
			}
		}
		if request.records > 0 {
			yield(request.logs)
		}
	}
}

// record is a line with its identifiers.
type record struct {
	line
	uid   string
	span  pcommon.SpanID
	trace pcommon.TraceID
	at    time.Time
}

func (s Sizes) records(rng *rand.Rand, tasks []Task, start time.Time) iter.Seq[record] {
	return func(yield func(record) bool) {
		if s.Workflows > 0 {
			for t := range workflowTraces(tasks, s.Seed, start) {
				for r := range t.records(rng) {
					if !yield(r) {
						return
					}
				}
			}
			return
		}
		for left := s.Records; left > 0; {
			for t := range s.tracesThatLog(tasks, start) {
				for r := range t.records(rng) {
					if left == 0 || !yield(r) {
						return
					}
					left--
				}
			}
		}
	}
}

// tracesThatLog yields the traces of the load, or an empty one if it has none.
func (s Sizes) tracesThatLog(tasks []Task, start time.Time) iter.Seq[*trace] {
	if s.Spans == 0 {
		return func(yield func(*trace) bool) { yield(&trace{start: start}) }
	}
	return newTraces(tasks, s.Seed, s.Spans, start)
}

func (t *trace) records(rng *rand.Rand) iter.Seq[record] {
	return func(yield func(record) bool) {
		for _, l := range t.lines(rng) {
			r := record{line: l, uid: newUUID(rng, epoch), at: t.start}
			if l.inTrace {
				r.trace, r.span, r.at = t.id, t.spans[l.span], t.start.Add(t.plan[l.span].endOffset())
			}
			if !yield(r) {
				return
			}
		}
	}
}

// recordRequest collects records, with one resource for each service.
type recordRequest struct {
	logs      plog.Logs
	byService map[*service]plog.LogRecordSlice
	records   int
}

func newRecordRequest() *recordRequest {
	return &recordRequest{logs: plog.NewLogs(), byService: map[*service]plog.LogRecordSlice{}}
}

// slice returns the records of a service.
func (r *recordRequest) slice(s *service) plog.LogRecordSlice {
	slice, ok := r.byService[s]
	if !ok {
		resource := r.logs.ResourceLogs().AppendEmpty()
		scope := resource.ScopeLogs().AppendEmpty()
		s.describe(resource.Resource(), scope.Scope())
		slice = scope.LogRecords()
		r.byService[s] = slice
	}
	return slice
}

func (r *recordRequest) add(one *record) {
	one.write(r.slice(one.service).AppendEmpty())
	r.records++
}

func (r *record) write(to plog.LogRecord) {
	at := pcommon.NewTimestampFromTime(r.at)
	to.SetTimestamp(at)
	to.SetObservedTimestamp(at)
	to.SetSeverityNumber(r.severity)
	to.SetSeverityText(r.severity.String())
	to.Body().SetStr(r.body)
	if r.inTrace {
		to.SetTraceID(r.trace)
		to.SetSpanID(r.span)
		to.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
	}
	to.Attributes().EnsureCapacity(len(r.attributes) + 4)
	to.Attributes().PutStr(items.RecordIDAttribute, r.uid)
	for _, a := range r.attributes {
		to.Attributes().PutStr(a.key, a.value)
	}
	r.stamps.write(to.Attributes())
}
