// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// The load is 100 requests of 50 traces of 20 spans, sent over and over by four clients.
const (
	loadRequests     = 100
	tracesOfRequest  = 50
	spansOfTrace     = 20
	spansOfRequest   = tracesOfRequest * spansOfTrace
	throughputSender = 4
)

// freshMark is where a trace ID has the number of the round, so that every trace is new to the collector. No text and no
// number of the load has these bytes.
var freshMark = []byte{0xfd, 0xfe, 0xff, 0xfc}

// preparedRequest is an encoded request with the places of its trace IDs.
type preparedRequest struct {
	bytes  []byte
	traces []int
	round  uint32
}

// refresh makes all traces of the request new ones: of the same randomness, so that the same spans are kept.
func (r *preparedRequest) refresh() {
	r.round++
	for _, at := range r.traces {
		binary.BigEndian.PutUint32(r.bytes[at:], r.round)
	}
}

// prepareRequests encodes the load. identify adds what tells the namespace of a trace, the last of its spans' ten attributes.
func prepareRequests(t testing.TB, identify func(trace int, attributes pcommon.Map)) []*preparedRequest {
	t.Helper()
	requests := make([]*preparedRequest, loadRequests)
	for i := range requests {
		encoded, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(throughputSpans(i, identify))
		require.NoError(t, err)
		r := &preparedRequest{bytes: encoded}
		for at := 0; ; {
			next := bytes.Index(encoded[at:], freshMark)
			if next < 0 {
				break
			}
			r.traces = append(r.traces, at+next)
			at += next + len(freshMark)
		}
		require.Len(t, r.traces, spansOfRequest)
		requests[i] = r
	}
	return requests
}

// throughputSpans returns the spans of a request. The randomness of its traces is spread evenly, so that a rate of any number
// of fiftieths keeps exactly its share of each request.
func throughputSpans(request int, identify func(trace int, attributes pcommon.Map)) ptrace.Traces {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "tasker-worker")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range spansOfRequest {
		inRequest, inTrace := i/spansOfTrace, i%spansOfTrace
		trace := request*tracesOfRequest + inRequest
		var id pcommon.TraceID
		copy(id[:], freshMark)
		binary.BigEndian.PutUint32(id[4:], uint32(trace))
		binary.BigEndian.PutUint64(id[8:], (uint64(inRequest)*2+1)<<55/tracesOfRequest)

		span := spans.AppendEmpty()
		span.SetTraceID(id)
		span.SetSpanID(pcommon.SpanID{6: 1, 7: byte(inTrace)})
		if inTrace > 0 {
			span.SetParentSpanID(pcommon.SpanID{6: 1})
		}
		span.SetName("step.execution")
		span.SetKind(ptrace.SpanKindInternal)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(began.Add(time.Duration(inTrace) * time.Millisecond)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(began.Add(time.Duration(inTrace+1) * time.Millisecond)))
		for a := range 9 {
			span.Attributes().PutStr(fmt.Sprint("attribute.", a), "value")
		}
		identify(trace, span.Attributes())
	}
	return td
}

// throughputNamespace is the namespace of a trace: one of twelve, none of which has a rate of its own.
func throughputNamespace(trace int) string { return fmt.Sprint("namespace-", trace%12) }

// named has spans name their namespace.
func named(trace int, attributes pcommon.Map) {
	attributes.PutStr("namespace", throughputNamespace(trace))
}

// identified has spans name their task only, and returns the tasks of all traces, and one of each namespace that the rates name:
// the collector warns of a namespace that nobody registered.
func identified() (identify func(trace int, attributes pcommon.Map), tasks []taskerdb.Task) {
	for trace := range loadRequests * tracesOfRequest {
		tasks = append(tasks, newTask(throughputNamespace(trace)))
	}
	tasks = append(tasks, newTask("payments"), newTask("analytics"))
	return func(trace int, attributes pcommon.Map) { attributes.PutStr("task_uuid", tasks[trace].UUID) }, tasks
}

// throughput sends a load to a collector.
type throughput struct {
	requests []*preparedRequest
	clients  []*harness.RawClient
	sent     int // spans
}

func newThroughput(t testing.TB, c *harness.Collector, requests []*preparedRequest) *throughput {
	t.Helper()
	load := &throughput{requests: requests}
	for range throughputSender {
		load.clients = append(load.clients, harness.NewRawClient(t, c))
	}
	return load
}

// send sends requests, each client one at a time, in so many rounds through all of them.
func (l *throughput) send(t testing.TB, rounds int) {
	t.Helper()
	for range rounds {
		var next atomic.Int64
		senders, ctx := errgroup.WithContext(t.Context())
		for _, client := range l.clients {
			senders.Go(func() error {
				for {
					n := int(next.Add(1)) - 1
					if n >= len(l.requests) {
						return nil
					}
					l.requests[n].refresh()
					if err := client.Traces(ctx, l.requests[n].bytes); err != nil {
						return err
					}
				}
			})
		}
		if err := senders.Wait(); err != nil {
			t.Fatalf("send spans: %v", err)
		}
		l.sent += len(l.requests) * spansOfRequest
	}
}
