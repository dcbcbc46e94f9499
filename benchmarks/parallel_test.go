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

// batchesOfEach is how many batches each goroutine consumes in a round.
const batchesOfEach = 16

// timeParallel reports how many items a second all goroutines together consume. Batches are copied between rounds, outside of
// the time, so that nothing else uses the CPUs meanwhile.
func (s signal[D]) timeParallel(b *testing.B, consume func(D), goroutines int, data D) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	batches := make([]D, goroutines*batchesOfEach)
	round := func() time.Duration {
		for i := range batches {
			batches[i] = s.copyOf(data)
		}
		return together(goroutines, func(n int) {
			for _, batch := range batches[n*batchesOfEach : (n+1)*batchesOfEach] {
				consume(batch)
			}
		})
	}
	for range warmUps {
		round()
	}
	var spent time.Duration
	for b.Loop() {
		runtime.GC()
		spent += round()
	}
	items := float64(b.N * len(batches) * s.items(data))
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/op")
	b.ReportMetric(items/spent.Seconds(), "items/s")
}

// together runs goroutines that start at the same time and returns how long it takes until all have ended.
func together(goroutines int, work func(n int)) time.Duration {
	var running sync.WaitGroup
	begin := make(chan struct{})
	for n := range goroutines {
		running.Go(func() {
			<-begin
			work(n)
		})
	}
	began := time.Now()
	close(begin)
	running.Wait()
	return time.Since(began)
}
