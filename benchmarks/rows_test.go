// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanRow is a batch with the contenders that are compared on it, ours first.
type spanRow struct {
	name       string
	shape      spanShape
	contenders []contender[ptrace.Traces]
}

// spanRows are the rows with budgets.
func spanRows() []spanRow {
	return []spanRow{
		{"ratio", standardSpans, []contender[ptrace.Traces]{
			ours(bySpan()), floor("namespace"), probabilisticSampler("equalizing"), filter(5),
		}},
		{"remembered_1", standardSpans, []contender[ptrace.Traces]{ours(nil), floor("namespace")}},
		{
			"remembered_20", standardSpans.with(func(s *spanShape) { s.spansPerTrace = 20 }),
			[]contender[ptrace.Traces]{ours(nil), floor("namespace")},
		},
		{
			"stamped", standardSpans.with(func(s *spanShape) { s.tracestate = sampledByHalf }),
			[]contender[ptrace.Traces]{ours(bySpan()), floor("namespace")},
		},
		{
			"resolved_1", resolvedSpans,
			[]contender[ptrace.Traces]{fromCache{keys: bySpan(), batches: 1}, floor("task_uuid")},
		},
		{
			"resolved_20", resolvedSpans.with(func(s *spanShape) { s.spansPerTrace = 20 }),
			[]contender[ptrace.Traces]{fromCache{keys: bySpan(), batches: 1}, floor("task_uuid")},
		},
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
	for _, c := range []contender[pmetric.Metrics]{oursOnPoints(nil), hashing(), hashingRows(standardPoints)} {
		b.Run("row=points/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, standardPoints) })
	}
}
