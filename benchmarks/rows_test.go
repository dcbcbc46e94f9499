// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanRow is a batch with the contenders that are compared on it. The first is ours, the second is the floor. onLogs are those that get the
// same batch as log records; the first is ours.
type spanRow struct {
	name       string
	shape      spanShape
	contenders []contender[ptrace.Traces]
	onLogs     []contender[plog.Logs]
}

// benchmark measures the contenders of a row. Those that are compared are neighbours: ours on log records follows ours on spans.
func (r spanRow) benchmark(b *testing.B) {
	data, twice := r.shape.batch(), r.shape.twice().batch()
	logs, twiceLogs := logsOf(data), logsOf(twice)
	for i := range max(len(r.contenders), len(r.onLogs)) {
		if i < len(r.contenders) {
			c := r.contenders[i]
			b.Run("row="+r.name+"/who="+c.Name(), func(b *testing.B) { benchmark(b, spanSignal, c, data, twice) })
		}
		if i < len(r.onLogs) {
			c := r.onLogs[i]
			b.Run("row="+r.name+"/who="+c.Name(), func(b *testing.B) { benchmark(b, logSignal, c, logs, twiceLogs) })
		}
	}
}

// spanRows returns the rows that have budgets. cmd/verdict knows them by their names.
func spanRows() []spanRow {
	sampler := probabilisticSampler("equalizing").named("probabilistic_sampler")
	twenty := standardSpans.with(func(s *spanShape) { s.spansPerTrace = 20 })
	twentyResolved := resolvedSpans.with(func(s *spanShape) { s.spansPerTrace = 20 })
	stamped := standardSpans.with(func(s *spanShape) { s.tracestate = sampledByHalf })
	cached := fromCache{keys: bySpan(), batches: 1}
	samplerOnLogs := samplerOnLogs("equalizing", 10)
	type spans = []contender[ptrace.Traces]
	type logs = []contender[plog.Logs]
	return []spanRow{
		{
			"ratio", standardSpans,
			spans{ours(bySpan()), floor("namespace"), sampler, filter(5)},
			logs{oursOnLogs(bySpan()), samplerOnLogs},
		},
		{
			"remembered_20", twenty,
			spans{ours(nil), floor("namespace"), sampler},
			logs{oursOnLogs(nil).remembering(twenty)},
		},
		{
			"remembered_1", standardSpans,
			spans{ours(nil), floor("namespace"), sampler},
			logs{oursOnLogs(nil).remembering(standardSpans)},
		},
		{"resolved_20", twentyResolved, spans{cached, floor("task_uuid"), sampler}, logs{cached.onLogs()}},
		{"resolved_1", resolvedSpans, spans{cached, floor("task_uuid"), sampler}, logs{cached.onLogs()}},
		{"stamped", stamped, spans{ours(bySpan()), floor("namespace")}, logs{oursOnLogs(bySpan()), samplerOnLogs}},
	}
}

// BenchmarkRow measures the rows that have budgets.
func BenchmarkRow(b *testing.B) {
	for _, row := range slices.Concat(spanRows(), groupRows(), budgetRows()) {
		row.benchmark(b)
	}
	for _, c := range oursOnPointsByGroup() {
		shape := standardPoints.with(func(s *pointShape) { s.perWorkflow = perWorkflow })
		b.Run("row=grouped_points/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, shape) })
	}
	for row, shape := range remainderRows() {
		for _, c := range oursWithRemainder(shape) {
			b.Run("row="+row+"/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, shape) })
		}
	}
	for _, c := range []contender[pmetric.Metrics]{oursOnPoints(nil), hashing(), hashingRows(standardPoints)} {
		b.Run("row=points/who="+c.Name(), func(b *testing.B) { benchmarkPoints(b, c, standardPoints) })
	}
}
