// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/log/logtest"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// Each client of a retryingLoad sends at most one round in this time.
const roundsEvery = 10 * time.Millisecond

// A retryingLoad sends rounds of spans, log records and data points, each signal in a request of its own, until it is stopped. The
// exporters are those of the SDK, which try a request again until it is acknowledged.
type retryingLoad struct {
	t       *testing.T
	groups  []loadGroup
	senders sync.WaitGroup
	stopped context.Context
	failed  context.Context // of the test
	stop    func()          // ends the load, after everything that was begun is acknowledged

	ended atomic.Int64 // rounds

	mu   sync.Mutex
	sent []*sentRound
	acks []time.Time // of requests with spans
}

// loadGroup is a part of the items of each round.
type loadGroup struct {
	attributes []attribute.KeyValue // which tell the namespace
	rates      []float64            // of each life of the collector
	items      int
}

// sentRound is a round, with what should be kept of it in each life of the collector.
type sentRound struct {
	spans   tracetest.SpanStubs
	records []sdklog.Record
	points  metricdata.ResourceMetrics
	want    []outcomes // of spans, and of log records as twinsOf has them; points are compared with those of other rounds

	begun, acknowledged time.Time
}

func startRetryingLoad(t *testing.T, collector *harness.Collector, clients int, groups ...loadGroup) *retryingLoad {
	t.Helper()
	l := &retryingLoad{t: t, groups: groups}
	var stop, giveUp context.CancelFunc
	l.stopped, stop = context.WithCancel(context.Background())
	l.stop = func() {
		stop()
		l.senders.Wait()
	}
	l.failed, giveUp = context.WithCancel(context.Background())
	for range clients {
		spans, records := newRetryingExporters(t, collector)
		points, err := otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(collector.Addr()), otlpmetricgrpc.WithInsecure(),
			otlpmetricgrpc.WithTimeout(untilDelivered), otlpmetricgrpc.WithReconnectionPeriod(50*time.Millisecond),
			otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{Enabled: true, InitialInterval: soon, MaxInterval: later, MaxElapsedTime: untilDelivered}))
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, points.Shutdown(context.Background())) })
		l.senders.Go(func() { l.send(spans, records, points) })
	}
	t.Cleanup(func() {
		giveUp()
		l.stop()
	})
	return l
}

func (l *retryingLoad) send(spans sdktrace.SpanExporter, records sdklog.Exporter, points sdkmetric.Exporter) {
	pace := time.NewTicker(roundsEvery)
	defer pace.Stop()
	for {
		select {
		case <-l.stopped.Done():
			return
		case <-pace.C:
		}
		round := l.newRound()
		ctx := context.WithValue(l.failed, deliveryKey{}, &delivery{})
		l.exported(spans.ExportSpans(ctx, round.spans.Snapshots()))
		l.mu.Lock()
		l.acks = append(l.acks, time.Now())
		l.mu.Unlock()
		l.exported(records.Export(ctx, round.records))
		l.exported(points.Export(ctx, &round.points))
		round.acknowledged = time.Now()
		l.ended.Add(1)
	}
}

// exported asserts that an exporter has delivered a request, unless the test has given up.
func (l *retryingLoad) exported(err error) {
	if l.failed.Err() == nil {
		assert.NoError(l.t, err)
	}
}

// newRound returns the next round. Each span is in a trace of its own, which one log record shares; each round has the same series.
func (l *retryingLoad) newRound() *sentRound {
	l.mu.Lock()
	defer l.mu.Unlock()
	number, now := len(l.sent), time.Now()
	round, r := &sentRound{begun: now, want: make([]outcomes, len(l.groups[0].rates))}, rand.New(rand.NewPCG(20260101, uint64(number)))
	for life := range round.want {
		round.want[life] = outcomes{}
	}
	var points []metricdata.DataPoint[int64]
	for g, group := range l.groups {
		spans := randomSpans(r, group.items, nil)
		for life, rate := range group.rates {
			round.want[life].expect(l.t, rate, spans...)
		}
		attributes := append([]attribute.KeyValue{attribute.Int(requestNumber, number)}, group.attributes...)
		for i, s := range spans {
			traceID, spanID := oteltrace.TraceID(s.trace), oteltrace.SpanID(s.id)
			round.spans = append(round.spans, tracetest.SpanStub{
				Name: "step.execution", StartTime: now, EndTime: now, Attributes: attributes,
				SpanContext: oteltrace.NewSpanContext(oteltrace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: oteltrace.FlagsSampled}),
			})
			round.records = append(round.records, logtest.RecordFactory{
				Timestamp: now, Body: attribute.StringValue("Step finished"), TraceID: traceID, SpanID: spanID, Attributes: attributes,
			}.NewRecord())
			series := attribute.NewSet(append([]attribute.KeyValue{attribute.String("series", fmt.Sprint(g, "/", i))}, group.attributes...)...)
			points = append(points, metricdata.DataPoint[int64]{Attributes: series, Time: now, Value: int64(number)})
		}
	}
	round.points.ScopeMetrics = []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{{
		Name: "tasker.steps.executions.total", Data: metricdata.Gauge[int64]{DataPoints: points},
	}}}}
	l.sent = append(l.sent, round)
	return round
}

// await waits until n more rounds have been acknowledged.
func (l *retryingLoad) await(n int64) {
	l.t.Helper()
	until := l.ended.Load() + n
	require.True(l.t, harness.Eventually(time.Minute, func() bool { return l.ended.Load() >= until }), "requests are acknowledged")
}

// longestGap returns the longest time without an acknowledgement.
func (l *retryingLoad) longestGap() (gap time.Duration) {
	for i := 1; i < len(l.acks); i++ {
		gap = max(gap, l.acks[i].Sub(l.acks[i-1]))
	}
	return gap
}
