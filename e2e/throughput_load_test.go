// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// The load is 100 requests of 50 traces of 20 spans, sent repeatedly by four clients.
const (
	loadRequests     = 100
	tracesOfRequest  = 50
	spansOfTrace     = 20
	spansOfRequest   = tracesOfRequest * spansOfTrace
	throughputSender = 4
)

// freshMark marks where a trace ID has the number of the round, which makes every trace new to the collector. These bytes occur
// nowhere else in the load.
var freshMark = []byte{0xfd, 0xfe, 0xff, 0xfc}

// preparedRequest is an encoded request with the offsets of its trace IDs.
type preparedRequest struct {
	bytes  []byte
	traces []int
	round  uint32
}

// refresh gives all traces of the request new IDs with the same randomness, so that the same spans are kept.
func (r *preparedRequest) refresh() {
	r.round++
	for _, at := range r.traces {
		binary.BigEndian.PutUint32(r.bytes[at:], r.round)
	}
}

// prepareRequests encodes the load. identify adds the last of the ten attributes of a span, which tells the namespace of its trace.
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

// throughputSpans returns the spans of a request. The randomness of the traces of all requests is spread evenly, so that rates of
// two decimal places keep exactly their share of a round.
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
		rank := uint64(inRequest*loadRequests + request) // also spread evenly over a request
		binary.BigEndian.PutUint64(id[8:], (rank*2+1)<<42/(loadRequests*tracesOfRequest)<<13)

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

// throughputNamespace returns the namespace of a trace, one of twelve.
func throughputNamespace(trace int) string { return fmt.Sprint("namespace-", trace%12) }

// named puts the namespace itself on a span.
func named(trace int, attributes pcommon.Map) {
	attributes.PutStr("namespace", throughputNamespace(trace))
}

// identified returns a function that puts only the task of a trace on its spans, and the tasks of all traces. There is also a task
// for each namespace of unusedRates: the collector warns of overrides for namespaces that are not registered.
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
	every    time.Duration // from one request to the next; 0: as soon as a client has its answer
	sent     int           // spans
}

func newThroughput(t testing.TB, c *harness.Collector, requests []*preparedRequest) *throughput {
	t.Helper()
	load := &throughput{requests: requests}
	for range throughputSender {
		load.clients = append(load.clients, harness.NewRawClient(t, c))
	}
	return load
}

// send sends all requests as many times as there are rounds. Each client has one request under way.
func (l *throughput) send(t testing.TB, rounds int) {
	t.Helper()
	for range rounds {
		due := make(chan *preparedRequest)
		senders, ctx := errgroup.WithContext(t.Context())
		senders.Go(func() error {
			defer close(due)
			return l.schedule(ctx, due)
		})
		for _, client := range l.clients {
			senders.Go(func() error {
				for request := range due {
					request.refresh()
					if err := client.Traces(ctx, request.bytes); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := senders.Wait(); err != nil {
			t.Fatalf("send spans: %v", err)
		}
		l.sent += len(l.requests) * spansOfRequest
	}
}

// schedule passes the requests on when they are due.
func (l *throughput) schedule(ctx context.Context, due chan<- *preparedRequest) error {
	var ticks <-chan time.Time
	if l.every > 0 {
		ticker := time.NewTicker(l.every)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for _, request := range l.requests {
		if ticks != nil {
			<-ticks
		}
		select {
		case due <- request:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
