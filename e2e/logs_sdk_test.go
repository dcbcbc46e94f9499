// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// newLogger returns a logger of the standard library that writes to a collector through the bridge of the OpenTelemetry SDK, and a function
// that flushes it. Nothing is sent before that.
func newLogger(t *testing.T, collector *harness.Collector) (*slog.Logger, func()) {
	t.Helper()
	exporter, err := otlploggrpc.New(t.Context(), otlploggrpc.WithEndpoint(collector.Addr()), otlploggrpc.WithInsecure())
	require.NoError(t, err)
	const most = 100_000 // more than a test writes
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter,
		sdklog.WithMaxQueueSize(most), sdklog.WithExportMaxBatchSize(most), sdklog.WithExportInterval(time.Hour))))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return otelslog.NewLogger("worker", otelslog.WithLoggerProvider(provider)), func() { require.NoError(t, provider.ForceFlush(t.Context())) }
}

// loggedTasks records a trace of three spans for each of n tasks, and writes four records within them. naming makes every span and record
// name the namespace, otherwise the root alone does. It returns the trace IDs.
func loggedTasks(t *testing.T, tracer oteltrace.Tracer, logger *slog.Logger, namespace string, naming bool, n int) (ids []pcommon.TraceID) {
	t.Helper()
	var below []oteltrace.SpanStartOption
	named := oteltrace.WithAttributes(attribute.String("namespace", namespace))
	if naming {
		below, logger = append(below, named), logger.With("namespace", namespace)
	}
	for range n {
		ctx, root := tracer.Start(t.Context(), "task.orchestration", named)
		logger.InfoContext(ctx, "Task started")
		ctx, step := tracer.Start(ctx, "step.execution", below...)
		logger.DebugContext(ctx, "Step enqueued", "step_name", "charge")
		inner, handler := tracer.Start(ctx, "handler.execution", below...)
		logger.WarnContext(inner, "Handler retries", "attempt", 2)
		for _, s := range []oteltrace.Span{handler, step} {
			s.End()
		}
		logger.ErrorContext(ctx, "Step failed", "error", "timeout")
		root.End()
		ids = append(ids, pcommon.TraceID(root.SpanContext().TraceID()))
	}
	return ids
}

// TestRecordsOfTheSDKFollowTheirTraces: at equal rates the records of a dropped trace are gone, and those of a kept one are all there.
func TestRecordsOfTheSDKFollowTheirTraces(t *testing.T) { // L3, L5
	t.Parallel()
	const n = 400
	for name, tt := range map[string]struct {
		settings string
		naming   bool
	}{
		"each names its namespace":   {settings: singly, naming: true},
		"the root of the trace does": {settings: remembering},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{Processor: rates + tt.settings, Sink: sink})
			tracer, flushSpans := newTracer(t, collector, sdktrace.AlwaysSample(),
				sdktrace.WithBatchTimeout(time.Hour), sdktrace.WithMaxExportBatchSize(3*n)) // whole traces in a request
			logger, flushLogs := newLogger(t, collector)
			want, thresholds := map[pcommon.TraceID]loggedArrival{}, map[pcommon.TraceID]any{}
			for _, namespace := range []string{"payments", "orders", "thirds", "silent"} {
				ids := loggedTasks(t, tracer, logger, namespace, tt.naming, n)
				flushSpans()
				flushLogs()
				kept := stamps{}
				for _, id := range ids {
					record := newRecord(id, nil)
					kept.expect(t, rateOf[namespace], record)
					if decided, ok := kept[record.time]; ok {
						want[id], thresholds[id] = loggedArrival{spans: 3, records: 4}, decided.threshold
					}
				}
				require.Equal(t, rateOf[namespace] == 0, len(kept) == 0, namespace)
			}
			assert.Equal(t, want, loggedArrivals(sink))
			for _, r := range sink.Records() {
				raw := r.Attributes().AsRaw()
				require.Equal(t, thresholds[r.TraceID()], raw[thresholdAttribute])
				require.NotContains(t, raw, randomnessAttribute)
				require.NotEmpty(t, raw["namespace"], "it has the namespace of its trace if it has none of its own")
			}
			assertCountedOnce(t, collector, "log_records", 4*4*n, len(sink.Records()))
		})
	}
}
