// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"golang.org/x/sync/errgroup"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// keepingRemainders samples a tenth of all series, and adds up the others.
const keepingRemainders = "{sample_rate: 0.1, metrics: {remainder: {enabled: true, without: [task_uuid]}}}"

const remainderID = "otelcol.remainder.id"

// taskMetric is a metric that each task has a series of for each of the steps.
type taskMetric struct {
	name     string
	steps    []string
	describe func(pmetric.Metric, pmetric.AggregationTemporality)
	// point appends a point with a multiple of what a series of a task begins with.
	point func(m pmetric.Metric, task, multiple int) dated
}

type dated interface {
	Attributes() pcommon.Map
	SetStartTimestamp(pcommon.Timestamp)
	SetTimestamp(pcommon.Timestamp)
}

// taskMetrics are ten series a task: integers, doubles and histograms.
var taskMetrics = []taskMetric{
	{"tasker.steps.completed", []string{"validate", "charge", "notify", "archive"}, describeSum, func(m pmetric.Metric, task, multiple int) dated {
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetIntValue(int64((task%97 + 1) * multiple))
		return dp
	}},
	{"tasker.steps.busy", []string{"validate", "charge", "notify"}, describeSum, func(m pmetric.Metric, task, multiple int) dated {
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetDoubleValue(float64(task%89+1) * 0.37 * float64(multiple))
		return dp
	}},
	{"tasker.steps.duration", []string{"validate", "charge", "notify"}, describeHistogram, func(m pmetric.Metric, task, multiple int) dated {
		dp := m.Histogram().DataPoints().AppendEmpty()
		dp.ExplicitBounds().FromRaw([]float64{5, 10, 25, 50, 100})
		counts := make([]uint64, 6)
		for i := range counts {
			counts[i] = uint64((task/2%remainderNamespaces*3 + task%7 + 5*i) % 11 * multiple) // namespaces differ in shape
			dp.SetCount(dp.Count() + counts[i])
		}
		dp.BucketCounts().FromRaw(counts)
		dp.SetSum(float64(task%83+1) * 1.13 * float64(multiple))
		return dp
	}},
}

const (
	remainderNamespaces = 10
	seriesPerTask       = 10
)

func describeSum(m pmetric.Metric, temporality pmetric.AggregationTemporality) {
	m.SetEmptySum().SetIsMonotonic(true)
	m.Sum().SetAggregationTemporality(temporality)
}

func describeHistogram(m pmetric.Metric, temporality pmetric.AggregationTemporality) {
	m.SetEmptyHistogram().SetAggregationTemporality(temporality)
}

// taskPoints returns points of all series of tasks. multiple is what a series is multiplied by, given the number of its step.
func taskPoints(
	tasks []int, temporality pmetric.AggregationTemporality, start, end pcommon.Timestamp, multiple func(task, step int) int,
) pmetric.Metrics {
	md := pmetric.NewMetrics()
	var of [2][]pmetric.Metric // by worker
	for worker := range of {
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.instance.id", fmt.Sprintf("worker-%d", worker))
		metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
		for _, tm := range taskMetrics {
			m := metrics.AppendEmpty()
			m.SetName(tm.name)
			tm.describe(m, temporality)
			of[worker] = append(of[worker], m)
		}
	}
	for _, task := range tasks {
		for i, tm := range taskMetrics {
			for n, step := range tm.steps {
				dp := tm.point(of[task%len(of)][i], task, multiple(task, n))
				dp.SetStartTimestamp(start)
				dp.SetTimestamp(end)
				dp.Attributes().PutStr("namespace", domain(task/2%remainderNamespaces))
				dp.Attributes().PutStr("task_uuid", correlation(task)) // the same in every run, so that the same series are kept
				dp.Attributes().PutStr("step_name", step)
			}
		}
	}
	return md
}

// cumulativeExport is what tasks export in a round. All series start before the first one, and grow by more in each.
func cumulativeExport(tasks []int, round int) pmetric.Metrics {
	multiple := func(_, step int) int { return round*(round+1)/2 + step*round }
	return taskPoints(tasks, pmetric.AggregationTemporalityCumulative, at(-1), at(round), multiple)
}

// shuffledBatches splits tasks into batches in a random order.
func shuffledBatches(tasks, size int, seed uint64) (batches [][]int) {
	order := rand.New(rand.NewPCG(seed, 42)).Perm(tasks)
	for from := 0; from < tasks; from += size {
		batches = append(batches, order[from:min(from+size, tasks)])
	}
	return batches
}

// sendConcurrently sends batches of an export over several connections.
func sendConcurrently(t testing.TB, clients []*harness.Client, batches [][]int, export func(tasks []int) pmetric.Metrics) {
	t.Helper()
	var group errgroup.Group
	for c, client := range clients {
		group.Go(func() error {
			for i := c; i < len(batches); i += len(clients) {
				if err := client.TryMetrics(t.Context(), export(batches[i])); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

func newClients(t testing.TB, collector *harness.Collector, n int) (clients []*harness.Client) {
	t.Helper()
	for range n {
		clients = append(clients, harness.NewClient(t, collector))
	}
	return clients
}

func tasksTo(n int) []int {
	tasks := make([]int, n)
	for i := range tasks {
		tasks[i] = i
	}
	return tasks
}
