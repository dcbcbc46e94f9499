// SPDX-License-Identifier: Apache-2.0

//go:build !race

package spans_test

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestSpansWithNamespacesAllocateNothing(t *testing.T) {
	for _, tracing := range []map[string]any{
		{"sampler": "parent_based"},
		{"sampler": "trace_id_ratio"},
		{"sampler": "parent_based", "budget": map[string]any{"items_per_second": 1e6}},
		{"sampler": "trace_id_ratio", "budget": map[string]any{"items_per_second": 1e6}},
	} {
		t.Run(fmt.Sprint(tracing), func(t *testing.T) {
			tracing["trace_memory"] = map[string]any{"max_traces": 1000}
			traces, _ := samplertest.Bare(t, map[string]any{
				"sample_rate": 0.1, "tracing": tracing, "budgets": map[string]any{"interval": "1h", "initial_sample_rate": 0.1},
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
