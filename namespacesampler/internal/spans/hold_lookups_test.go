// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestHeldSpansAndLookups: task 1 is of namespace ns-1.
func TestHeldSpansAndLookups(t *testing.T) { // T18, T19, T20
	dsn := samplertest.NewDatabase(t, 3).DSN
	start := func(t *testing.T, rate float64) *samplertest.Sampler {
		t.Helper()
		return samplertest.Start(t, samplertest.WithPostgres(dsn, nil, map[string]any{
			"sample_rate": rate, "tracing": map[string]any{"hold": map[string]any{"wait": "1h"}, "always_keep_traces": []any{isError}},
		}))
	}
	low := func(attributes map[string]any) samplertest.Span {
		return samplertest.Span{ID: samplertest.LowID, Attributes: attributes}
	}
	task := func(n int) map[string]any { return map[string]any{"task_uuid": samplertest.TaskID(n)} }
	const known, unknown = 1, 99

	t.Run("a key that is unknown names nothing, and is not looked up again", func(t *testing.T) {
		h := start(t, 1)
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(task(unknown)))))
		assert.Equal(t, map[string]int64{"unknown": 1}, h.Counts("lookup_keys"))
		out := h.ConsumeTraces(samplertest.TracesOf(t, low(named("orders"))))
		assert.Equal(t, []string{"orders", "orders"}, namespaces(out))
		assert.Equal(t, map[string]int64{"unknown": 1}, h.Counts("lookup_keys"))
	})
	t.Run("a key that is resolved names the trace of held spans", func(t *testing.T) {
		h := start(t, 1)
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(nil))))
		out := h.ConsumeTraces(samplertest.TracesOf(t, low(task(known))))
		assert.Equal(t, []string{"ns-1", "ns-1"}, namespaces(out))
		assert.Zero(t, h.Gauges("held_spans")[""])
	})
	t.Run("a key is looked up though no rate keeps its trace, so that only what has no name waits for a span that keeps it", func(t *testing.T) {
		h := start(t, 0.5)
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(nil), low(task(known)))))
		assert.Equal(t, map[string]int64{"resolved": 1}, h.Counts("lookup_keys"))
		assert.Equal(t, map[string]int64{"dropped ns-1 global": 1, "dropped ns-1 trace": 1}, h.Counts("spans"))
		assert.Equal(t, []string{"ns-1"}, namespaces(h.ConsumeTraces(failed(samplertest.TracesOf(t, low(nil)), 0))))
	})
	t.Run("a malformed key is counted once", func(t *testing.T) {
		h := start(t, 1)
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(map[string]any{"task_uuid": "malformed"}))))
		require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, low(named("orders")))), 2)
		assert.Equal(t, map[string]int64{"malformed": 1}, h.Counts("lookup_keys"))
	})
}

func TestWhatPostgresCouldNotBeAskedAboutIsDecidedAtOnce(t *testing.T) { // T19
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refusing.Close())
	h := samplertest.Start(t, samplertest.WithPostgres("postgres://u@"+refusing.Addr().String()+"/d", map[string]any{"on_failure": "keep"}, map[string]any{
		"sample_rate": 0, "tracing": map[string]any{"hold": map[string]any{"wait": "1h"}, "always_keep_traces": []any{isError}},
	}))
	nameless := samplertest.Span{ID: samplertest.LowID}
	require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, nameless)))
	out := h.ConsumeTraces(samplertest.TracesOf(t, nameless, samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}}))
	assert.Len(t, out, 2, "with the other spans of the trace in the batch")
	assert.Equal(t, map[string]float64{"": 1}, h.Gauges("held_spans"), "the earlier one goes on waiting")
	assert.Equal(t, map[string]int64{"kept _none unavailable": 2}, h.Counts("spans"))
}
