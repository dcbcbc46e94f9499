// SPDX-License-Identifier: Apache-2.0

package verdict

const (
	oursOnLogs     = "ours_on_logs"
	samplerOnLogs  = "probabilistic_sampler_on_logs"
	groupedOnLogs  = "ours_grouped_on_logs"
	budgetedOnLogs = "ours_budgeted_on_logs"
)

// logBudgets compare log records to the spans of the same row. A kept record is stamped by an attribute, which
// is an allocation for its value; the namespace of a lookup is another.
var logBudgets = []Budget{
	{Work: "log record by its own namespace, rate 0.1", Against: onSpans, Unit: "ns/item", Bound: atMost(1.15), Benchmark: logs("ratio"), Reference: ours("ratio")},
	{Work: "… time", Against: sampler + " on logs", Unit: "ns/item", Benchmark: logs("ratio"), Reference: peer("ratio", samplerOnLogs)},
	{Work: "… allocations a kept record", Unit: "allocs/kept", Bound: atMost(1), Benchmark: logs("ratio")},
	{Work: "log record of a remembered trace, 20 a trace", Against: onSpans, Unit: "ns/item", Bound: atMost(1.15), Benchmark: logs("remembered_20"), Reference: ours("remembered_20")},
	{Work: "… allocations a kept record", Unit: "allocs/kept", Bound: atMost(1), Benchmark: logs("remembered_20")},
	{Work: "log record of a remembered trace, 1 a trace", Against: onSpans, Unit: "ns/item", Bound: atMost(1.15), Benchmark: logs("remembered_1"), Reference: ours("remembered_1")},
	{Work: "… allocations a kept record", Unit: "allocs/kept", Bound: atMost(1), Benchmark: logs("remembered_1")},
	{Work: "log record resolved from the cache, 20 a task", Against: onSpans, Unit: "ns/item", Bound: atMost(1.15), Benchmark: logs("resolved_20"), Reference: ours("resolved_20")},
	{Work: "… allocations a kept record", Unit: "allocs/kept", Bound: atMost(2), Benchmark: logs("resolved_20")},
	{Work: "log record resolved from the cache, 1 a task", Against: onSpans, Unit: "ns/item", Bound: atMost(1.15), Benchmark: logs("resolved_1"), Reference: ours("resolved_1")},
	{Work: "… allocations a kept record", Unit: "allocs/kept", Bound: atMost(2), Benchmark: logs("resolved_1")},
	{Work: "log record that was sampled before", Against: onSpans, Unit: "ns/item", Bound: atMost(1.15), Benchmark: logs("stamped"), Reference: ours("stamped")},
	{Work: "… time", Against: sampler + " on logs", Unit: "ns/item", Benchmark: logs("stamped"), Reference: peer("stamped", samplerOnLogs)},
	{Work: "… allocations a kept record", Unit: "allocs/kept", Bound: atMost(1), Benchmark: logs("stamped")},

	{Work: "with consistent_by: log record by its own namespace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: groupedLogs("grouped_ratio"), Reference: logs("grouped_ratio")},
	{Work: "… one record a workflow", Against: without, Unit: "ns/item", Benchmark: groupedLogs("grouped_ratio_1"), Reference: logs("grouped_ratio_1")},
	{Work: "… of a remembered trace, 20 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: groupedLogs("grouped_remembered_20"), Reference: logs("grouped_remembered_20")},
	{Work: "… of a remembered trace, 1 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: groupedLogs("grouped_remembered_1"), Reference: logs("grouped_remembered_1")},
	{Work: "… resolved from the cache, 1 a task", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: groupedLogs("grouped_resolved_1"), Reference: logs("grouped_resolved_1")},

	{Work: "with a budget: log record by its own namespace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: budgetedLogs("budgeted_ratio"), Reference: logs("budgeted_ratio")},
	{Work: "… of a remembered trace, 20 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: budgetedLogs("budgeted_remembered_20"), Reference: logs("budgeted_remembered_20")},
	{Work: "… of a remembered trace, 1 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: budgetedLogs("budgeted_remembered_1"), Reference: logs("budgeted_remembered_1")},
}

// logs returns the name of the benchmark of the processor on the log records of a row of BenchmarkRow.
func logs(row string) string { return peer(row, oursOnLogs) }

// groupedLogs returns the name of the benchmark of the processor with consistent_by on the log records of a row of BenchmarkRow.
func groupedLogs(row string) string { return peer(row, groupedOnLogs) }

// budgetedLogs returns the name of the benchmark of the processor with a budget in force on the log records of a row of BenchmarkRow.
func budgetedLogs(row string) string { return peer(row, budgetedOnLogs) }
