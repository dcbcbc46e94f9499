// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// unusedRates are overrides for namespaces that the load does not have. With them, the namespace of a span must be known before
// the span can be dropped, so every trace is looked up.
const unusedRates = "namespaces: {payments: 1, analytics: 0.01}\n"

// setup is a collector to measure.
type setup struct {
	name string
	harness.Options
	kept   float64 // share of the spans
	cached bool    // namespaces come from the cache of the lookups
}

var setups = []setup{
	{name: "none", Options: harness.Options{Bare: true}, kept: 1},
	{name: "namespace_sampler_1", Options: harness.Options{Processor: "sample_rate: 1\n" + unusedRates}, kept: 1, cached: true},
	{name: "namespace_sampler_0.1", Options: harness.Options{Processor: "sample_rate: 0.1\n" + unusedRates}, kept: 0.1, cached: true},
	{name: "namespace_sampler_0.01", Options: harness.Options{Processor: "sample_rate: 0.01\n" + unusedRates}, kept: 0.01, cached: true},
	{
		name: "probabilistic_sampler_0.1", kept: 0.1,
		Options: harness.Options{Type: "probabilistic_sampler", Processor: "sampling_percentage: 10\nmode: equalizing"},
	},
}

// BenchmarkCollector measures the CPU time that a collector needs for a span: OTLP/gRPC in and out over loopback, without a
// processor and with one. Each measurement is a million spans through a new process, after a warm-up of 100,000 spans that fills
// the cache of the lookups. All setups get the same requests: traces of 20 spans that name a task, whose namespace is in Postgres.
// Except for the rates, namespace_sampler has its default configuration.
//
// Requests are encoded in advance, and neither end decodes or compresses. The generator and the sink run in this process; they take
// CPU time from the collector, which affects items/s but hardly cpu-s/Mitem. The collector has no queue and no batch processor,
// whose cost would be the same in all setups. Every trace is new to the collector.
func BenchmarkCollector(b *testing.B) {
	for _, s := range setups {
		b.Run("with="+s.name, s.measure)
	}
}

func (s *setup) measure(b *testing.B) {
	const warmUpRounds, rounds = 1, 10
	options := s.Options
	byTask, tasks := identified()
	if s.cached {
		options.Processor += postgresWith(b, tasks)
	}
	run := startRun(b, options, prepareRequests(b, byTask))
	run.send(b, warmUpRounds)
	asked := run.collector.Scrape().Sum(harness.Prefix+"lookup_round_trips", nil)

	run.measure(b, rounds)

	require.InDelta(b, s.kept*float64(run.sent), run.sink.Spans(), 0, "spans that came out")
	scrape := run.collector.Scrape()
	require.Equal(b, asked, scrape.Sum(harness.Prefix+"lookup_round_trips", nil), "lookups that the cache did not answer")
	if s.cached {
		hits := scrape.Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"})
		require.GreaterOrEqual(b, hits, float64(rounds*loadRequests*tracesOfRequest), "one for each trace")
	}
}
