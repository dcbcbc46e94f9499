// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"flag"
	"math/bits"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// signal has the operations on batches of a signal.
type signal[D any] struct {
	empty func() D
	copy  func(from, to D)
	items func(D) int
}

var (
	spanSignal  = signal[ptrace.Traces]{ptrace.NewTraces, copySpans, ptrace.Traces.SpanCount}
	logSignal   = signal[plog.Logs]{plog.NewLogs, copyLogs, plog.Logs.LogRecordCount}
	pointSignal = signal[pmetric.Metrics]{pmetric.NewMetrics, pmetric.Metrics.CopyTo, pmetric.Metrics.DataPointCount}
)

func copySpans(from, to ptrace.Traces) {
	from.CopyTo(to)
	for _, rs := range to.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				leaveRoom(span.Attributes())
			}
		}
	}
}

func copyLogs(from, to plog.Logs) {
	from.CopyTo(to)
	for _, record := range recordsOf(to) {
		leaveRoom(record.Attributes())
	}
}

// leaveRoom leaves the room that attributes have that were decoded one by one: up to the next power of two.
func leaveRoom(attributes pcommon.Map) {
	attributes.EnsureCapacity(1 << bits.Len(uint(max(attributes.Len()-1, 0))))
}

func (s signal[D]) copyOf(data D) D {
	batch := s.empty()
	s.copy(data, batch)
	return batch
}

// ahead is how many batches are copied before the first of them is consumed. With 1, a batch is in the caches of the CPU as far as it
// fits, as after a receiver. With many, each batch comes from main memory.
var ahead = flag.Int("ahead", 1, "batches that are copied before the first of them is consumed")

const (
	warmUps = 3 // batches before the measurement, which fill pools, the trace memory and the cache
	// garbage is the number of items that are copied between two garbage collections.
	garbage = 64_000
)

// time reports the time for each item. The contender gets the batches, all of the same size, in turns.
func (s signal[D]) time(b *testing.B, consume func(D), data ...D) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	items, n := s.items(data[0]), 0
	next := func() D {
		n++
		return s.copyOf(data[n%len(data)])
	}
	// Until the first garbage collection of the measurement, so that the heap has its size for the first contender too.
	for range max(warmUps, garbage/items, len(data)) {
		consume(next())
	}
	var spent time.Duration
	var batches []D
	copied := garbage
	for b.Loop() {
		if copied >= garbage {
			runtime.GC()
			copied = 0
		}
		if len(batches) == 0 {
			for range min(*ahead, max(1, garbage/items)) {
				batches = append(batches, next())
				copied += items
			}
		}
		batch := batches[0]
		batches = batches[1:]
		began := time.Now()
		consume(batch)
		spent += time.Since(began)
	}
	perBatch := float64(spent.Nanoseconds()) / float64(b.N)
	b.ReportMetric(perBatch, "ns/op") // excludes the copying
	b.ReportMetric(perBatch/float64(items), "ns/item")
}

// allocs are the allocations that each further item of a batch adds.
type allocs struct{ perItem, perKept float64 }

// allocations compares a batch to one of twice its size, so that allocations made once for each batch do not count.
func (s signal[D]) allocations(tb testing.TB, consume func(D), data, twice D) allocs {
	tb.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	once, kept := s.allocationsOf(consume, data)
	more, keptMore := s.allocationsOf(consume, twice)
	result := allocs{perItem: (more - once) / float64(s.items(twice)-s.items(data))}
	if keptMore > kept {
		result.perKept = (more - once) / float64(keptMore-kept)
	}
	return result
}

func (s signal[D]) allocationsOf(consume func(D), data D) (perBatch float64, kept int) {
	const runs = 10
	for range warmUps {
		batch := s.copyOf(data)
		consume(batch)
		kept = s.items(batch)
	}
	batches := make([]D, runs+1) // AllocsPerRun makes one more call to warm up
	for i := range batches {
		batches[i] = s.copyOf(data)
	}
	next := 0
	perBatch = testing.AllocsPerRun(runs, func() {
		consume(batches[next])
		next++
	})
	return perBatch, kept
}

// mostCompared is the size of the largest batch whose allocations are measured. Larger ones would take gigabytes.
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
