// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

const (
	// warmUpRounds have every key of the load asked for.
	warmUpRounds = 1
	// measuredRounds keep six turns of all setups below four minutes.
	measuredRounds = 10
)

// throughputRates has rates of their own for namespaces that the load does not have: what is measured is a rate that had to
// be looked up, and a namespace that had to be known before a span could be dropped.
// The memory is smaller than the load, so that traces are forgotten as they are in a collector that runs for long.
const throughputRates = "namespaces: {payments: 1, analytics: 0.01}\ntracing: {trace_memory: {max_traces: 20000}}\n"

// setup is one way to run the collector.
type setup struct {
	name string
	harness.Options
	kept    float64 // the share of spans
	lookups bool    // spans name tasks, and the tasks' namespaces are in Postgres
}

var setups = []setup{
	{name: "none", Options: harness.Options{Bare: true}, kept: 1},
	{name: "namespace_sampler_1", Options: harness.Options{Processor: "sample_rate: 1\n" + throughputRates}, kept: 1},
	{name: "namespace_sampler_0.1", Options: harness.Options{Processor: "sample_rate: 0.1\n" + throughputRates}, kept: 0.1},
	{
		name: "namespace_sampler_0.1_cached", Options: harness.Options{Processor: "sample_rate: 0.1\n" + throughputRates},
		kept: 0.1, lookups: true,
	},
	{
		name: "probabilistic_sampler_0.1", kept: 0.1,
		Options: harness.Options{Type: "probabilistic_sampler", Processor: "sampling_percentage: 10\nmode: equalizing"},
	},
}

// BenchmarkCollector measures what a span costs the whole collector, OTLP/gRPC in and out over loopback, without a processor
// and with one. Each measurement is a million spans through a collector of its own, after a warm-up of 100,000:
//
//	cpu-s/Mitem  CPU seconds of the collector's process, user and system, per million spans that came in
//	items/s      spans a second
//	MB-rss       resident memory afterwards
//	MB-peak-rss  the most that it was
//
// Requests are encoded before, and neither end decodes or compresses: what the two cost is little, and not counted, but takes
// CPUs from the collector, so items/s says less than cpu-s/Mitem. The collector has no queue and no batch processor, which would
// cost the same in all setups. Every trace is new to it.
//
// Setups are to be compared between runs of one session that take turns, as `make bench-collector` has them: with -count, all
// runs of a setup would be at one time.
func BenchmarkCollector(b *testing.B) {
	for _, s := range setups {
		b.Run("with="+s.name, s.measure)
	}
}

func (s *setup) measure(b *testing.B) {
	identify := named
	options := s.Options
	if s.lookups {
		byTask, tasks := identified()
		identify = byTask
		dsn := newDatabase(b, sharedCluster(b), taskerdb.LayoutTasker, tasks...)
		options.Processor += fmt.Sprintf("postgres: {dsn: %q}\n", dsn)
	}
	sink := harness.NewCountingSink(b)
	options.SinkAddr, options.Measured = sink.Addr(), true
	collector := harness.Start(b, options)
	load := newThroughput(b, collector, prepareRequests(b, identify))
	load.send(b, warmUpRounds)
	asked := collector.Scrape().Sum(harness.Prefix+"lookup_round_trips", nil)

	before := collector.Usage()
	spans := 0
	for b.Loop() {
		load.send(b, measuredRounds)
		spans += measuredRounds * loadRequests * spansOfRequest
	}
	after := collector.Usage()

	b.ReportMetric((after.CPU-before.CPU)/float64(spans)*1e6, "cpu-s/Mitem")
	b.ReportMetric(float64(spans)/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64(after.Resident)/1e6, "MB-rss")
	b.ReportMetric(float64(after.PeakResident)/1e6, "MB-peak-rss")
	b.ReportMetric(0, "ns/op") // an operation is as long as this benchmark makes it

	require.InDelta(b, s.kept*float64(load.sent), sink.Spans(), 0, "spans that came out")
	scrape := collector.Scrape()
	require.Equal(b, asked, scrape.Sum(harness.Prefix+"lookup_round_trips", nil), "lookups that the cache did not answer")
	if s.lookups {
		hits := scrape.Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"})
		require.GreaterOrEqual(b, hits, float64(spans/spansOfTrace), "one for each trace")
	}
}
