// SPDX-License-Identifier: Apache-2.0

// Package benchmarks measures namespace_sampler beside its peers. It is a module of its own, because nobody who builds the
// processor into a collector needs the peers.
//
// # Who is measured
//
// Everything that is compared is a contender: it takes batches, and is called by the who= of a result. Processors are made by their
// factories from a configuration as YAML has it, are started, and have a sink behind them that does nothing. The floor is a bare
// loop: the least that a walk costs which reads an attribute, compares it, and removes the spans that ours removes.
//
// # What is measured
//
// The time is that of ConsumeTraces or ConsumeMetrics alone: ns/item is per span or data point of the batch that goes in. Processors
// change batches, so each call gets a copy, which is made immediately before, as a receiver would just have decoded it. Copying and
// the collection of garbage are outside of the time; the time of the benchmark as a whole, which -benchtime bounds, includes them.
//
// Allocations are what an item adds: the difference of a batch of twice the size, so that what processorhelper and instruments
// allocate once a batch is left out. allocs/item is per item that goes in, allocs/kept per item that comes out.
//
// # Rows
//
// BenchmarkRow and BenchmarkLookup have the rows that there are budgets for, each with its reference: cmd/verdict judges them. The
// contenders of a row run one after the other, and the whole is repeated, so that a noisy minute hits them alike and the ratio of one
// round is that of neighbours.
package benchmarks
