// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

func TestCutTracesMustFitInTheProcessorsMemory(t *testing.T) {
	t.Parallel()
	c, err := parse([]byte("processors: {namespace_sampler: {tracing: {trace_memory: {max_traces: 99}}}}"))
	require.NoError(t, err)
	require.ErrorContains(t, c.CheckLoad(workload.Sizes{Spans: 1981, Cut: true}), "must be at least 100, the number of traces that are cut, got 99")
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 1980, Cut: true}))
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 1981}))
	c.Tracing.Sampler = TraceIDRatio
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 1981, Cut: true}))
}

func TestAllSpansThatAreSentMustFitInTheProcessorsHold(t *testing.T) {
	t.Parallel()
	c, err := parse([]byte("processors: {namespace_sampler: {tracing: {hold: {wait: 1s, max_spans: 99}}}}"))
	require.NoError(t, err)
	require.ErrorContains(t, c.CheckLoad(workload.Sizes{Spans: 100}), "tracing::hold::max_spans: must be at least 100, the number of spans that are sent, got 99")
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 99}))
	c.Tracing.Hold.Wait = ""
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 100}))
}

func TestTracesThatRecordsBelongToMustFitInTheProcessorsMemory(t *testing.T) {
	t.Parallel()
	c, err := parse([]byte("processors: {namespace_sampler: {tracing: {trace_memory: {max_traces: 99}}}}"))
	require.NoError(t, err)
	require.ErrorContains(t, c.CheckLoad(workload.Sizes{Spans: 1981, Records: 1}), "must be at least 100, the number of traces that log records belong to, got 99")
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 1980, Records: 1}))
	require.Error(t, c.CheckMemory(100))
	require.NoError(t, c.CheckMemory(99))
	c.Tracing.Sampler = TraceIDRatio
	require.NoError(t, c.CheckLoad(workload.Sizes{Spans: 1981, Records: 1}))
}
