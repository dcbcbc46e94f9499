// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// telemetrygen runs OpenTelemetry's own load generator against a collector.
func telemetrygen(t *testing.T, collector *harness.Collector, signal string, args ...string) {
	t.Helper()
	args = append([]string{signal, "--otlp-insecure", "--otlp-endpoint", collector.Addr(), "--rate", "0"}, args...)
	output, err := exec.CommandContext(t.Context(), harness.Telemetrygen(t), args...).CombinedOutput()
	require.NoError(t, err, string(output))
}

func TestSpansOfTelemetrygenAreSampledExactly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		namespace, flag string
		rate            float64
	}{
		{"orders", "--telemetry-attributes", 0.5},
		{"analytics", "--otlp-attributes", 0.01}, // on the resource
		{"payments", "--telemetry-attributes", 1},
	} {
		t.Run(c.namespace, func(t *testing.T) {
			t.Parallel()
			sink, before := harness.NewSink(t), harness.NewSink(t)
			collector := harness.Start(t, harness.Options{Processor: rates, Sink: sink, Copy: before})
			telemetrygen(t, collector, "traces", "--traces", "700", "--child-spans", "2",
				"--batch=false", c.flag, `namespace="`+c.namespace+`"`)

			sent := before.Spans()
			require.Equal(t, 2100, len(sent)) // with batching, it drops spans that it generates faster than it can send
			want := outcomes{}
			for _, s := range sent {
				want.expect(t, c.rate, span{trace: s.TraceID(), id: s.SpanID()})
			}
			assert.Equal(t, want, outcomesOf(sink.Spans()))
			assertShare(t, len(want)/3, 700, c.rate, "traces") // the three spans of a trace stay together
			assertCountedOnce(t, collector, "spans", 2100, len(want))
		})
	}
}

func TestSeriesOfTelemetrygenAreKeptOrDroppedAsAWhole(t *testing.T) {
	t.Parallel()
	for _, metricType := range []string{"Gauge", "Sum", "Histogram", "ExponentialHistogram"} {
		sink := harness.NewSink(t)
		collector := harness.Start(t, harness.Options{Processor: rates, Sink: sink})
		for _, namespace := range []string{"payments", "orders", "silent"} {
			telemetrygen(t, collector, "metrics", "--metrics", "20", "--metric-type", metricType,
				"--telemetry-attributes", `namespace="`+namespace+`"`)
		}
		points := map[any]int{}
		for _, p := range sink.Points() {
			points[p.Attributes.AsRaw()["namespace"]]++
		}
		assert.Equal(t, 20, points["payments"], metricType)
		assert.Contains(t, []int{0, 20}, points["orders"], "%s: one series, whole or absent", metricType)
		assert.Zero(t, points["silent"], metricType)
		assertCountedOnce(t, collector, "datapoints", 60, len(sink.Points()))
	}
}

// TestRecordsOfTelemetrygenAreSampledExactly: all records of a run have the trace ID that it is given.
func TestRecordsOfTelemetrygenAreSampledExactly(t *testing.T) {
	t.Parallel()
	const n = 500
	for _, flag := range []string{"--telemetry-attributes", "--otlp-attributes"} { // on the record, and on the resource
		sink := harness.NewSink(t)
		collector := harness.Start(t, harness.Options{Processor: rates, Sink: sink})
		sent, want := 0, map[string]int{}
		for _, namespace := range []string{"payments", "orders", "analytics"} {
			for _, id := range []string{vectorA, "0af7651916cd43dd8448eb211c80319c"} {
				telemetrygen(t, collector, "logs", "--logs", strconv.Itoa(n), "--trace-id", id, flag, `namespace="`+namespace+`"`)
				sent += n
				kept := stamps{}
				kept.expect(t, rateOf[namespace], newRecord(trace(t, id), nil))
				for _, decided := range kept {
					want[fmt.Sprint(id, " ", namespace, " ", decided.threshold)] = n
				}
			}
		}
		got := map[string]int{}
		for _, r := range sink.Records() {
			namespace := r.Attributes().AsRaw()["namespace"]
			if flag == "--otlp-attributes" {
				namespace = r.Resource.Attributes().AsRaw()["namespace"]
			}
			got[fmt.Sprint(r.TraceID(), " ", namespace, " ", r.Attributes().AsRaw()[thresholdAttribute])]++
		}
		require.Greater(t, len(want), 2)
		require.Less(t, len(want), 6)
		assert.Equal(t, want, got, flag)
		assertCountedOnce(t, collector, "log_records", sent, len(sink.Records()))
	}
}

// TestRecordsOfTelemetrygenWithoutATraceAreDrawnEach, and leave with the randomness that was drawn.
func TestRecordsOfTelemetrygenWithoutATraceAreDrawnEach(t *testing.T) { // L2, L4
	t.Parallel()
	const n = 5_000
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: rates, Sink: sink})
	telemetrygen(t, collector, "logs", "--logs", strconv.Itoa(n), "--telemetry-attributes", `namespace="orders"`)
	assertShare(t, len(sink.Records()), n, 0.5, "records")
	drawn := map[any]bool{}
	for _, r := range sink.Records() {
		raw := r.Attributes().AsRaw()
		require.True(t, r.TraceID().IsEmpty())
		require.Equal(t, "8", raw[thresholdAttribute])
		require.Regexp(t, "^[89a-f][0-9a-f]{13}$", raw[randomnessAttribute])
		drawn[raw[randomnessAttribute]] = true
	}
	assert.Len(t, drawn, len(sink.Records()), "each has its own")
	assertCountedOnce(t, collector, "log_records", n, len(sink.Records()))
}
