// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"maps"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// grouping returns keys with consistent_by.
func grouping(keys settings) settings {
	all := settings{"consistent_by": []any{"correlation_id"}}
	maps.Copy(all, keys)
	return all
}

const grouped = "ours_grouped"

// perWorkflow is how many items with one correlation_id come together. A workflow has many spans and series, but the most that groups can
// cost is measured as well, with one span for each.
const perWorkflow = 20

// groupRows returns rows in which the processor with consistent_by is compared to itself without it, on items that carry a correlation_id,
// or whose group is looked up with their namespace.
func groupRows() []spanRow {
	carried := func(perTrace, perWorkflow int) spanShape {
		return standardSpans.with(func(s *spanShape) { s.spansPerTrace, s.perWorkflow = perTrace, perWorkflow })
	}
	both := func(name string, shape spanShape, keys settings) spanRow {
		with, without := oursOnLogs(grouping(keys)).named(onLogs(grouped)), oursOnLogs(keys)
		if keys == nil { // parent_based
			with, without = with.remembering(shape), without.remembering(shape)
		}
		both := []contender[ptrace.Traces]{ours(keys), ours(grouping(keys)).named(grouped)}
		return spanRow{name, shape, both, []contender[plog.Logs]{without, with}}
	}
	without, with := fromCache{keys: bySpan(), batches: 1}, fromCache{name: grouped, keys: grouping(bySpan()), batches: 1}
	return []spanRow{
		both("grouped_ratio", carried(1, perWorkflow), bySpan()),
		both("grouped_ratio_1", carried(1, 1), bySpan()),
		both("grouped_remembered_20", carried(20, perWorkflow), nil),
		both("grouped_remembered_1", carried(1, perWorkflow), nil),
		{
			"grouped_resolved_1", resolvedSpans, []contender[ptrace.Traces]{without, with}, []contender[plog.Logs]{without.onLogs(), with.onLogs()},
		},
	}
}

// oursOnPointsByGroup returns the processor for data points without and with consistent_by.
func oursOnPointsByGroup() []contender[pmetric.Metrics] {
	with := oursOnPoints(grouping(nil))
	with.name = grouped
	return []contender[pmetric.Metrics]{oursOnPoints(nil), with}
}
