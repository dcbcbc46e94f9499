// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// BenchmarkParallel measures one instance of the processor, used by as many goroutines as there are CPUs, for one CPU and for two.
// The floor shares nothing between its goroutines and shows what the machine can do.
func BenchmarkParallel(b *testing.B) {
	for _, row := range spanRows() {
		data, measured := row.shape.batch(), row.contenders[:1]
		if row.name == "ratio" {
			measured = row.contenders[:2]
		}
		for _, c := range measured {
			benchmarkParallel(b, row.name, spanSignal, c, data)
		}
	}
	benchmarkParallel(b, "points", pointSignal, oursOnPoints(nil), standardPoints.batch())
}

func benchmarkParallel[D any](b *testing.B, row string, s signal[D], c contender[D], data D) {
	for _, cpus := range []int{1, 2} {
		b.Run(fmt.Sprintf("row=%s/cpus=%d/who=%s", row, cpus, c.Name()), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cpus)) // -cpu takes effect too late for B.Loop
			s.timeParallel(b, c.Start(b), cpus, data)
		})
	}
}

// timeParallel reports how many items a second all goroutines together consume. As a receiver does, each goroutine makes a batch,
// here by copying, and consumes it at once, while it is in the caches of its CPU. The time is that of consuming.
func (s signal[D]) timeParallel(b *testing.B, consume func(D), goroutines int, data D) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	items := s.items(data)
	batches := garbage / items // of each goroutine, between two garbage collections
	spent := make([]time.Duration, goroutines)
	round := func() {
		runtime.GC()
		together(goroutines, func(n int) {
			var total time.Duration
			for range batches {
				batch := s.copyOf(data)
				began := time.Now()
				consume(batch)
				total += time.Since(began)
			}
			spent[n] += total
		})
	}
	round() // warms up
	clear(spent)
	for b.Loop() {
		round()
	}
	var perSecond float64
	for _, d := range spent {
		perSecond += float64(b.N*batches*items) / d.Seconds()
	}
	b.ReportMetric(0, "ns/op") // includes the copying
	b.ReportMetric(perSecond, "items/s")
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
