// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// breakerState returns the value of the gauge.
func breakerState(t *testing.T, h *samplertest.Sampler) int64 {
	t.Helper()
	m, err := h.Telemetry.GetMetric("otelcol_processor_namespace_sampler_circuit_breaker_state")
	require.NoError(t, err)
	return m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value
}

func TestTheBreakerOpensWhenPostgresCrashesAndClosesWhenItIsBack(t *testing.T) { // C6, C7, C8
	database := samplertest.NewDatabase(t, 2)
	cluster, dsn := database.Cluster, database.DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, map[string]any{
		"circuit_breaker": map[string]any{"failures": 3, "cooldown": "50ms"},
	}, nil))
	namespaceOf := func(task int) string {
		out := h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(task)}}))
		require.Len(t, out, 1)
		name, _ := out[0].Attributes().Get("namespace")
		return name.Str()
	}
	assert.Equal(t, "ns-0", namespaceOf(0))
	assert.EqualValues(t, 0, breakerState(t, h))

	require.NoError(t, cluster.Crash())
	require.Eventually(t, func() bool {
		assert.Equal(t, "ns-0", namespaceOf(0), "the cache answers")
		return namespaceOf(1) == "" && h.Counts("circuit_breaker_changes")["half_open"] > 2
	}, 30*time.Second, time.Millisecond)
	assert.Len(t, h.Logs.FilterMessageSnippet("circuit breaker").All(), 1, "not each time that it tries")
	assert.Len(t, h.Logs.FilterMessageSnippet("cannot be asked").All(), 1)

	require.NoError(t, cluster.Restart(t.Context()))
	require.Eventually(t, func() bool { return namespaceOf(1) == "ns-1" && breakerState(t, h) == 0 }, 30*time.Second, time.Millisecond)
	counts := h.Counts("circuit_breaker_changes")
	assert.Equal(t, int64(1), counts["closed"])
	assert.Equal(t, counts["open"], counts["half_open"])
	assert.Len(t, h.Logs.FilterMessageSnippet("circuit breaker").All(), 2)
	assert.Len(t, h.Logs.FilterMessageSnippet("answers again").All(), 1)
}

// TestRefusedLookupsNeverOpenTheBreaker: classes 22 and 42 are about a query or a key, not about the server.
func TestRefusedLookupsNeverOpenTheBreaker(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 1).DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, map[string]any{
		"circuit_breaker": map[string]any{"failures": 1, "cooldown": "1ms"},
		"lookups": []any{
			map[string]any{"attribute": "missing", "query": "SELECT id, ns FROM missing WHERE id = ANY($1)"},
			map[string]any{"attribute": "number", "query": "SELECT k, 'found' FROM unnest($1::text[]) k WHERE k::int > 0"},
		},
	}, nil))
	for range 20 {
		h.ConsumeTraces(samplertest.TracesOf(t,
			samplertest.Span{Attributes: map[string]any{"missing": "1"}},
			samplertest.Span{Attributes: map[string]any{"number": "no number"}},
		))
	}
	assert.Empty(t, h.Counts("circuit_breaker_changes"))
	assert.Empty(t, h.Logs.FilterMessageSnippet("cannot be asked").All())
}
