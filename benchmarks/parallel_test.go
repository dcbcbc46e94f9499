// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkParallel measures how much faster two goroutines on two CPUs are than one goroutine on one CPU, if they share an instance
// of the processor. The floor shares nothing and shows what the machine can do.
func BenchmarkParallel(b *testing.B) {
	for _, row := range spanRows() {
		data, measured := row.shape.batch(), row.contenders[:1]
		logs := logsOf(data)
		if row.name == "ratio" {
			measured = row.contenders[:2]
		}
		for _, c := range measured {
			benchmarkParallel(b, row.name, spanSignal, c, data)
		}
		benchmarkParallel(b, row.name, logSignal, row.onLogs[0], logs)
	}
	benchmarkParallel(b, "points", pointSignal, oursOnPoints(nil), standardPoints.batch())
}

// benchmarkParallel reports the speed-up as the median over rounds, each of which measures one CPU and then two.
func benchmarkParallel[D any](b *testing.B, row string, s signal[D], c contender[D], data D) {
	b.Run("row="+row+"/who="+c.Name(), func(b *testing.B) {
		consume := c.Start(b)
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		s.itemsPerSecond(consume, 2, data) // warms up
		var speedUps []float64
		for b.Loop() {
			one := s.itemsPerSecond(consume, 1, data)
			speedUps = append(speedUps, s.itemsPerSecond(consume, 2, data)/one)
		}
		slices.Sort(speedUps)
		b.ReportMetric(0, "ns/op") // includes the copying
		b.ReportMetric(speedUps[len(speedUps)/2], "speed-up")
	})
}

// itemsPerSecond returns how many items a second the goroutines consume together, each on a CPU. As a receiver does, each goroutine
// makes a batch, here by copying, and consumes it at once, while it is in the caches of its CPU. The time is that of consuming.
func (s signal[D]) itemsPerSecond(consume func(D), goroutines int, data D) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(goroutines))
	runtime.GC()
	items := s.items(data)
	batches := garbage / items
	spent := make([]time.Duration, goroutines)
	together(goroutines, func(n int) {
		var total time.Duration
		for range batches {
			batch := s.copyOf(data)
			began := time.Now()
			consume(batch)
			total += time.Since(began)
		}
		spent[n] = total
	})
	var perSecond float64
	for _, d := range spent {
		perSecond += float64(batches*items) / d.Seconds()
	}
	return perSecond
}

// together runs goroutines that start at the same time, and waits for all of them.
func together(goroutines int, work func(n int)) {
	var running sync.WaitGroup
	begin := make(chan struct{})
	for n := range goroutines {
		running.Go(func() {
			<-begin
			work(n)
		})
	}
	close(begin)
	running.Wait()
}
