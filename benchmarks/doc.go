// SPDX-License-Identifier: Apache-2.0

// Package benchmarks compares namespace_sampler to other processors. It is a module of its own, so that a collector with the
// processor does not depend on them.
//
// # Contenders
//
// A contender consumes batches; it is the who= of a result. Processors are created by their factories from a configuration, started,
// and given a sink that does nothing. The floor is a loop that reads an attribute, compares it, and removes the spans that
// namespace_sampler removes: the minimum cost of the work.
//
// # Values
//
// ns/item is the time of ConsumeTraces, ConsumeMetrics or ConsumeLogs for each item that goes in. Because processors change batches,
// each call gets a copy that was made immediately before it, as a receiver would just have decoded it: the attributes of spans
// and log records have the room that decoding leaves. Copying and garbage collection are excluded. They count towards -benchtime.
//
// allocs/item and allocs/kept are the allocations that a further item adds, in and out: the difference between a batch and one of
// twice its size. What is allocated once for each batch, by processorhelper and instruments, is excluded.
//
// Log records are made from the batch of spans of the same row, so that each has a span in the same place. ours_on_logs is compared to ours.
// Where traces are remembered, their spans come first.
//
// # Budgets
//
// BenchmarkRow, BenchmarkLookup, BenchmarkParallel and BenchmarkTraceMemory have budgets, which cmd/verdict judges. The contenders of a
// row run one after the other, and tools/bench.sh repeats all rows in rounds: each ratio is one of neighbours, so that noise affects
// both sides.
package benchmarks
