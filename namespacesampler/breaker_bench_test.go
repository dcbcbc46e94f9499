// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// taskerSpans returns a batch as Tasker sends them: 1,000 spans of 10 attributes of 20 tasks, in the order in which a worker
// ends them. Of five, two name their namespace, two carry only the ids of a task or a step, and one carries neither.
func taskerSpans() ptrace.Traces {
	td := benchSpans()
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i, span := range spans.All() {
		attributes := span.Attributes()
		if i%5 < 2 {
			continue
		}
		attributes.Remove("namespace")
		switch i % 5 {
		case 2:
			attributes.PutStr("task_uuid", taskID(i/50))
		case 3:
			attributes.PutStr("step_uuid", stepID(i))
			attributes.PutStr("task_uuid", taskID(i/50))
		default:
			attributes.PutStr("http.route", "/")
		}
	}
	return td
}

// BenchmarkOutage compares the walk over spans without a database with that while the circuit breaker is open.
func BenchmarkOutage(b *testing.B) {
	for _, breaker := range []string{"without postgres", "breaker open"} {
		b.Run(breaker, func(b *testing.B) {
			rt := benchRuntime(b, func(cfg *Config) {
				cfg.SampleRate = 0.1
				if breaker == "breaker open" {
					pg := cfg.Postgres.GetOrInsertDefault()
					pg.DSN = configopaque.String("postgres://127.0.0.1:1/none")
					pg.CircuitBreaker = CircuitBreakerConfig{Failures: 1, Cooldown: time.Hour}
				}
			})
			if err := rt.start(b.Context(), componenttest.NewNopHost()); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = rt.shutdown(context.Background()) })
			p := newTracesProcessor(rt)
			for range 2 { // the first opens it
				_, _ = p.process(b.Context(), taskerSpans())
			}
			benchmarkWalk(b, taskerSpans(), ptrace.NewTraces, func(td ptrace.Traces) { _, _ = p.process(context.Background(), td) })
		})
	}
}
