// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// breakerState returns what the gauge shows.
func (h *harness) breakerState() int64 {
	h.t.Helper()
	m, err := h.telemetry.GetMetric("otelcol_processor_namespace_sampler_circuit_breaker_state")
	require.NoError(h.t, err)
	return m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value
}

// TestTheBreakerOpensAndCloses is C6, C7 and C8 with a server that goes and comes.
func TestTheBreakerOpensAndCloses(t *testing.T) {
	cluster, dsn := seeded(t, 2)
	h := start(t, withPostgres(dsn, map[string]any{
		"circuit_breaker": map[string]any{"failures": 3, "cooldown": "50ms"},
	}, nil))
	namespaceOf := func(task int) string {
		out := h.consumeTraces(tracesOf(t, span{attributes: map[string]any{"task_uuid": taskID(task)}}))
		require.Len(t, out, 1)
		name, _ := out[0].Attributes().Get("namespace")
		return name.Str()
	}
	assert.Equal(t, "ns-0", namespaceOf(0))
	assert.EqualValues(t, 0, h.breakerState())

	require.NoError(t, cluster.Crash())
	require.Eventually(t, func() bool {
		assert.Equal(t, "ns-0", namespaceOf(0), "the cache answers")
		return namespaceOf(1) == "" && h.counts("circuit_breaker_changes")["half_open"] > 2
	}, 30*time.Second, time.Millisecond)
	assert.Len(t, h.logs.FilterMessageSnippet("circuit breaker").All(), 1, "not each time that it tries")
	assert.Len(t, h.logs.FilterMessageSnippet("cannot be asked").All(), 1)

	require.NoError(t, cluster.Restart(t.Context()))
	require.Eventually(t, func() bool { return namespaceOf(1) == "ns-1" && h.breakerState() == 0 }, 30*time.Second, time.Millisecond)
	counts := h.counts("circuit_breaker_changes")
	assert.Equal(t, int64(1), counts["closed"])
	assert.Equal(t, counts["open"], counts["half_open"])
	assert.Len(t, h.logs.FilterMessageSnippet("circuit breaker").All(), 2)
	assert.Len(t, h.logs.FilterMessageSnippet("answers again").All(), 1)
}

// TestRefusedLookupsNeverOpenTheBreaker: classes 22 and 42 are about a query or a key, not about the server.
func TestRefusedLookupsNeverOpenTheBreaker(t *testing.T) {
	_, dsn := seeded(t, 1)
	h := start(t, withPostgres(dsn, map[string]any{
		"circuit_breaker": map[string]any{"failures": 1, "cooldown": "1ms"},
		"lookups": []any{
			map[string]any{"attribute": "missing", "query": "SELECT id, ns FROM missing WHERE id = ANY($1)"},
			map[string]any{"attribute": "number", "query": "SELECT k, 'found' FROM unnest($1::text[]) k WHERE k::int > 0"},
		},
	}, nil))
	for range 20 {
		h.consumeTraces(tracesOf(t,
			span{attributes: map[string]any{"missing": "1"}},
			span{attributes: map[string]any{"number": "no number"}},
		))
	}
	assert.Empty(t, h.counts("circuit_breaker_changes"))
	assert.Empty(t, h.logs.FilterMessageSnippet("cannot be asked").All())
}

func TestTheBreakerIsToldOncePerOutage(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	h := newHealth(zap.New(core))
	host := &statusHost{}
	h.addHost(host)
	h.asked(errors.New("down"))
	for _, state := range []namespace.BreakerState{
		namespace.Open, namespace.HalfOpen, namespace.Open, namespace.HalfOpen, namespace.Closed,
	} {
		h.breakerChanged(state)
	}
	h.asked(nil)
	assert.Equal(t, 4, logs.Len())
	assert.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, host.events)
}

// TestADatabaseThatComesAndGoesDoesNotFloodTheLog is C8.
func TestADatabaseThatComesAndGoesDoesNotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		h := newHealth(zap.New(core))
		for range 100 {
			h.asked(errors.New("down"))
			h.asked(nil)
		}
		assert.Equal(t, 2*maxRepeats, logs.Len())
		time.Sleep(repeatsWithin)
		h.asked(errors.New("down"))
		assert.Equal(t, 2*maxRepeats+1, logs.Len())
	})
}
