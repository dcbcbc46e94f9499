// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// detailedSeries is a series that every task has.
type detailedSeries struct {
	metric     string
	attributes []string // key, value, …
	named      bool     // it carries its namespace
	histogram  bool
}

// seriesOfATask are ten, as Tasker exports them.
var seriesOfATask = []detailedSeries{
	{"tasker.tasks.requests.total", []string{"task_type", "import"}, true, false},
	{"tasker.tasks.completions.total", nil, false, false},
	{"tasker.steps.enqueued.total", []string{"step_name", "validate"}, true, false},
	{"tasker.steps.enqueued.total", []string{"step_name", "charge"}, true, false},
	{"tasker.steps.enqueued.total", []string{"step_name", "notify"}, true, false},
	{"tasker.steps.executions.total", nil, false, false},
	{"tasker.step_results.processed.total", []string{"result_type", "ok"}, false, false},
	{"tasker.steps.successes.total", nil, true, false},
	{"tasker.task.initialization.duration", []string{"task_type", "import"}, false, true},
	{"tasker.step.execution.duration", []string{"result", "ok"}, true, true},
}

const (
	healthSeries   = 20
	tasksByRequest = 1000
)

// correlation is the UUID of version 7 of a task's number: the same in every run, so that a run's outcome is, too.
func correlation(task int) string {
	return fmt.Sprintf("019a0000-%04x-7000-8000-%012x", task>>16, task)
}

func domain(task int) string { return fmt.Sprintf("domain-%d", task%12) }

// valueOf is what a cumulative series says in an export.
func valueOf(task, series, export int) int { return (task%1000 + series + 1) * (export + 1) }

// TestTenPercentOfManySeriesReachPrometheusAsTheyAre sends cumulative series of many tasks in several exports: of the series a
// tenth is left, the same in every export, each with just the value that was sent; the health metrics are all there. At rate
// 1 all of them are left, and cost what they cost.
func TestTenPercentOfManySeriesReachPrometheusAsTheyAre(t *testing.T) {
	t.Parallel()
	tasks := 2000
	if os.Getenv("SOAK") != "" {
		tasks = 50_000
	}
	rows := make([]taskerdb.Task, tasks)
	for i := range rows {
		rows[i] = taskerdb.Task{CorrelationID: correlation(i), Namespace: domain(i)}
	}
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, rows...)
	t.Run("a tenth", func(t *testing.T) { exportToPrometheus(t, dsn, tasks, 5, 0.1) })
	t.Run("all", func(t *testing.T) { exportToPrometheus(t, dsn, tasks, 1, 1) })
}

func exportToPrometheus(t *testing.T, dsn string, tasks, exports int, rate float64) {
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), ToPrometheus: true,
		Processor: fmt.Sprintf("{sample_rate: %v, postgres: {dsn: %q, wait: 20s, query_timeout: 15s}}", rate, dsn),
	})
	client := harness.NewClient(t, collector)

	sent := tasks * len(seriesOfATask)
	var first map[string]bool
	for export := range exports {
		began := time.Now()
		for from := 0; from < tasks; from += tasksByRequest {
			client.Metrics(exportOf(from, min(from+tasksByRequest, tasks), export))
		}
		took := time.Since(began)
		kept, health := exposedSeries(t, collector, export)
		assert.Equal(t, healthSeries, health, "health metrics are all there")
		if first == nil {
			first = kept
			assertShare(t, len(kept), sent, rate, "series")
		}
		assert.Equal(t, len(first), len(kept))
		for series := range first {
			if !kept[series] {
				require.Failf(t, "the series of every export are those of the first", "series %s is gone in export %d", series, export)
			}
		}
		t.Logf("export %d: %d series in, %d out (%.2f %%; 99.9 %% of fair draws: %.0f to %.0f), taken in %s, collector memory %.0f MiB",
			export+1, sent, len(kept), 100*float64(len(kept))/float64(sent), rate*float64(sent)-spread(sent, rate),
			rate*float64(sent)+spread(sent, rate), took.Round(100*time.Millisecond),
			collector.Scrape().Sum("otelcol_process_memory_rss", nil)/(1<<20))
	}
	scrape := collector.Scrape()
	assert.EqualValues(t, exports*(sent+healthSeries), scrape.Sum(harness.Prefix+"datapoints", nil), "every point is counted once")
	t.Logf("%.0f keys looked up in %.0f round trips",
		scrape.Sum(harness.Prefix+"lookup_keys", nil), scrape.Sum(harness.Prefix+"lookup_round_trips", nil))
}

// exposedSeries returns the detailed series that are exposed, and the number of health series.
func exposedSeries(t *testing.T, collector *harness.Collector, export int) (kept map[string]bool, health int) {
	kept = map[string]bool{}
	for _, sample := range collector.Exposed() {
		if sample.Metric[model.MetricNameLabel] == "mpsc_channel_usage_percent" {
			health++
			continue
		}
		if id, want, ok := expected(t, sample.Metric, export); ok { // all but target_info
			require.Equal(t, want, sample.Value, "export %d: %s", export, sample.Metric)
			kept[id] = true
		}
	}
	return kept, health
}

func spread(n int, rate float64) float64 { return 3.2905 * math.Sqrt(float64(n)*rate*(1-rate)) }

// exportOf is one export of the tasks from one number to another, and of the health metrics with the first.
func exportOf(from, to, export int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	if from == 0 {
		m := metrics.AppendEmpty()
		m.SetName("mpsc_channel_usage_percent")
		m.SetEmptyGauge()
		for i := range healthSeries {
			dp := m.Gauge().DataPoints().AppendEmpty()
			dp.SetIntValue(int64(i))
			dp.Attributes().PutStr("channel", strconv.Itoa(i))
		}
	}
	byName := map[string]pmetric.Metric{}
	for n, s := range seriesOfATask {
		m, ok := byName[s.metric]
		if !ok {
			m = metrics.AppendEmpty()
			m.SetName(s.metric)
			byName[s.metric] = m
		}
		for task := from; task < to; task++ {
			attributes := cumulativePoint(m, s.histogram, valueOf(task, n, export))
			attributes.PutStr("correlation_id", correlation(task))
			for i := 0; i < len(s.attributes); i += 2 {
				attributes.PutStr(s.attributes[i], s.attributes[i+1])
			}
			if s.named {
				attributes.PutStr("namespace", domain(task))
			}
		}
	}
	return md
}

// cumulativePoint appends a counter's value, or a histogram with that many observations, all of them in its second bucket.
func cumulativePoint(m pmetric.Metric, histogram bool, value int) pcommon.Map {
	if !histogram {
		if m.Type() == pmetric.MetricTypeEmpty {
			m.SetEmptySum().SetIsMonotonic(true)
			m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		dp.SetIntValue(int64(value))
		return dp.Attributes()
	}
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	dp := m.Histogram().DataPoints().AppendEmpty()
	dp.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	dp.ExplicitBounds().FromRaw([]float64{10, 100})
	dp.BucketCounts().FromRaw([]uint64{0, uint64(value), 0})
	dp.SetCount(uint64(value))
	dp.SetSum(float64(50 * value))
	return dp.Attributes()
}

// expected returns the series that a sample belongs to and its value in an export, and false for a sample without a task.
func expected(t testing.TB, metric model.Metric, export int) (id string, value model.SampleValue, ok bool) {
	t.Helper()
	uuid := string(metric["correlation_id"])
	if uuid == "" {
		return "", 0, false
	}
	task, err := strconv.ParseInt(uuid[24:], 16, 64)
	require.NoError(t, err)
	require.EqualValues(t, domain(int(task)), metric["namespace"], "a missing namespace is resolved")
	for n, s := range seriesOfATask {
		exposed := strings.ReplaceAll(s.metric, ".", "_")
		part, ok := strings.CutPrefix(string(metric[model.MetricNameLabel]), exposed)
		if !ok || s.attributes != nil && string(metric[model.LabelName(s.attributes[0])]) != s.attributes[1] {
			continue
		}
		v := valueOf(int(task), n, export)
		switch {
		case part == "_sum":
			v *= 50
		case part == "_bucket" && metric[model.BucketLabel] == "10":
			v = 0
		}
		return fmt.Sprint(task, " ", n), model.SampleValue(v), true
	}
	require.Failf(t, "a series that nobody sent", "%s", metric)
	return "", 0, false
}
