// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// Two collectors get the same 5,000 series, and a Prometheus scrapes both: one that keeps all, and one that keeps a tenth and adds up the others.
//
// What the two have grown by between two instants is the same: all series are there, at 0, when counting begins. The functions rate and increase
// extrapolate from the samples of a window to its ends, as if each series went on growing. The two collectors are scraped at different times within
// an interval, so that their samples are not as far from the ends, and that is all the difference: it is one factor for all series of a collector,
// between 1 and 1 + 1.1/(n-1) for n samples in the window. Series that begin at 0 are not extrapolated to the left. A quantile does not depend on
// the factor, and is the same.
func TestRatesAndQuantilesInPrometheusAreThoseOfAllSeries(t *testing.T) {
	t.Parallel()
	const tasks, exports, half = 500, 5, 3
	start := func(processor string) *harness.Collector {
		return harness.Start(t, harness.Options{Processor: processor, Sink: harness.NewSink(t), ToPrometheus: true})
	}
	collectors := map[string]*harness.Collector{"all": start("sample_rate: 1"), "tenth": start(keepingRemainders)}
	prometheus := startPrometheus(t, collectors)
	all := tasksTo(tasks)
	instants := map[int]time.Time{}
	for round := range exports + 1 { // in the first all series are 0
		md := cumulativeExport(all, round)
		for _, collector := range collectors {
			harness.NewClient(t, collector).Metrics(md)
		}
		instants[round] = prometheus.settled(time.Now())
	}

	series := prometheus.byLabels(instants[exports], `count by (job) ({__name__=~"tasker_.*_(total|count)"})`, "job")
	assert.EqualValues(t, tasks*seriesPerTask, series["all"])
	remainders := prometheus.byLabels(instants[exports], `count by (job) ({__name__=~"tasker_.*_(total|count)", otelcol_remainder_id!=""})`, "job")
	assert.Equal(t, map[string]float64{"tenth": 2 * remainderNamespaces * seriesPerTask}, remainders)
	assertShare(t, int(series["tenth"]-remainders["tenth"]), tasks*seriesPerTask, 0.1, "series")

	for _, from := range []int{0, half} {
		w := window{prometheus, instants[from], instants[exports]}
		sent := growthBy(inputOf(t, tasks, from, exports), "namespace")
		for _, metric := range []string{"tasker.steps.completed", "tasker.steps.busy", "tasker.steps.duration"} {
			factors := w.assertGrowth(t, metric, sent)
			for _, job := range []string{"all", "tenth"} {
				bound := 1.1 / (w.samples(job) - 1)
				if from == 0 {
					assert.InEpsilon(t, factors[job][0], factors[job][len(factors[job])-1], 1e-9, "%s of %s: one factor for all namespaces", metric, job)
				} else {
					bound *= 2 // and to the left
				}
				assert.GreaterOrEqual(t, factors[job][0], 1-1e-9, "%s of %s", metric, job)
				assert.LessOrEqual(t, factors[job][len(factors[job])-1], 1+bound+1e-9, "%s of %s", metric, job)
			}
			t.Logf("%s in %s: increase is %.4f of the growth with all series, %.4f with a tenth and remainders", metric, w.length(),
				factors["all"][0], factors["tenth"][0])
		}
	}
	w := window{prometheus, instants[0], instants[exports]}
	for _, quantile := range []float64{0.2, 0.5, 0.8} {
		w.assertQuantile(t, quantile)
	}
}

// window is the time between two instants.
type window struct {
	prometheus *prometheusServer
	from, to   time.Time
}

func (w window) length() time.Duration { return w.to.Sub(w.from) }

// samples is the number of samples of each series of a job.
func (w window) samples(job string) float64 {
	expr := fmt.Sprintf("min by (job) (count_over_time(tasker_steps_completed_total[%dms]))", w.length().Milliseconds())
	return w.prometheus.byLabels(w.to, expr, "job")[job]
}

func (w window) byNamespace(at time.Time, expr string, args ...any) map[string]float64 {
	return w.prometheus.byLabels(at, fmt.Sprintf(expr, args...), "job", "namespace")
}

// assertGrowth asserts that a metric has grown by as much as was sent, for each job and namespace. It returns the factors, from the lowest to the
// highest, that increase differs from that by.
func (w window) assertGrowth(t *testing.T, metric string, sent totals) map[string][]float64 {
	t.Helper()
	name := strings.ReplaceAll(metric, ".", "_")
	if metric == "tasker.steps.duration" {
		name += "_count"
	} else {
		name += "_total"
	}
	before := w.byNamespace(w.from, "sum by (job, namespace) (%s)", name)
	after := w.byNamespace(w.to, "sum by (job, namespace) (%s)", name)
	increase := w.byNamespace(w.to, "sum by (job, namespace) (increase(%s[%dms]))", name, w.length().Milliseconds())
	require.Len(t, after, 2*remainderNamespaces)
	factors := map[string][]float64{}
	for key, value := range after {
		job, namespace, _ := strings.Cut(key, " ")
		grown := sent[metric+" "+namespace]
		if len(grown.whole) > 0 {
			assert.EqualValues(t, grown.whole[0], value-before[key], "%s of %s", metric, key)
		} else {
			assert.InEpsilon(t, grown.floats[0], value-before[key], 1e-9, "%s of %s", metric, key)
		}
		factors[job] = append(factors[job], increase[key]/(value-before[key]))
	}
	for _, of := range factors {
		slices.Sort(of)
	}
	return factors
}

// assertQuantile asserts that a quantile of each namespace is the same for both jobs.
func (w window) assertQuantile(t *testing.T, quantile float64) {
	t.Helper()
	got := w.byNamespace(w.to, "histogram_quantile(%v, sum by (job, namespace, le) (increase(tasker_steps_duration_bucket[%dms])))",
		quantile, w.length().Milliseconds())
	distinct := map[float64]bool{}
	for i := range remainderNamespaces {
		all := got["all "+domain(i)]
		assert.InEpsilon(t, all, got["tenth "+domain(i)], 1e-9, "quantile %v of %s", quantile, domain(i))
		distinct[all] = true
	}
	assert.Greater(t, len(distinct), 1, "namespaces differ in the quantile %v", quantile)
}
