// SPDX-License-Identifier: Apache-2.0

//go:build unix

package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

const sampleRate = "sample_rate"

// consume sends an item of each signal in namespaces. Items without a namespace are those of the empty one.
func consume(t testing.TB, s *samplertest.Sampler, spans, points, records []string) {
	t.Helper()
	td := samplertest.TracesOf(t)
	for _, name := range spans {
		samplertest.AppendSpans(t, td, nil, nil, samplertest.Span{Attributes: map[string]any{"namespace": name}})
	}
	s.ConsumeTraces(td)
	md := pmetric.NewMetrics()
	metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	for _, name := range points {
		samplertest.AppendPoint(metric, pmetric.MetricTypeGauge).PutStr("namespace", name)
	}
	s.ConsumeMetrics(md)
	ld := samplertest.LogsOf(t)
	for _, name := range records {
		samplertest.AppendRecords(t, ld, nil, nil, samplertest.Record{Attributes: map[string]any{"namespace": name}})
	}
	s.ConsumeLogs(ld)
}

func TestTheSampleRateInForceIsMeasuredForNamespacesAndSignalsThatHadItems(t *testing.T) {
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0.5, "namespaces": map[string]any{"payments": 1, "rust_*": 0.25, "silent": 0},
		"tracing": map[string]any{"namespaces": map[string]any{"orders": 0.125}},
		"metrics": map[string]any{"detailed": map[string]any{"sample_rate": 0.75}},
	})
	consume(t, s, []string{"payments", "orders", "rust_linear", "silent", ""}, []string{"payments", "orders"}, []string{"orders", ""})
	assert.Equal(t, map[string]float64{
		"payments traces": 1, "orders traces": 0.125, "rust_linear traces": 0.25, "silent traces": 0, "_none traces": 0.5,
		"payments metrics": 1, "orders metrics": 0.75,
		"orders logs": 0.5, "_none logs": 0.5,
	}, s.Gauges(sampleRate))
}

func TestTheSampleRateOfDisabledSignalsIsZero(t *testing.T) {
	off := map[string]any{"enabled": false}
	for _, disabled := range []string{"traces", "metrics", "logs"} {
		section := disabled
		if disabled == "traces" {
			section = "tracing"
		}
		s := samplertest.Start(t, map[string]any{"namespaces": map[string]any{"payments": 1}, section: off})
		consume(t, s, []string{"payments"}, []string{"payments"}, []string{"payments"})
		want := map[string]float64{"payments traces": 1, "payments metrics": 1, "payments logs": 1}
		want["payments "+disabled] = 0
		assert.Equal(t, want, s.Gauges(sampleRate))
	}
}

func TestTheSampleRateFollowsRuntimeOverrides(t *testing.T) {
	t.Parallel()
	database := withOverrides(t, 0)
	s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, polled, nil))
	consume(t, s, []string{"orders"}, nil, nil)
	assert.Equal(t, map[string]float64{"orders traces": 1}, s.Gauges(sampleRate))
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('orders', 0.25)`)
	eventually(t, func() bool { return s.Gauges(sampleRate)["orders traces"] == 0.25 }, "the override applies")
	database.Exec(`DELETE FROM namespace_sampling_overrides`)
	eventually(t, func() bool { return s.Gauges(sampleRate)["orders traces"] == 1 }, "it is gone")
}

// Within an interval, unlike budget_sample_rate.
func TestTheSampleRateIsThatWhichTheGuardOfABudgetHasLowered(t *testing.T) { // B5
	for name, logs := range map[string]map[string]any{
		"of a namespace": {"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 10}}},
		"of a pattern":   {"namespaces": map[string]any{"ana*": map[string]any{"items_per_second": 10}}},
		"shared":         {"budget": map[string]any{"items_per_second": 10}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := samplertest.Start(t, map[string]any{"budgets": map[string]any{"interval": "1s"}, "logs": logs})
				send := func(records int) (rate, ofBudget float64) {
					names := make([]string, records)
					for i := range names {
						names[i] = "analytics"
					}
					consume(t, s, nil, nil, names)
					return s.Gauges(sampleRate)["analytics logs"], s.Gauges("budget_sample_rate")["analytics logs"]
				}
				for range 3 {
					send(100)
					time.Sleep(time.Second) // of the bubble
					synctest.Wait()
				}
				rate, ofBudget := send(1)
				assert.InEpsilon(t, 0.1, rate, 0.02)
				assert.Equal(t, ofBudget, rate)
				rate, after := send(10_000)
				assert.Less(t, rate, ofBudget/2)
				assert.Equal(t, ofBudget, after)
			})
		})
	}
}

// Namespaces beyond the bound may have any rates.
func TestNamespacesThatAreCountedTogetherHaveNoSampleRate(t *testing.T) {
	s := samplertest.Start(t, map[string]any{"namespaces": map[string]any{"late": 0.5}, "telemetry": map[string]any{"max_namespaces": 2}})
	consume(t, s, []string{"payments", "beyond", "_other", "late", "_none"}, nil, nil)
	assert.Equal(t, map[string]float64{"payments traces": 1, "late traces": 0.5}, s.Gauges(sampleRate))
}

func TestOfNamesThatAreTheSameOnceTheyAreCutTheLowestSampleRateIsMeasured(t *testing.T) {
	cut := strings.Repeat("a", namespace.MaxShownBytes)
	s := samplertest.Start(t, map[string]any{"namespaces": map[string]any{cut + "1": 0.25, cut + "2": 0.5}})
	consume(t, s, []string{cut + "1", cut + "2", cut + "3"}, nil, nil)
	assert.Equal(t, map[string]float64{cut + " traces": 0.25}, s.Gauges(sampleRate))
}

// The SDK has room for a number of series. Which ones those are must not change, or graphs would have gaps.
func TestTheSampleRatesThatTheSDKHasRoomForStayTheSame(t *testing.T) {
	s := startWithNamespaces(t, 3000)
	before := s.Gauges(sampleRate)
	assert.Less(t, len(before), 3000)
	assert.Contains(t, before, "namespace-0 traces")
	assert.Contains(t, before, "namespace-0 logs")
	assert.Equal(t, before, s.Gauges(sampleRate))
}

// startWithNamespaces starts a sampler that has seen items of all signals in n namespaces.
func startWithNamespaces(t testing.TB, n int) *samplertest.Sampler {
	t.Helper()
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0.5, "namespaces": map[string]any{"namespace-1*": 0.25, "*-99": 0.1}, "telemetry": map[string]any{"max_namespaces": n},
	})
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("namespace-%d", i)
	}
	consume(t, s, names, names, names)
	return s
}

// A scrape collects the rates of all namespaces, besides the counters.
func BenchmarkCollectingSampleRates(b *testing.B) {
	for _, n := range []int{200, 10_000} {
		b.Run(fmt.Sprintf("namespaces=%d", n), func(b *testing.B) {
			s := startWithNamespaces(b, n)
			var all metricdata.ResourceMetrics
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, s.Telemetry.Reader.Collect(b.Context(), &all))
			}
		})
	}
}
