// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const (
	remainderTasks  = 5_000
	remainderSeries = remainderTasks * seriesPerTask
	tasksPerBatch   = 500
)

// groupings are what sums are grouped by: nothing, each attribute that remainders carry, and all of them.
var groupings = [][]string{nil, {"namespace"}, {"service.instance.id"}, {"step_name"}, keptAttributes}

// sendExports sends exports of all series. The batches of each are in another order, and concurrent.
func sendExports(t *testing.T, collector *harness.Collector, from, to int) {
	t.Helper()
	clients := newClients(t, collector, 4)
	for round := from; round <= to; round++ {
		sendConcurrently(t, clients, shuffledBatches(remainderTasks, tasksPerBatch, uint64(round)), func(tasks []int) pmetric.Metrics {
			return cumulativeExport(tasks, round)
		})
	}
}

// inputOf returns all series as they were sent, with their points of two exports.
func inputOf(t *testing.T, tasks, from, to int) map[string]*arrived {
	t.Helper()
	all := tasksTo(tasks)
	return seriesOf(t, append(harness.PointsOf(cumulativeExport(all, from)), harness.PointsOf(cumulativeExport(all, to))...))
}

// assertExact asserts that the growth of what arrived is that of what was sent between two exports.
func assertExact(t *testing.T, got map[string]*arrived, from, to int) {
	t.Helper()
	sent := inputOf(t, remainderTasks, from, to)
	for _, by := range groupings {
		assertTotals(t, growthBy(sent, by...), growthBy(got, by...), fmt.Sprintf("growth by %v", by))
	}
}

// assertBeginAtZero asserts that remainders of cumulative series begin with a zero at their start (R4), and that all that is dropped is remembered.
func assertBeginAtZero(t *testing.T, collector *harness.Collector, kept int, remainders map[string]*arrived) {
	t.Helper()
	for group, s := range remainders {
		first := s.samples[0]
		assert.Equal(t, first.start, first.end, "%s begins with a point at its start", group)
		assert.Equal(t, figures{}.plus(0, first.figures), first.figures, "%s begins with zero", group)
	}
	assert.EqualValues(t, remainderSeries-kept, collector.Scrape().Sum(harness.Prefix+"remainder_tracked_series", nil))
}

// R1 to R5, R8: of 50,000 series a tenth is kept, and what they and the remainders have grown by is what all have, by whatever remainders carry.
func TestATenthOfTheSeriesAndTheirRemaindersGrowAsAllDo(t *testing.T) {
	t.Parallel()
	const exports = 10
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepingRemainders, Sink: sink})
	sendExports(t, collector, 1, exports)

	got := seriesOf(t, sink.Points())
	requireNoneFalls(t, got)
	assertExact(t, got, 1, exports)
	kept, remainders := assertCountedApart(t, collector, got, remainderSeries*exports)
	assertBeginAtZero(t, collector, kept, remainders)
	assert.LessOrEqual(t, len(got), remainderSeries*12/100, "series that come out, remainders included")
	assertShare(t, kept, remainderSeries, 0.1, "series")
	assert.Len(t, remainders, 2*remainderNamespaces*seriesPerTask)
	for _, s := range got {
		if s.id == "" {
			require.Len(t, s.samples, exports, "a kept series is whole")
		}
	}
	t.Logf("%d series in, %d out (%.2f %%): %d kept and %d remainders",
		remainderSeries, len(got), 100*float64(len(got))/remainderSeries, kept, len(remainders))
}

// R3: a collector that was restarted writes other remainders. Each of its two runs is exact; between them what dropped series grow by in one
// export is missing, and no more.
func TestARestartCostsTheGrowthOfOneExportAtMost(t *testing.T) {
	t.Parallel()
	const exports, restart = 10, 5
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepingRemainders, Sink: sink, FixedPorts: true})
	var runs [2]map[string]*arrived
	var remainders [2]map[string]*arrived
	var points []harness.Point
	for run, rounds := range [][2]int{{1, restart}, {restart + 1, exports}} {
		if run > 0 {
			collector.Stop()
			collector.StartAgain()
			sink.Reset()
		}
		sendExports(t, collector, rounds[0], rounds[1])
		points = append(points, sink.Points()...)
		runs[run] = seriesOf(t, sink.Points())
		assertExact(t, runs[run], rounds[0], rounds[1])
		var kept int
		kept, remainders[run] = assertCountedApart(t, collector, runs[run], remainderSeries*(rounds[1]-rounds[0]+1))
		assertBeginAtZero(t, collector, kept, remainders[run])
	}
	for key, s := range runs[0] {
		if s.id == "" {
			assert.Contains(t, runs[1], key, "the same series are kept")
		}
	}
	for group, before := range remainders[0] {
		after, ok := remainders[1][group]
		require.True(t, ok, group)
		assert.NotEqual(t, before.id, after.id, "another writer")
		assert.Greater(t, after.samples[0].start, before.last().end, "which starts when the other has ended")
	}

	got := seriesOf(t, points)
	requireNoneFalls(t, got)
	sent, between := inputOf(t, remainderTasks, 1, exports), inputOf(t, remainderTasks, restart, restart+1)
	for _, by := range groupings {
		whole, part, most := growthBy(sent, by...), growthBy(got, by...), growthBy(between, by...)
		require.Len(t, part, len(whole))
		for key, n := range whole {
			assertWithin(t, n.plus(-1, part[key]), most[key], key)
		}
	}
}

// assertWithin asserts that no figure is negative, or more than another.
func assertWithin(t *testing.T, missing, most figures, what string) {
	t.Helper()
	for i, n := range missing.whole {
		assert.GreaterOrEqual(t, n, int64(0), what)
		assert.LessOrEqual(t, n, most.whole[i], what)
	}
	for i, x := range missing.floats {
		assert.GreaterOrEqual(t, x, -1e-9*most.floats[i], what)
		assert.LessOrEqual(t, x, most.floats[i]*(1+1e-9), what)
	}
}
