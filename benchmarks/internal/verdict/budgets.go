// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
)

// Budget bounds a measured value, or its ratio to a reference.
type Budget struct {
	// Work says what is done, and Against what it is compared to.
	Work, Against string
	// Benchmark is the name of the measured benchmark, without "Benchmark" and the number of CPUs. Unit is the value that is read.
	Benchmark, Unit string
	// Reference is the benchmark that the value is divided by. If it is empty, the value itself is bounded.
	Reference string
	Bound     Bound
}

const (
	floor   = "floor"
	sampler = "probabilistic_sampler"
	without = "the same without"
	onSpans = "a span"
)

// Budgets are those of the product.
var Budgets = slices.Concat(collectorBudgets, spanBudgets, logBudgets, otherBudgets, twoCoreBudgets())

var collectorBudgets = []Budget{
	{
		Work: "collector, cached namespaces, rate 1", Against: "no processor", Unit: "cpu-s/Mitem", Bound: atMost(1.04).withInterval(1.08),
		Benchmark: "Collector/with=namespace_sampler_1", Reference: "Collector/with=none",
	},
	{
		Work: "… rate 0.1", Against: "no processor", Unit: "cpu-s/Mitem", Bound: atMost(0.92),
		Benchmark: "Collector/with=namespace_sampler_0.1", Reference: "Collector/with=none",
	},
	{
		Work: "… rate 0.01", Against: "no processor", Unit: "cpu-s/Mitem", Bound: atMost(0.88),
		Benchmark: "Collector/with=namespace_sampler_0.01", Reference: "Collector/with=none",
	},
	{
		Work: "collector, a rate for each namespace: CPU", Against: "tail_sampling", Unit: "cpu-s/Mitem", Bound: atMost(0.47),
		Benchmark: "TailSampling/with=namespace_sampler", Reference: "TailSampling/with=tail_sampling",
	},
	{
		Work: "… peak resident memory", Against: "tail_sampling", Unit: "MB-peak-rss", Bound: atMost(0.10),
		Benchmark: "TailSampling/with=namespace_sampler", Reference: "TailSampling/with=tail_sampling",
	},
}

var spanBudgets = []Budget{
	{Work: "span by its own namespace, rate 0.1", Against: sampler, Unit: "ns/item", Bound: atMost(0.20), Benchmark: ours("ratio"), Reference: peer("ratio", sampler)},
	{Work: "… time", Against: "filter, 5 conditions", Unit: "ns/item", Bound: atMost(0.25), Benchmark: ours("ratio"), Reference: peer("ratio", "filter_5")},
	{Work: "… time", Against: floor, Unit: "ns/item", Benchmark: ours("ratio"), Reference: peer("ratio", floor)},
	{Work: "… allocations a span", Unit: "allocs/item", Bound: atMost(0), Benchmark: ours("ratio")},

	{Work: "span of a remembered trace, 20 a trace", Against: sampler, Unit: "ns/item", Bound: atMost(0.25), Benchmark: ours("remembered_20"), Reference: peer("remembered_20", sampler)},
	{Work: "… time", Against: floor, Unit: "ns/item", Benchmark: ours("remembered_20"), Reference: peer("remembered_20", floor)},
	{Work: "… allocations a span", Unit: "allocs/item", Bound: atMost(0), Benchmark: ours("remembered_20")},
	{Work: "span of a remembered trace, 1 a trace", Against: sampler, Unit: "ns/item", Bound: atMost(0.33), Benchmark: ours("remembered_1"), Reference: peer("remembered_1", sampler)},
	{Work: "… time", Against: floor, Unit: "ns/item", Benchmark: ours("remembered_1"), Reference: peer("remembered_1", floor)},
	{Work: "… allocations a span", Unit: "allocs/item", Bound: atMost(0), Benchmark: ours("remembered_1")},

	{Work: "span resolved from the cache, 20 a task", Against: sampler, Unit: "ns/item", Bound: atMost(0.55), Benchmark: ours("resolved_20"), Reference: peer("resolved_20", sampler)},
	{Work: "… time", Against: floor, Unit: "ns/item", Benchmark: ours("resolved_20"), Reference: peer("resolved_20", floor)},
	{Work: "… allocations a kept span, 1 of them growth", Unit: "allocs/kept", Bound: atMost(2), Benchmark: ours("resolved_20")},
	{Work: "span resolved from the cache, 1 a task", Against: sampler, Unit: "ns/item", Bound: atMost(1), Benchmark: ours("resolved_1"), Reference: peer("resolved_1", sampler)},
	{Work: "… time", Against: floor, Unit: "ns/item", Benchmark: ours("resolved_1"), Reference: peer("resolved_1", floor)},
	{Work: "… allocations a kept span, 1 of them growth", Unit: "allocs/kept", Bound: atMost(2), Benchmark: ours("resolved_1")},

	{Work: "with consistent_by: span by its own namespace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: grouped("grouped_ratio"), Reference: ours("grouped_ratio")},
	{Work: "… one span a workflow", Against: without, Unit: "ns/item", Benchmark: grouped("grouped_ratio_1"), Reference: ours("grouped_ratio_1")},
	{Work: "… of a remembered trace, 20 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: grouped("grouped_remembered_20"), Reference: ours("grouped_remembered_20")},
	{Work: "… of a remembered trace, 1 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: grouped("grouped_remembered_1"), Reference: ours("grouped_remembered_1")},
	{Work: "… resolved from the cache, 1 a task", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: grouped("grouped_resolved_1"), Reference: ours("grouped_resolved_1")},
	{Work: "… data point by series", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: grouped("grouped_points"), Reference: ours("grouped_points")},

	{Work: "with a budget: span by its own namespace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: budgeted("budgeted_ratio"), Reference: ours("budgeted_ratio")},
	{Work: "… of a remembered trace, 20 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: budgeted("budgeted_remembered_20"), Reference: ours("budgeted_remembered_20")},
	{Work: "… of a remembered trace, 1 a trace", Against: without, Unit: "ns/item", Bound: atMost(1.2), Benchmark: budgeted("budgeted_remembered_1"), Reference: ours("budgeted_remembered_1")},

	{Work: "stamped span, allocations a kept span", Unit: "allocs/kept", Bound: atMost(1), Benchmark: ours("stamped")},
}

var otherBudgets = []Budget{
	{Work: "data point by series, 8 attributes", Against: "copying and hashing its bytes", Unit: "ns/item", Bound: atMost(8), Benchmark: ours("points"), Reference: peer("points", "hash")},
	{Work: "… time", Against: "hashing bytes in a row", Unit: "ns/item", Benchmark: ours("points"), Reference: peer("points", "hash_of_rows")},
	{Work: "… allocations a point", Unit: "allocs/item", Bound: atMost(0), Benchmark: ours("points")},
	{Work: "… with a remainder, 12 series of it", Against: without, Unit: "ns/item", Bound: atMost(2), Benchmark: peer("remainder", "ours_remainder"), Reference: ours("remainder")},
	{Work: "… with a remainder, 120 series of it", Against: without, Unit: "ns/item", Benchmark: peer("remainder_120", "ours_remainder"), Reference: ours("remainder_120")},

	{Work: "1,000 unknown keys", Against: "a query for each key", Unit: "keys/s", Bound: atLeast(20), Benchmark: "Lookup/who=ours", Reference: "Lookup/who=query_per_key"},
	{Work: "… keys a second", Against: "a prepared query for each key", Unit: "keys/s", Benchmark: "Lookup/who=ours", Reference: "Lookup/who=prepared_query_per_key"},
	{Work: "… round trips", Unit: "round-trips/op", Bound: atMost(1), Benchmark: "Lookup/who=ours"},

	{Work: "memory of a cached key", Unit: "B/entry", Bound: atMost(160), Benchmark: "CacheMemory"},
	{Work: "memory of a remembered trace", Unit: "B/trace", Bound: atMost(200), Benchmark: "TraceMemory"},
}

// twoCoreBudgets returns a budget for each row that is measured in process. The floor is for orientation: it shares nothing between
// goroutines and shows what the machine can do.
func twoCoreBudgets() []Budget {
	budgets := []Budget{{Work: "two cores against one, ratio, floor", Unit: "speed-up", Benchmark: "Parallel/row=ratio/who=floor"}}
	for _, row := range []string{"ratio", "remembered_20", "remembered_1", "resolved_20", "resolved_1", "stamped", "points"} {
		budgets = append(budgets, Budget{
			Work: "two cores against one, " + row, Unit: "speed-up", Bound: atLeast(1.7), Benchmark: "Parallel/row=" + row + "/who=ours",
		})
		if row == "points" {
			continue
		}
		budgets = append(budgets, Budget{
			Work: "… on log records", Unit: "speed-up", Bound: atLeast(1.7), Benchmark: "Parallel/row=" + row + "/who=" + oursOnLogs,
		})
	}
	return budgets
}

// ours returns the name of the benchmark of the processor in a row of BenchmarkRow.
func ours(row string) string { return peer(row, "ours") }

// budgeted returns the name of the benchmark of the processor with a budget in force in a row of BenchmarkRow.
func budgeted(row string) string { return peer(row, "ours_budgeted") }

// grouped returns the name of the benchmark of the processor with consistent_by in a row of BenchmarkRow.
func grouped(row string) string { return peer(row, "ours_grouped") }

// peer returns the name of the benchmark of a contender in a row of BenchmarkRow.
func peer(row, who string) string { return fmt.Sprintf("Row/row=%s/who=%s", row, who) }
