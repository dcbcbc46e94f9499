// SPDX-License-Identifier: Apache-2.0

package verdict

// Budget is a row of the table: what a benchmark may need.
type Budget struct {
	// Work says what is done, and Against beside what.
	Work, Against string
	// Benchmark is the name of the measured one without "Benchmark" and the number of CPUs; Unit is what is read of it.
	Benchmark, Unit string
	// Reference is that of the one beside it, empty where the value itself has a bound.
	Reference string
	// Most bounds the ratio, or the value. Below excludes the bound itself.
	Most  float64
	Below bool
	// Beside is a row without a budget: another reading of the reference of the row before.
	Beside bool
}

// Budgets are those of the product.
var Budgets = []Budget{
	{
		Work: "span by namespace, rate 0.1", Against: "floor",
		Benchmark: "Row/row=ratio/who=ours", Reference: "Row/row=ratio/who=floor", Unit: "ns/item", Most: 1.25,
	},
	{Work: "… allocations a span", Benchmark: "Row/row=ratio/who=ours", Unit: "allocs/item", Most: 0},
	{
		Work: "… the same", Against: "probabilistic_sampler equalizing",
		Benchmark: "Row/row=ratio/who=ours", Reference: "Row/row=ratio/who=probabilistic_sampler_equalizing", Unit: "ns/item", Most: 0.30,
	},
	{
		Work: "… the same", Against: "filter, 5 conditions",
		Benchmark: "Row/row=ratio/who=ours", Reference: "Row/row=ratio/who=filter_5", Unit: "ns/item", Most: 0.30,
	},
	{
		Work: "span of a remembered trace, 1 a trace", Against: "floor",
		Benchmark: "Row/row=remembered_1/who=ours", Reference: "Row/row=remembered_1/who=floor", Unit: "ns/item", Most: 2,
	},
	{
		Work: "span of a remembered trace, 20 a trace", Against: "floor",
		Benchmark: "Row/row=remembered_20/who=ours", Reference: "Row/row=remembered_20/who=floor", Unit: "ns/item", Most: 2,
	},
	{
		Work: "span resolved from the cache, 1 a task", Against: "floor",
		Benchmark: "Row/row=resolved_1/who=ours", Reference: "Row/row=resolved_1/who=floor", Unit: "ns/item", Most: 2,
	},
	{
		Work: "span resolved from the cache, 20 a task", Against: "floor",
		Benchmark: "Row/row=resolved_20/who=ours", Reference: "Row/row=resolved_20/who=floor", Unit: "ns/item", Most: 2,
	},
	{ // one, and one for the growth of the attributes
		Work: "… allocations a kept span, with growth", Benchmark: "Row/row=resolved_1/who=ours", Unit: "allocs/kept", Most: 2,
	},
	{Work: "stamped, allocations a kept span", Benchmark: "Row/row=stamped/who=ours", Unit: "allocs/kept", Most: 1},
	{
		Work: "data point, by series", Against: "hashing its bytes",
		Benchmark: "Row/row=points/who=ours", Reference: "Row/row=points/who=hash", Unit: "ns/item", Most: 8,
	},
	{
		Work: "… the same", Against: "hashing rows that lie there", Beside: true,
		Benchmark: "Row/row=points/who=ours", Reference: "Row/row=points/who=hash_of_rows", Unit: "ns/item",
	},
	{Work: "… allocations a point", Benchmark: "Row/row=points/who=ours", Unit: "allocs/item", Most: 0},
	{
		Work: "1,000 unknown keys", Against: "a query per key",
		Benchmark: "Lookup/row=unknown/who=ours", Reference: "Lookup/row=unknown/who=query_per_key", Unit: "ns/item", Most: 0.05,
	},
	{
		Work: "… the same", Against: "a prepared query per key", Beside: true,
		Benchmark: "Lookup/row=unknown/who=ours", Reference: "Lookup/row=unknown/who=prepared_query_per_key", Unit: "ns/item",
	},
	{
		Work: "… the same", Against: "4 prepared queries at a time", Beside: true,
		Benchmark: "Lookup/row=unknown/who=ours", Reference: "Lookup/row=unknown/who=prepared_query_per_key_by_4", Unit: "ns/item",
	},
	{Work: "… round trips", Benchmark: "Lookup/row=unknown/who=ours", Unit: "round-trips/op", Most: 1},
	{
		Work:      "500,000 cached keys, bytes an entry",
		Benchmark: "CacheMemory", Unit: "B/entry", Most: 160,
	},
	{
		Work: "built collector, CPU at rate 1", Against: "without the processor",
		Benchmark: "Collector/with=namespace_sampler_1", Reference: "Collector/with=none", Unit: "cpu-s/Mitem", Most: 1.05,
	},
	{
		Work: "built collector, CPU at rate 0.1", Against: "without the processor",
		Benchmark: "Collector/with=namespace_sampler_0.1", Reference: "Collector/with=none", Unit: "cpu-s/Mitem", Most: 1, Below: true,
	},
}
