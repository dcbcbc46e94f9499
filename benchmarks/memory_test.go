// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"runtime"
	"testing"
)

// BenchmarkTraceMemory reports the heap that a remembered trace takes, when three times as many traces have passed as max_traces.
func BenchmarkTraceMemory(b *testing.B) {
	const maxTraces, traces = 100_000, 300_000
	for b.Loop() {
		before := heap()
		consume := ours(settings{"tracing": settings{"trace_memory": settings{"max_traces": maxTraces, "ttl": "1h"}}}).Start(b)
		for first := 0; first < traces; first += standardSpans.items {
			consume(standardSpans.with(func(s *spanShape) { s.first = first }).batch())
		}
		b.ReportMetric(float64(heap()-before)/maxTraces, "B/trace")
		runtime.KeepAlive(consume)
	}
}

// heap returns the bytes of live objects. The second collection frees what the first left in pools.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
