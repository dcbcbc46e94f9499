// SPDX-License-Identifier: Apache-2.0

//go:build unix

package namespacesampler_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	otelattribute "go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadatatest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/statustest"
)

// TestEverythingAtOnce runs the processor while consumers fail and panic, runtime overrides change, tables disappear and are locked,
// connections are killed, the circuit breaker opens and closes, and hostile clients are at the HTTP server; and shuts it down in the middle,
// again and again; every other life keeps whole traces and holds spans. Everything that was sent is counted once, what was kept is what was
// handed on, and nothing is left behind.
//
// SOAK_EVERYTHING=1h makes it a long run, and prints how much memory is in use.
func TestEverythingAtOnce(t *testing.T) {
	const least, most = 3, 100 // lives
	l, until := life{batches: 60}, time.Time{}
	if value := os.Getenv("SOAK_EVERYTHING"); value != "" {
		duration, err := time.ParseDuration(value)
		require.NoError(t, err, "SOAK_EVERYTHING")
		l, until = life{batches: 30_000, pause: 2 * time.Millisecond}, time.Now().Add(duration)
	}
	a := newAdversary(t)
	total, began, before := map[string]int64{}, time.Now(), goruntime.NumGoroutine()
	var heaps []int64
	for n := 0; n < least || n < most && len(missing(total)) > 0 || time.Now().Before(until); n++ {
		l.holds = n%2 == 1
		l.run(t, a, total)
		require.Eventually(t, func() bool { return goruntime.NumGoroutine() <= before+5 }, time.Minute, 10*time.Millisecond,
			"no goroutines are left; net/http keeps some for a moment")
		heap := samplertest.LiveHeap()
		heaps = append(heaps, heap)
		if !until.IsZero() {
			t.Logf("%s, %d lives: live heap %.1f and %.1f MiB after a quarter and half of it, %.1f MiB after it; %v",
				time.Since(began).Round(time.Second), n+1, mib(l.heaps[0]), mib(l.heaps[1]), mib(heap), total)
		}
	}
	quarter := max(1, len(heaps)/4)
	assert.LessOrEqual(t, slices.Min(heaps[len(heaps)-quarter:]), slices.Max(heaps[:quarter])+2<<20, "memory in use stays what it was: %v", heaps)
	t.Log(len(heaps), total)
	assert.Empty(t, missing(total), "disturbances that were not met: %v", total)
}

// missing returns what has not happened to the processor yet.
func missing(total map[string]int64) []string {
	return slices.DeleteFunc([]string{
		"keys resolved", "keys unknown", "keys unavailable", "keys malformed", "changes of the circuit breaker", "changes of overrides",
		"errors of consumers", "panics of consumers", "spans held", "traces let go early", "spans in kept traces", "held spans lost",
		"records in kept traces", "records in traces",
	}, func(what string) bool { return total[what] > 0 })
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// life is one life of the processor, from its start to its shutdown.
type life struct {
	batches int           // of each sender; the processor is shut down when half of them are sent
	pause   time.Duration // between two batches
	holds   bool          // traces are kept whole, and spans held
	heaps   [2]int64      // live bytes after a quarter and half of the batches
}

// run starts the processor, has it attacked, shuts it down in the middle, checks what it counted, and adds it to the total.
func (l *life) run(t *testing.T, a *adversary, total map[string]int64) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	telemetry := componenttest.NewTelemetry()
	set := metadatatest.NewSettings(telemetry)
	set.Logger, set.TracerProvider = zap.New(core), tracenoop.NewTracerProvider()
	cfg, factory, host := a.configuration(t, l.holds), namespacesampler.NewFactory(), &statustest.Host{}
	var spans, points, records flaky
	var pipelines [2]processor.Traces
	for i := range pipelines {
		var err error
		pipelines[i], err = factory.CreateTraces(t.Context(), set, cfg, &spans)
		require.NoError(t, err)
	}
	metrics, err := factory.CreateMetrics(t.Context(), set, cfg, &points)
	require.NoError(t, err)
	logRecords, err := factory.CreateLogs(t.Context(), set, cfg, &records)
	require.NoError(t, err)
	components := []component.Component{pipelines[0], metrics, logRecords, pipelines[1]}
	for _, c := range components {
		require.NoError(t, c.Start(t.Context(), host))
	}

	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	a.disturb(ctx, &others, samplertest.LoggedAddress(t, logs))
	others.Go(func() { // scrapes
		for ctx.Err() == nil {
			_, _ = telemetry.GetMetric("otelcol_processor_namespace_sampler_spans")
			wait(ctx, 10*time.Millisecond)
		}
	})
	var changes atomic.Int64
	others.Go(func() { // the log is kept short
		for ctx.Err() == nil {
			for _, entry := range logs.TakeAll() {
				if !strings.Contains(entry.Message, "were held are lost") { // because the consumer fails
					assert.Less(t, entry.Level, zapcore.ErrorLevel, entry.Message)
				}
				assert.NotContains(t, entry.Message, "did not stop")
				if strings.HasPrefix(entry.Message, "an override ") {
					changes.Add(1)
				}
			}
			wait(ctx, 10*time.Millisecond)
		}
	})

	var senders sync.WaitGroup
	reached := make(chan int, 2)
	var sentSpans, sentPoints, sentRecords, refusedSpans atomic.Int64
	for sender := range 3 {
		senders.Go(func() {
			for i := range l.batches {
				td := hostileTraces()
				size := td.SpanCount()
				sentSpans.Add(int64(size))
				if !survive(func() error { return pipelines[sender%2].ConsumeTraces(bySender(ctx), td) }) {
					refusedSpans.Add(int64(size))
				}
				if sender == 0 && (i == l.batches/4 || i == l.batches/2) {
					reached <- i
				}
				wait(ctx, l.pause)
			}
		})
		senders.Go(func() {
			for range l.batches {
				md := hostileMetrics()
				sentPoints.Add(int64(md.DataPointCount()))
				survive(func() error { return metrics.ConsumeMetrics(bySender(ctx), md) })
				wait(ctx, l.pause)
			}
		})
		senders.Go(func() {
			for range l.batches {
				ld := hostileLogs()
				sentRecords.Add(int64(ld.LogRecordCount()))
				survive(func() error { return logRecords.ConsumeLogs(bySender(ctx), ld) })
				wait(ctx, l.pause)
			}
		})
	}
	for i := range l.heaps {
		<-reached
		l.heaps[i] = samplertest.LiveHeap()
	}
	for _, c := range components {
		require.NoError(t, c.Shutdown(context.Background()))
	}
	senders.Wait()
	for _, c := range components { // once more: spans that came late are decided asynchronously
		require.NoError(t, c.Shutdown(context.Background()))
	}
	stop()
	others.Wait()

	for _, signal := range []struct {
		counter string
		sent    int64
		next    *flaky
	}{{"spans", sentSpans.Load(), &spans}, {"datapoints", sentPoints.Load(), &points}, {"log_records", sentRecords.Load(), &records}} {
		counts := countsOf(t, telemetry, signal.counter, "decision")
		assert.Equal(t, signal.sent, counts["kept"]+counts["dropped"], "all %s are counted once", signal.counter)
		undelivered := countsOf(t, telemetry, "undelivered_"+signal.counter, "")[""]
		neverHanded := undelivered - signal.next.lostHeld.Load()
		assert.GreaterOrEqual(t, neverHanded, int64(0), "held %s are counted as undelivered if the consumer fails", signal.counter)
		refused := int64(0) // at most: spans that were to be held, of batches of which the rest was refused, are counted as the rest is
		if l.holds && signal.counter == "spans" {
			refused = refusedSpans.Load()
		}
		notHanded := counts["kept"] - signal.next.received.Load() - neverHanded
		assert.GreaterOrEqual(t, notHanded, int64(0), "%s are handed on once", signal.counter)
		assert.LessOrEqual(t, notHanded, refused, "all kept %s are handed on, or counted", signal.counter)
		total[signal.counter] += signal.sent
	}
	total["held spans lost"] += spans.lostHeld.Load()
	total["spans held"] += countsOf(t, telemetry, "set_aside_spans", "")[""]
	total["traces let go early"] += countsOf(t, telemetry, "early_released_traces", "")[""]
	total["spans in kept traces"] += countsOf(t, telemetry, "spans", "rule")["always_keep_trace"]
	for outcome, n := range countsOf(t, telemetry, "lookup_keys", "outcome") {
		total["keys "+outcome] += n
	}
	for _, n := range countsOf(t, telemetry, "circuit_breaker_changes", "state") {
		total["changes of the circuit breaker"] += n
	}
	total["changes of overrides"] += changes.Load()
	total["records in kept traces"] += countsOf(t, telemetry, "log_records", "rule")["always_keep_trace"]
	total["records in traces"] += countsOf(t, telemetry, "log_records", "rule")["trace"]
	total["errors of consumers"] += spans.failed.Load() + points.failed.Load() + records.failed.Load()
	total["panics of consumers"] += spans.panicked.Load() + points.panicked.Load() + records.panicked.Load()
	require.NoError(t, telemetry.Shutdown(context.Background()))
}

// countsOf returns a counter by the values of an attribute.
func countsOf(t *testing.T, telemetry *componenttest.Telemetry, counter, attribute string) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	metric, err := telemetry.GetMetric("otelcol_processor_namespace_sampler_" + counter)
	if err != nil {
		return counts // nothing was counted
	}
	for _, dp := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		value, _ := dp.Attributes.Value(otelattribute.Key(attribute))
		counts[value.AsString()] += dp.Value
	}
	return counts
}

type senderKey struct{}

// bySender returns a context whose calls of consumers are told apart from those with held spans.
func bySender(ctx context.Context) context.Context { return context.WithValue(ctx, senderKey{}, true) }

// flaky is a consumer that counts what it receives, fails and panics. Of what was held and fails, it counts the items.
type flaky struct{ received, failed, panicked, lostHeld atomic.Int64 }

func (*flaky) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (f *flaky) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	return f.receive(ctx, td.SpanCount())
}

func (f *flaky) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	return f.receive(ctx, md.DataPointCount())
}

func (f *flaky) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	return f.receive(ctx, ld.LogRecordCount())
}

var errConsumer = errors.New("the next consumer fails")

func (f *flaky) receive(ctx context.Context, items int) error {
	f.received.Add(int64(items))
	fault := rand.IntN(10)
	if fault < 2 && ctx.Value(senderKey{}) == nil {
		f.lostHeld.Add(int64(items))
	}
	switch fault {
	case 0:
		f.failed.Add(1)
		return errConsumer
	case 1:
		f.panicked.Add(1)
		panic(errConsumer)
	}
	return nil
}

// survive calls a processor as a receiver does that recovers from panics, and panics on other errors than those of the next consumer. It reports
// whether the next consumer took the batch.
func survive(consume func() error) (isTaken bool) {
	defer func() {
		if cause := recover(); cause != nil && cause != any(errConsumer) {
			panic(cause)
		}
	}()
	err := consume()
	if err != nil && !errors.Is(err, errConsumer) {
		panic(err)
	}
	return err == nil
}
