// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"testing"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// throughputRun is a measured collector with its load and its sink.
type throughputRun struct {
	*throughput
	collector *harness.Collector
	sink      *harness.CountingSink
}

func startRun(b *testing.B, options harness.Options, requests []*preparedRequest) *throughputRun {
	b.Helper()
	sink := harness.NewCountingSink(b)
	options.SinkAddr, options.Measured = sink.Addr(), true
	collector := harness.Start(b, options)
	return &throughputRun{throughput: newThroughput(b, collector, requests), collector: collector, sink: sink}
}

// measure sends rounds of the load and reports:
//
//	cpu-s/Mitem  CPU seconds of the collector's process, user and system, per million spans that it received
//	items/s      spans a second
//	MB-rss       resident memory at the end
//	MB-peak-rss  the highest resident memory since the process started
func (r *throughputRun) measure(b *testing.B, rounds int) {
	b.Helper()
	before, sent := r.collector.Usage(), r.sent
	for b.Loop() {
		r.send(b, rounds)
	}
	after, spans := r.collector.Usage(), float64(r.sent-sent)
	b.ReportMetric((after.CPU-before.CPU)/spans*1e6, "cpu-s/Mitem")
	b.ReportMetric(spans/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64(after.Resident)/1e6, "MB-rss")
	b.ReportMetric(float64(after.PeakResident)/1e6, "MB-peak-rss")
	b.ReportMetric(0, "ns/op") // the length of an operation is arbitrary
}

// postgresWith returns the postgres section for a new database that has these tasks.
func postgresWith(b *testing.B, tasks []taskerdb.Task) string {
	b.Helper()
	return fmt.Sprintf("postgres: {dsn: %q}\n", newDatabase(b, sharedCluster(b), taskerdb.LayoutTasker, tasks...))
}
