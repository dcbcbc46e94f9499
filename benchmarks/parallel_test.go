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

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkParallel measures one instance that as many goroutines share as there are CPUs. All of them start at once, on
// batches that were copied before, so that nothing else takes CPUs meanwhile. ns/item is time over all items: twice the CPUs would
// halve it if nothing was in their way. CPUs are set here, because -cpu does not reach loops by B.Loop in time.
func BenchmarkParallel(b *testing.B) {
	data, byTasks := standardSpans.batch(), resolvedSpans.batch()
	for _, cpus := range []int{1, 2} {
		run := func(c contender[ptrace.Traces], name string, data ptrace.Traces) {
			b.Run(fmt.Sprintf("cpus=%d/who=%s", cpus, name), func(b *testing.B) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cpus))
				benchmarkParallel(b, c, data)
			})
		}
		for _, c := range samplers() {
			run(c, c.Name(), data)
		}
		run(fromCache{keys: bySpan(), batches: 1}, "ours_from_the_cache", byTasks)
	}
}

// batchesOfEach is how many batches every goroutine of a round has.
const batchesOfEach = 16

func benchmarkParallel(b *testing.B, c contender[ptrace.Traces], data ptrace.Traces) {
	consume := c.Start(b)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	workers := runtime.GOMAXPROCS(0)
	var spent time.Duration
	for b.Loop() {
		runtime.GC()
		batches := make([]ptrace.Traces, workers*batchesOfEach)
		for i := range batches {
			batches[i] = spanSignal.copyOf(data)
		}
		spent += together(workers, func(worker int) {
			for _, batch := range batches[worker*batchesOfEach : (worker+1)*batchesOfEach] {
				consume(batch)
			}
		})
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/op")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N*workers*batchesOfEach*data.SpanCount()), "ns/item")
}

// together returns how long it takes until all workers are done that start at once.
func together(workers int, work func(worker int)) time.Duration {
	var done sync.WaitGroup
	begin := make(chan struct{})
	for worker := range workers {
		done.Go(func() {
			<-begin
			work(worker)
		})
	}
	began := time.Now()
	close(begin)
	done.Wait()
	return time.Since(began)
}
