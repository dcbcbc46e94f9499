// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// The benchmarks in this file have no budgets. Each varies one property of the standard batch.

// compare measures contenders on a batch.
func compare(b *testing.B, shape spanShape, contenders ...contender[ptrace.Traces]) {
	b.Helper()
	data, twice := shape.batch(), ptrace.NewTraces()
	if shape.items <= mostCompared {
		twice = shape.with(func(s *spanShape) { s.items *= 2 }).batch()
	}
	for _, c := range contenders {
		b.Run("who="+c.Name(), func(b *testing.B) { benchmark(b, spanSignal, c, data, twice) })
	}
}

// samplers returns the contenders that are measured on all shapes.
func samplers() []contender[ptrace.Traces] {
	return []contender[ptrace.Traces]{
		ours(bySpan()), ours(nil).named("ours_parent_based"), floor("namespace"), probabilisticSampler("equalizing"), filter(5),
	}
}

// BenchmarkPeers measures all peers on the standard batch.
func BenchmarkPeers(b *testing.B) {
	b.Run("work=sample", func(b *testing.B) {
		compare(b, standardSpans, append(samplers(),
			ours(settings{"tracing": settings{"sampler": "trace_id_ratio", "mode": "proportional"}}).named("ours_proportional"),
			probabilisticSampler("proportional"), probabilisticSampler("hash_seed"), filter(1),
		)...)
	})
	// Every span is kept and gets a namespace: from the cache, or with transform a constant.
	for _, perTask := range []int{1, 20} {
		b.Run(fmt.Sprintf("work=enrich/spans-per-task=%d", perTask), func(b *testing.B) {
			keepAll := bySpan()
			keepAll["sample_rate"] = 1
			compare(b, resolvedSpans.with(func(s *spanShape) { s.spansPerTrace = perTask }),
				fromCache{keys: keepAll, batches: 1}, transform())
		})
	}
}

// manyBatches have more traces and tasks than fit into the caches of a CPU, and fewer than the processor remembers.
const manyBatches = 90

// BenchmarkFull measures rows that have budgets with manyBatches batches in turns instead of one.
func BenchmarkFull(b *testing.B) {
	for _, perTrace := range []int{1, 20} {
		run := func(what string, shape spanShape, contenders ...contender[ptrace.Traces]) {
			batches := shape.with(func(s *spanShape) { s.spansPerTrace = perTrace }).batches(manyBatches)
			for _, c := range contenders {
				b.Run(fmt.Sprintf("%s/spans-per-trace=%d/who=%s", what, perTrace, c.Name()), func(b *testing.B) {
					spanSignal.time(b, c.Start(b), batches...)
				})
			}
		}
		run("remembered", standardSpans, ours(nil), floor("namespace"))
		run("resolved", resolvedSpans, fromCache{keys: bySpan(), batches: manyBatches}, floor("task_uuid"))
	}
}

// BenchmarkShape measures samplers on shapes of spans.
func BenchmarkShape(b *testing.B) {
	vary := func(what string, value any, change func(*spanShape)) {
		b.Run(fmt.Sprintf("%s=%v", what, value), func(b *testing.B) { compare(b, standardSpans.with(change), samplers()...) })
	}
	for _, p := range []place{first, last, onResource} {
		vary("namespace", p, func(s *spanShape) { s.place = p })
	}
	for _, n := range []int{5, 10, 40} {
		vary("attributes", n, func(s *spanShape) { s.attributes = n })
	}
	for _, n := range []int{1, 10, 100} {
		vary("resources", n, func(s *spanShape) { s.resources = n })
	}
	for _, n := range []int{1, 20} {
		vary("spans-per-trace", n, func(s *spanShape) { s.spansPerTrace = n })
	}
	vary("spans-per-trace", "20-interleaved", func(s *spanShape) { s.spansPerTrace, s.interleaved = 20, true })
	for _, tracestate := range []struct{ name, value string }{{"none", ""}, {"foreign", "vendor=value"}, {"sampled", sampledByHalf}} {
		vary("tracestate", tracestate.name, func(s *spanShape) { s.tracestate = tracestate.value })
	}
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		vary("items", n, func(s *spanShape) { s.items = n })
	}
}

// BenchmarkRate measures rates. The floor has only one.
func BenchmarkRate(b *testing.B) {
	for _, rate := range []float64{0, 0.01, 0.1, 1} {
		b.Run(fmt.Sprintf("rate=%v", rate), func(b *testing.B) {
			compare(b, standardSpans,
				ours(settings{"sample_rate": rate, "tracing": settings{"sampler": "trace_id_ratio"}}),
				ours(settings{"sample_rate": rate}).named("ours_parent_based"), probabilisticSamplerAt("equalizing", 100*rate))
		})
	}
}

// BenchmarkNamespaces measures batches of 100,000 spans with different numbers of namespaces.
func BenchmarkNamespaces(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("namespaces=%d", n), func(b *testing.B) {
			compare(b, standardSpans.with(func(s *spanShape) { s.items, s.namespaces = 100_000, n }),
				ours(bySpan()), ours(nil).named("ours_parent_based"), floor("namespace"))
		})
	}
}

// BenchmarkPoints measures data points of all types, and compares them to hashing their bytes and to the peer that drops by namespace.
func BenchmarkPoints(b *testing.B) {
	for _, kind := range []pmetric.MetricType{
		pmetric.MetricTypeGauge, pmetric.MetricTypeSum, pmetric.MetricTypeHistogram,
		pmetric.MetricTypeExponentialHistogram, pmetric.MetricTypeSummary,
	} {
		for _, n := range []int{2, 8, 20} {
			shape := standardPoints.with(func(s *pointShape) { s.kind, s.attributes = kind, n })
			for _, c := range []contender[pmetric.Metrics]{
				oursOnPoints(nil), oursByPoint(), hashingRows(shape), filterPoints(5),
			} {
				b.Run(fmt.Sprintf("type=%s/attributes=%d/who=%s", kind, n, c.Name()), func(b *testing.B) { benchmarkPoints(b, c, shape) })
			}
		}
	}
}
