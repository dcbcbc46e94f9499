// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// BenchmarkOutage compares spans without a database with spans while the circuit breaker is open.
func BenchmarkOutage(b *testing.B) {
	unreachable := map[string]any{
		"dsn": "postgres://127.0.0.1:1/none", "circuit_breaker": map[string]any{"failures": 1, "cooldown": time.Hour.String()},
	}
	for name, settings := range map[string]map[string]any{
		"without postgres": {"sample_rate": 0.1}, "breaker open": {"sample_rate": 0.1, "postgres": unreachable},
	} {
		b.Run(name, func(b *testing.B) {
			traces, _ := samplertest.Bare(b, settings)
			for range 2 { // the first batch opens the breaker
				_ = traces.ConsumeTraces(context.Background(), taskerSpans())
			}
			samplertest.BenchmarkConsume(b, taskerSpans(), ptrace.NewTraces, traces.ConsumeTraces)
		})
	}
}

// taskerSpans returns spans of which two in five name their namespace, two carry keys, and one neither.
func taskerSpans() ptrace.Traces {
	td := samplertest.BenchSpans()
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i, span := range spans.All() {
		attributes := span.Attributes()
		if i%5 < 2 {
			continue
		}
		attributes.Remove("namespace")
		switch i % 5 {
		case 2:
			attributes.PutStr("task_uuid", samplertest.TaskID(i/50))
		case 3:
			attributes.PutStr("step_uuid", samplertest.StepID(i))
			attributes.PutStr("task_uuid", samplertest.TaskID(i/50))
		default:
			attributes.PutStr("http.route", "/")
		}
	}
	return td
}
