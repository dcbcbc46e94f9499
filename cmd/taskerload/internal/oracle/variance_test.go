// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// cluster is the number of spans in each trace of a workflow.
type cluster []int

// clustersOf returns the workflows of the load, as far as they are in the namespace.
func clustersOf(namespace string, workflows int) (clusters []cluster, spans int) {
	sizes := workload.Sizes{Workflows: workflows, Seed: 1}
	tasks := sizes.NewTasks()
	o := New(testOracle().config, nil)
	o.directory, o.workflows = newDirectory(workload.Rows(tasks)), newWorkflows(workload.Rows(tasks))
	traces := map[string]map[pcommon.TraceID]int{}
	for requests := range workload.SpanRounds(tasks, sizes, time.Time{}) {
		for request := range requests {
			outcomes := o.Spans(request).Spans
			for s := range items.Spans(request) {
				out := &outcomes[0]
				outcomes = outcomes[1:]
				if out.TraceNamespace != namespace {
					continue
				}
				if traces[out.Workflow] == nil {
					traces[out.Workflow] = map[pcommon.TraceID]int{}
				}
				traces[out.Workflow][s.TraceID()]++
				spans++
			}
		}
	}
	for _, sent := range traces {
		clusters = append(clusters, slices.Sorted(maps.Values(sent)))
	}
	slices.SortFunc(clusters, func(a, b cluster) int { return slices.Compare(a, b) }) // the same order in each run
	return clusters, spans
}

// estimate draws fresh identifiers and returns the number of spans that a backend estimates from those that are kept.
func estimate(rng *rand.Rand, clusters []cluster, byWorkflow bool, rate float64) (sum float64) {
	for _, c := range clusters {
		workflow := ""
		if byWorkflow {
			workflow = fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())
		}
		for _, spans := range c {
			var id pcommon.TraceID
			binary.BigEndian.PutUint64(id[8:], rng.Uint64())
			if d := decide(id, "", workflow, rate, 4); d.keep {
				sum += float64(spans) * AdjustedCount(d.tracestate)
			}
		}
	}
	return sum
}

// spread returns the mean and the standard deviation of n estimates, both relative to the number of spans.
func spread(n int, clusters []cluster, spans int, byWorkflow bool, rate float64) (mean, deviation float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	var sum, squares float64
	for range n {
		x := estimate(rng, clusters, byWorkflow, rate) / float64(spans)
		sum += x
		squares += x * x
	}
	mean = sum / float64(n)
	return mean, math.Sqrt(squares/float64(n) - mean*mean)
}

func TestEstimatesFromWholeWorkflowsAreUnbiasedAndVaryMore(t *testing.T) { // G7
	t.Parallel()
	const draws = 300
	clusters, spans := clustersOf("orders", 300)
	var deviations [2]float64
	for i, byWorkflow := range []bool{false, true} {
		var mean float64
		mean, deviations[i] = spread(draws, clusters, spans, byWorkflow, 0.1)
		assert.InDelta(t, 1, mean, 4*deviations[i]/math.Sqrt(draws))
	}
	assert.Greater(t, deviations[1], 2*deviations[0])
}

// BenchmarkSpread reports the relative standard deviation of estimates. Each iteration draws fresh identifiers for all workflows
// in one namespace: go test -run '^$' -bench Spread -benchtime 5000x .
func BenchmarkSpread(b *testing.B) {
	clusters, spans := clustersOf("orders", 2000)
	traces := 0
	for _, c := range clusters {
		traces += len(c)
	}
	for _, rate := range []float64{0.1, 0.01} {
		for _, by := range []string{"trace-id", "workflow"} {
			b.Run(fmt.Sprintf("rate=%g/by=%s", rate, by), func(b *testing.B) {
				_, deviation := spread(b.N, clusters, spans, by == "workflow", rate)
				b.ReportMetric(float64(len(clusters)), "workflows")
				b.ReportMetric(float64(traces), "traces")
				b.ReportMetric(float64(spans), "spans")
				b.ReportMetric(100*deviation, "%deviation")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
