// SPDX-License-Identifier: Apache-2.0

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
		resolvedRow(),
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
	for _, c := range []contender[pmetric.Metrics]{oursOnPoints(nil), hashing(standardPoints)} {
		b.Run("row=points/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, standardPoints) })
	}
}

// mostCompared are the items of the largest batch whose allocations are compared to those of another: larger ones would take gigabytes.
const mostCompared = 10_000

// benchmark reports time and allocations of a contender.
func benchmark[D any](b *testing.B, s signal[D], c contender[D], data, twice D) {
	b.Helper()
	consume := c.Start(b)
	s.time(b, consume, data)
	if s.items(data) > mostCompared {
		return
	}
	found := s.allocations(b, consume, data, twice)
	b.ReportMetric(found.perItem, "allocs/item")
	b.ReportMetric(found.perKept, "allocs/kept")
}
