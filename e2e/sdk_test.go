// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// newTracer returns a tracer of the OpenTelemetry SDK that exports to a collector, and a function that flushes it.
func newTracer(
	t *testing.T, collector *harness.Collector, sampler sdktrace.Sampler, options ...sdktrace.BatchSpanProcessorOption,
) (oteltrace.Tracer, func()) {
	t.Helper()
	exporter, err := otlptracegrpc.New(t.Context(),
		otlptracegrpc.WithEndpoint(collector.Addr()), otlptracegrpc.WithInsecure())
	require.NoError(t, err)
	options = append(options, sdktrace.WithMaxQueueSize(20_000), sdktrace.WithBlocking())
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithBatcher(exporter, options...))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return provider.Tracer("worker"), func() { require.NoError(t, provider.ForceFlush(t.Context())) }
}

// traceTasks records traces of three spans each in a namespace and returns the expected outcomes.
func traceTasks(t *testing.T, ctx context.Context, tracer oteltrace.Tracer, namespace string, n int) outcomes {
	t.Helper()
	named := oteltrace.WithAttributes(attribute.String("namespace", namespace))
	want := outcomes{}
	record := func(s oteltrace.Span) {
		if s.SpanContext().IsSampled() {
			want.expect(t, rateOf[namespace],
				span{trace: pcommon.TraceID(s.SpanContext().TraceID()), id: pcommon.SpanID(s.SpanContext().SpanID())})
		}
	}
	for range n {
		ctx, root := tracer.Start(ctx, "task.orchestration", named)
		ctx, step := tracer.Start(ctx, "step.execution", named)
		_, handler := tracer.Start(ctx, "handler.execution", named)
		for _, s := range []oteltrace.Span{handler, step, root} {
			s.End()
			record(s)
		}
	}
	return want
}

func TestSpansOfTheSDKAreSampledExactly(t *testing.T) {
	t.Parallel()
	for name, sampler := range map[string]sdktrace.Sampler{
		"always on":      sdktrace.AlwaysSample(),
		"trace ID ratio": sdktrace.TraceIDRatioBased(0.5),
		"parent based":   sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.7)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{Processor: rates, Sink: sink})
			tracer, flush := newTracer(t, collector, sampler)
			want := outcomes{}
			for _, namespace := range []string{"payments", "orders", "analytics", "nobody listed it"} {
				for id, state := range traceTasks(t, t.Context(), tracer, namespace, 500) {
					want[id] = state
				}
			}
			flush()
			assert.Equal(t, want, outcomesOf(sink.Spans()))
			assert.Greater(t, len(want), 800)
		})
	}
}

func TestSpansOfTheSDKInheritTheThresholdOfTheirParents(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: rates + singly, Sink: sink})
	tracer, flush := newTracer(t, collector, sdktrace.ParentBased(sdktrace.NeverSample()))

	state, err := oteltrace.ParseTraceState("congo=t61,ot=th:8")
	require.NoError(t, err)
	// The caller's trace has R = ce929d0e0e4736: above th:8 and th:c, below th:e666.
	parent := oteltrace.NewSpanContext(oteltrace.SpanContextConfig{
		TraceID: oteltrace.TraceID(trace(t, vectorA)), SpanID: oteltrace.SpanID{1},
		TraceFlags: oteltrace.FlagsSampled, TraceState: state, Remote: true,
	})
	for _, namespace := range []string{"payments", "orders", "nobody listed it", "analytics"} {
		_, s := tracer.Start(oteltrace.ContextWithRemoteSpanContext(t.Context(), parent), namespace,
			oteltrace.WithAttributes(attribute.String("namespace", namespace)))
		s.End()
	}
	_, unsampled := tracer.Start(t.Context(), "not recorded")
	unsampled.End()
	flush()

	got := map[string]string{}
	for _, s := range sink.Spans() {
		got[s.Name()] = s.TraceState().AsRaw()
	}
	assert.Equal(t, map[string]string{
		"payments":         "congo=t61,ot=th:8", // rate 1 changes nothing
		"orders":           "congo=t61,ot=th:8", // it was already sampled at 0.5
		"nobody listed it": "ot=th:c,congo=t61",
	}, got)
}

func TestTheSameSeriesOfTheSDKAreKeptInEveryExport(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: rates, Sink: sink})
	exporter, err := otlpmetricgrpc.New(t.Context(),
		otlpmetricgrpc.WithEndpoint(collector.Addr()), otlpmetricgrpc.WithInsecure(),
		otlpmetricgrpc.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality {
			return metricdata.CumulativeTemporality
		}))
	require.NoError(t, err)
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)),
		sdkmetric.WithCardinalityLimit(0))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	counter, err := provider.Meter("worker").Int64Counter("tasker.tasks.requests.total")
	require.NoError(t, err)

	const tasks = 1000
	for range rounds {
		for i := range tasks {
			for _, namespace := range []string{"orders", "payments"} {
				counter.Add(t.Context(), 1, metric.WithAttributes(
					attribute.String("namespace", namespace), attribute.String("correlation_id", fmt.Sprint(i))))
			}
		}
		require.NoError(t, provider.ForceFlush(t.Context()))
	}
	times, perNamespace := map[string]int{}, map[any]int{}
	for _, p := range sink.Points() {
		raw := p.Attributes.AsRaw()
		if _, ok := raw["namespace"]; !ok {
			continue // the SDK's own
		}
		key := fmt.Sprint(raw)
		if times[key]++; times[key] == 1 {
			perNamespace[raw["namespace"]]++
		}
	}
	for key, n := range times {
		assert.Equal(t, rounds, n, "%s is in each export", key)
	}
	assert.Equal(t, tasks, perNamespace["payments"])
	assertShare(t, perNamespace["orders"], tasks, 0.5, "orders")
}
