// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// request is a request of a client that tries again, and what became of it.
type request struct {
	stubs    tracetest.SpanStubs
	want     outcomes
	attempts atomic.Int64

	// Guarded by the ledger's mutex.
	delivered []outcomes // what the sink received of it, each time
}

// ledger notes what the sink receives of each request.
type ledger struct {
	requests []*request

	mu         sync.Mutex
	deliveries int
}

// requestNumber is the attribute that tells which request a span belongs to.
const requestNumber = "test.request"

// newRequest returns a request of spans of the tasks, each span in its own trace, with what must be kept of it.
func newRequest(t *testing.T, number int, tasks map[float64]string) *request {
	t.Helper()
	q := &request{want: outcomes{}}
	r := rand.New(rand.NewPCG(20260101, uint64(number)))
	for rate, task := range tasks {
		spans := randomSpans(r, 8, nil)
		q.want.expect(t, rate, spans...)
		for _, s := range spans {
			q.stubs = append(q.stubs, tracetest.SpanStub{
				Name: "step.execution", StartTime: time.Now(), EndTime: time.Now(),
				SpanContext: oteltrace.NewSpanContext(oteltrace.SpanContextConfig{
					TraceID: oteltrace.TraceID(s.trace), SpanID: oteltrace.SpanID(s.id), TraceFlags: oteltrace.FlagsSampled,
				}),
				Attributes: []attribute.KeyValue{attribute.String("task_uuid", task), attribute.Int(requestNumber, number)},
			})
		}
	}
	return q
}

type requestKey struct{}

// newRetryingExporter returns the exporter of the SDK, which tries again until the collector acknowledges. It counts the attempts.
func newRetryingExporter(t *testing.T, collector *harness.Collector) sdktrace.SpanExporter {
	t.Helper()
	exporter, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(collector.Addr()), otlptracegrpc.WithInsecure(),
		otlptracegrpc.WithTimeout(5*time.Minute), otlptracegrpc.WithReconnectionPeriod(50*time.Millisecond),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: 10 * time.Millisecond, MaxInterval: 100 * time.Millisecond, MaxElapsedTime: 5 * time.Minute,
		}),
		otlptracegrpc.WithDialOption(grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
				ctx.Value(requestKey{}).(*request).attempts.Add(1)
				return invoke(ctx, method, in, out, conn, options...)
			})))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, exporter.Shutdown(context.Background())) })
	return exporter
}

// received notes what the sink received in one call.
func (l *ledger) received(td ptrace.Traces) (deliveries int) {
	spans := harness.SpansOf(td)
	number, _ := spans[0].Attributes().Get(requestNumber)
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.requests[number.Int()]
	q.delivered = append(q.delivered, outcomesOf(spans))
	l.deliveries++
	return l.deliveries
}

// The collector is killed while the sink has a request and has not answered, so that its acknowledgement is lost, and with it those of
// whatever else is under way. It starts again on the same ports, under clients that try again.
func TestNothingAcknowledgedIsLostWhenTheCollectorIsKilled(t *testing.T) {
	t.Parallel()
	const clients, each, kills, between = 4, 50, 4, 40
	payments, orders, silent := newTask("payments"), newTask("orders"), newTask("silent")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, payments, orders, silent)
	all := &ledger{}
	for n := range clients * each {
		all.requests = append(all.requests, newRequest(t, n, map[float64]string{
			1: payments.UUID, 0.5: orders.UUID, 0: silent.UUID, 0.25: taskerdb.NewUUID(time.Now()), // the last is unknown
		}))
	}

	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Sink: sink, FixedPorts: true, Inspect: "# on a port of its own", Processor: resolving(dsn, "") + singly,
	})
	holding, killed := make(chan struct{}), make(chan struct{})
	sink.Observe(func(td ptrace.Traces) {
		if n := all.received(td); n%between == 0 && n/between <= kills {
			holding <- struct{}{}
			<-killed
		}
	})
	var senders sync.WaitGroup
	for c := range clients {
		exporter := newRetryingExporter(t, collector)
		senders.Go(func() {
			for n := c; n < len(all.requests); n += clients {
				q := all.requests[n]
				assert.NoError(t, exporter.ExportSpans(context.WithValue(context.Background(), requestKey{}, q), q.stubs.Snapshots()))
			}
		})
	}
	for range kills {
		<-holding
		collector.Kill()
		killed <- struct{}{}
		collector.StartAgain()
	}
	senders.Wait()

	duplicates := 0
	for n, q := range all.requests {
		attempts, delivered := int(q.attempts.Load()), len(q.delivered)
		require.NotZero(t, delivered, "request %d was acknowledged, and is lost", n)
		assert.LessOrEqual(t, delivered, attempts, "request %d arrives no more often than it was sent", n)
		if attempts == 1 {
			assert.Equal(t, 1, delivered, "request %d was acknowledged at once", n)
		}
		for _, got := range q.delivered {
			assert.Equal(t, q.want, got, "request %d: the same spans each time", n)
		}
		duplicates += delivered - 1
	}
	t.Logf("%d requests, %d kills, %d requests that arrived again", len(all.requests), kills, duplicates)
	assert.GreaterOrEqual(t, duplicates, kills, "those whose acknowledgement was lost")
	assert.LessOrEqual(t, duplicates, kills*clients, "no more than were under way")
	response, err := http.Get(fmt.Sprintf("http://%s/namespaces", collector.Inspect()))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, response.Body.Close())
}
