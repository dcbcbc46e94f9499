// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
)

// BenchItems is the number of items of a batch that is measured.
const BenchItems = 1000

// Bare starts the processor without internal telemetry and with consumers that discard everything, to be measured.
func Bare(t testing.TB, settings map[string]any) (processor.Traces, processor.Metrics) {
	t.Helper()
	cfg, factory, set := Load(t, settings), namespacesampler.NewFactory(), processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = componenttest.NewNopTelemetrySettings()
	traces, err := factory.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	metrics, err := factory.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, traces.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, metrics.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, traces.Shutdown(context.Background()))
		require.NoError(t, metrics.Shutdown(context.Background()))
	})
	return traces, metrics
}

// BareWithLogs is Bare for the processors of spans and log records.
func BareWithLogs(t testing.TB, settings map[string]any) (processor.Traces, processor.Logs) {
	t.Helper()
	cfg, factory, set := Load(t, settings), namespacesampler.NewFactory(), processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = componenttest.NewNopTelemetrySettings()
	traces, err := factory.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	logs, err := factory.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, traces.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, traces.Shutdown(context.Background()))
		require.NoError(t, logs.Shutdown(context.Background()))
	})
	return traces, logs
}

// BenchSpans returns the standard batch of the budgets: 1,000 spans with 10 attributes, the namespace last.
func BenchSpans() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for n := range BenchItems {
		span := spans.AppendEmpty()
		span.SetTraceID(RandomID())
		for i := range 9 {
			span.Attributes().PutStr(fmt.Sprintf("attribute.%d", i), "value")
		}
		span.Attributes().PutStr("namespace", fmt.Sprintf("namespace-%d", n%12))
	}
	return td
}

// BenchmarkConsume reports the time per item. Batches are copied, and garbage is collected, while the timer is stopped.
func BenchmarkConsume[D interface{ CopyTo(D) }](b *testing.B, data D, empty func() D, consume func(context.Context, D) error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const copies = 200
	batches := make([]D, 0, copies)
	b.ReportAllocs()
	for b.Loop() {
		if len(batches) == 0 {
			b.StopTimer()
			runtime.GC()
			for range copies {
				batch := empty()
				data.CopyTo(batch)
				batches = append(batches, batch)
			}
			b.StartTimer()
		}
		_ = consume(context.Background(), batches[len(batches)-1])
		batches = batches[:len(batches)-1]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*BenchItems), "ns/item")
}

// allocationsPerBatch is what the Collector's own instruments allocate for a batch, far from one allocation per item.
const allocationsPerBatch = 12

// AssertAllocates asserts how much consuming a batch of 1,000 items allocates. Collections, which may empty pools, are disabled;
// the race detector must be off.
func AssertAllocates[D any](t *testing.T, most float64, batch func() D, consume func(context.Context, D) error) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const runs = 20
	batches := make([]D, runs+2) // one to create the working memory, and one that AllocsPerRun does not count
	for i := range batches {
		batches[i] = batch()
	}
	next := 0
	step := func() {
		_ = consume(t.Context(), batches[next])
		next++
	}
	step()
	assert.LessOrEqual(t, testing.AllocsPerRun(runs, step), most+allocationsPerBatch, "for a batch of %d items", BenchItems)
}
