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
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/log/logtest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// request is a request of spans, and one of log records that correspond to them, of a client that tries each again.
type request struct {
	stubs          tracetest.SpanStubs
	logged         []sdklog.Record
	want           outcomes
	spans, records delivery
}

// delivery is what became of a request.
type delivery struct {
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

// requestNumber is the attribute that tells which request a span or a log record belongs to.
const requestNumber = "test.request"

// newRequest returns a request of spans of the tasks, each span in its own trace, with what must be kept of it.
func newRequest(t *testing.T, number int, tasks map[float64]string) *request {
	t.Helper()
	q := &request{want: outcomes{}}
	r := rand.New(rand.NewPCG(20260101, uint64(number)))
	for rate, task := range tasks {
		spans := randomSpans(r, 8, nil)
		q.want.expect(t, rate, spans...)
		attributes := []attribute.KeyValue{attribute.String("task_uuid", task), attribute.Int(requestNumber, number)}
		for _, s := range spans {
			traceID, spanID := oteltrace.TraceID(s.trace), oteltrace.SpanID(s.id)
			q.stubs = append(q.stubs, tracetest.SpanStub{
				Name: "step.execution", StartTime: time.Now(), EndTime: time.Now(),
				SpanContext: oteltrace.NewSpanContext(oteltrace.SpanContextConfig{
					TraceID: traceID, SpanID: spanID, TraceFlags: oteltrace.FlagsSampled,
				}),
				Attributes: attributes,
			})
			q.logged = append(q.logged, logtest.RecordFactory{
				Timestamp: time.Now(), Body: attribute.StringValue("Step finished"), TraceID: traceID, SpanID: spanID, Attributes: attributes,
			}.NewRecord())
		}
	}
	return q
}

type deliveryKey struct{}

const (
	untilDelivered = 5 * time.Minute
	soon           = 10 * time.Millisecond
	later          = 100 * time.Millisecond
)

// countingAttempts is an option of a client that counts the attempts at each delivery.
func countingAttempts() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			ctx.Value(deliveryKey{}).(*delivery).attempts.Add(1)
			return invoke(ctx, method, in, out, conn, options...)
		})
}

// newRetryingExporters returns the exporters of the SDK, which try again until the collector acknowledges. They count the attempts.
func newRetryingExporters(t *testing.T, collector *harness.Collector) (sdktrace.SpanExporter, sdklog.Exporter) {
	t.Helper()
	spans, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(collector.Addr()), otlptracegrpc.WithInsecure(),
		otlptracegrpc.WithTimeout(untilDelivered), otlptracegrpc.WithReconnectionPeriod(50*time.Millisecond),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: true, InitialInterval: soon, MaxInterval: later, MaxElapsedTime: untilDelivered}),
		otlptracegrpc.WithDialOption(countingAttempts()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, spans.Shutdown(context.Background())) })
	records, err := otlploggrpc.New(t.Context(), otlploggrpc.WithEndpoint(collector.Addr()), otlploggrpc.WithInsecure(),
		otlploggrpc.WithTimeout(untilDelivered), otlploggrpc.WithReconnectionPeriod(50*time.Millisecond),
		otlploggrpc.WithRetry(otlploggrpc.RetryConfig{Enabled: true, InitialInterval: soon, MaxInterval: later, MaxElapsedTime: untilDelivered}),
		otlploggrpc.WithDialOption(countingAttempts()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, records.Shutdown(context.Background())) })
	return spans, records
}

// received notes what the sink received in one call, by the attributes of its first item.
func (l *ledger) received(first pcommon.Map, of func(*request) *delivery, got outcomes) (deliveries int) {
	number, _ := first.Get(requestNumber)
	l.mu.Lock()
	defer l.mu.Unlock()
	d := of(l.requests[number.Int()])
	d.delivered = append(d.delivered, got)
	l.deliveries++
	return l.deliveries
}

// assert asserts what has arrived of a request, and returns how often it arrived again.
func (d *delivery) assert(t *testing.T, want outcomes, what string) (duplicates int) {
	t.Helper()
	attempts, delivered := int(d.attempts.Load()), len(d.delivered)
	require.NotZero(t, delivered, "%s: acknowledged, and lost", what)
	assert.LessOrEqual(t, delivered, attempts, "%s: it arrives no more often than it was sent", what)
	if attempts == 1 {
		assert.Equal(t, 1, delivered, "%s: acknowledged at once", what)
	}
	for _, got := range d.delivered {
		assert.Equal(t, want, got, "%s: the same items each time", what)
	}
	return delivered - 1
}

// The collector is killed while the sink has a request and has not answered, so that its acknowledgement is lost, and with it those of
// whatever else is under way. It starts again on the same ports, under clients that try again.
func TestNothingAcknowledgedIsLostWhenTheCollectorIsKilled(t *testing.T) {
	t.Parallel()
	const clients, each, kills, between = 4, 50, 4, 80
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
	hold := func(n int) {
		if n%between == 0 && n/between <= kills {
			holding <- struct{}{}
			<-killed
		}
	}
	sink.Observe(func(td ptrace.Traces) {
		spans := harness.SpansOf(td)
		hold(all.received(spans[0].Attributes(), func(q *request) *delivery { return &q.spans }, outcomesOf(spans)))
	})
	sink.ObserveLogs(func(ld plog.Logs) {
		records := harness.RecordsOf(ld)
		hold(all.received(records[0].Attributes(), func(q *request) *delivery { return &q.records }, twinsOf(records)))
	})
	var senders sync.WaitGroup
	for c := range clients {
		spans, records := newRetryingExporters(t, collector)
		senders.Go(func() {
			for n := c; n < len(all.requests); n += clients {
				q := all.requests[n]
				assert.NoError(t, spans.ExportSpans(context.WithValue(context.Background(), deliveryKey{}, &q.spans), q.stubs.Snapshots()))
				assert.NoError(t, records.Export(context.WithValue(context.Background(), deliveryKey{}, &q.records), q.logged))
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
		duplicates += q.spans.assert(t, q.want, fmt.Sprint("spans of request ", n)) + q.records.assert(t, q.want, fmt.Sprint("log records of request ", n))
	}
	t.Logf("%d requests, %d kills, %d requests that arrived again", 2*len(all.requests), kills, duplicates)
	assert.GreaterOrEqual(t, duplicates, kills, "those whose acknowledgement was lost")
	assert.LessOrEqual(t, duplicates, kills*clients, "no more than were under way")
	response, err := http.Get(fmt.Sprintf("http://%s/namespaces", collector.Inspect()))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, response.Body.Close())
}
