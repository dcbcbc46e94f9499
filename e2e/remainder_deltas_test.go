// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"golang.org/x/sync/errgroup"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// deltaBatches are random batches of deltas, with at least so many points in all. Each has other tasks, and each task once.
type deltaBatches struct {
	tasks  [][]int
	points int
}

func newDeltaBatches(points int) (b deltaBatches) {
	const tasks, most = 20_000, 1_000
	r := random()
	for b.points < points {
		batch := r.Perm(tasks)[:1+r.IntN(most)]
		b.tasks = append(b.tasks, batch)
		b.points += len(batch) * seriesPerTask
	}
	return b
}

// batch returns a batch, always the same. What a series counted since the batch before is random, and often nothing.
func (b deltaBatches) batch(i int) pmetric.Metrics {
	r := rand.New(rand.NewPCG(uint64(i), 42))
	return taskPoints(b.tasks[i], pmetric.AggregationTemporalityDelta, at(i), at(i+1), func(int, int) int { return r.IntN(5) })
}

// send sends all batches over so many connections, and returns what they add up to.
func (b deltaBatches) send(t *testing.T, collector *harness.Collector, connections int) totals {
	t.Helper()
	var mu sync.Mutex
	sums := totals{}
	var group errgroup.Group
	for c, client := range newClients(t, collector, connections) {
		group.Go(func() error {
			for i := c; i < len(b.tasks); i += connections {
				md := b.batch(i)
				if err := client.TryMetrics(t.Context(), md); err != nil {
					return err
				}
				mu.Lock()
				sums.add(t, harness.PointsOf(md))
				mu.Unlock()
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	return sums
}

// R2: what arrives of a million deltas adds up to what was sent, and each remainder is one series of deltas without a gap or an overlap.
func TestDeltasAndTheirRemaindersAddUpToWhatWasSent(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepingRemainders, Sink: sink})
	batches := newDeltaBatches(1_000_000)
	sent := batches.send(t, collector, 4)

	points, sums := sink.Points(), totals{}
	sums.add(t, points)
	assertTotals(t, sent, sums, "sums")
	got := seriesOf(t, points)
	kept, remainders := assertCountedApart(t, collector, got, batches.points)
	assert.Zero(t, collector.Scrape().Sum(harness.Prefix+"remainder_tracked_series", nil), "nothing is remembered of deltas")
	for group, s := range remainders {
		for i := 1; i < len(s.samples); i++ {
			require.Equal(t, s.samples[i-1].end, s.samples[i].start, "%s: a point begins when the one before has ended", group)
		}
	}
	t.Logf("%d points in, %d out (%.2f %%), in %d batches; %d kept series and %d remainders", batches.points, len(points),
		100*float64(len(points))/float64(batches.points), len(batches.tasks), kept, len(remainders))
}

// makingCumulative is the pipeline of metrics, which a collector for measurements has none of.
const makingCumulative = `
processors:
  delta_to_cumulative: {}
service:
  pipelines:
    metrics: {receivers: [otlp], processors: [namespace_sampler, delta_to_cumulative], exporters: [otlp_grpc]}
`

// A processor that makes cumulative series of deltas refuses points that overlap or are out of order. It refuses none here, and its series
// come to what was sent. Batches come one after another: of concurrent ones any processor in between may change the order.
func TestDeltaToCumulativeTakesEveryRemainder(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, os.Getenv("OTELCOL_BENCH"), "make bin/otelcol-bench, and set OTELCOL_BENCH to its absolute path")
	base := filepath.Join(t.TempDir(), "base.yaml")
	require.NoError(t, os.WriteFile(base, []byte(makingCumulative), 0o600))
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepingRemainders, Sink: sink, Measured: true, Base: base})
	batches := newDeltaBatches(1_000_000)
	sent := batches.send(t, collector, 1)

	got := seriesOf(t, sink.Points())
	requireNoneFalls(t, got)
	sums, points := totals{}, 0
	for _, s := range got {
		sums[s.group] = sums[s.group].plus(1, s.last().figures)
		points += len(s.samples)
	}
	assertTotals(t, sent, sums, "final values")
	assertCountedApart(t, collector, got, batches.points)

	const taken = "otelcol_deltatocumulative_datapoints"
	scrape := collector.Scrape()
	assert.EqualValues(t, points, scrape.Sum(taken, nil), "every point that was kept or added")
	assert.Empty(t, scrape.Values(taken, "error"), "no point is refused")
	assert.EqualValues(t, len(got), scrape.Sum("otelcol_deltatocumulative_streams_tracked", nil))
}
