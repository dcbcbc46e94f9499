// SPDX-License-Identifier: Apache-2.0

//go:build !race

package spans_test

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestSpansWithNamespacesAllocateNothing(t *testing.T) {
	for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
		t.Run(sampler, func(t *testing.T) {
			traces, _ := samplertest.Bare(t, map[string]any{
				"sample_rate": 0.1, "tracing": map[string]any{"sampler": sampler, "trace_memory": map[string]any{"max_traces": 1000}},
			})
			data := samplertest.BenchSpans()
			samplertest.AssertAllocates(t, 0, func() ptrace.Traces {
				batch := ptrace.NewTraces()
				data.CopyTo(batch)
				return batch
			}, traces.ConsumeTraces)
		})
	}
}
