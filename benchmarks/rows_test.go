// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanRow is a batch with the contenders that are compared on it. The first is ours, the second is the floor.
type spanRow struct {
	name       string
	shape      spanShape
	contenders []contender[ptrace.Traces]
}

// spanRows returns the rows that have budgets. cmd/verdict knows them by their names.
func spanRows() []spanRow {
	sampler := probabilisticSampler("equalizing").named("probabilistic_sampler")
	perTrace := func(n int) func(*spanShape) { return func(s *spanShape) { s.spansPerTrace = n } }
	stamped := func(s *spanShape) { s.tracestate = sampledByHalf }
	cached := fromCache{keys: bySpan(), batches: 1}
	return []spanRow{
		{"ratio", standardSpans, []contender[ptrace.Traces]{ours(bySpan()), floor("namespace"), sampler, filter(5)}},
		{"remembered_20", standardSpans.with(perTrace(20)), []contender[ptrace.Traces]{ours(nil), floor("namespace"), sampler}},
		{"remembered_1", standardSpans, []contender[ptrace.Traces]{ours(nil), floor("namespace"), sampler}},
		{"resolved_20", resolvedSpans.with(perTrace(20)), []contender[ptrace.Traces]{cached, floor("task_uuid"), sampler}},
		{"resolved_1", resolvedSpans, []contender[ptrace.Traces]{cached, floor("task_uuid"), sampler}},
		{"stamped", standardSpans.with(stamped), []contender[ptrace.Traces]{ours(bySpan()), floor("namespace")}},
	}
}

// BenchmarkRow measures the rows that have budgets.
func BenchmarkRow(b *testing.B) {
	for _, row := range spanRows() {
		data, twice := row.shape.batch(), row.shape.with(func(s *spanShape) { s.items *= 2 }).batch()
		for _, c := range row.contenders {
			b.Run("row="+row.name+"/who="+c.Name(), func(b *testing.B) { benchmark(b, spanSignal, c, data, twice) })
		}
	}
	for _, row := range groupRows() {
		data, twice := row.shape.batch(), row.shape.with(func(s *spanShape) { s.items *= 2 }).batch()
		for _, c := range row.contenders {
			b.Run("row="+row.name+"/who="+c.Name(), func(b *testing.B) { benchmark(b, spanSignal, c, data, twice) })
		}
	}
	for _, c := range oursOnPointsByGroup() {
		shape := standardPoints.with(func(s *pointShape) { s.perWorkflow = perWorkflow })
		b.Run("row=grouped_points/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, shape) })
	}
	for _, c := range []contender[pmetric.Metrics]{oursOnPoints(nil), hashing(), hashingRows(standardPoints)} {
		b.Run("row=points/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, standardPoints) })
	}
}
