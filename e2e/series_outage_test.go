// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// completions returns one export of a counter with a series for each task. The series have no namespace attribute, or the value
// "unknown" if saying is set.
func completions(tasks []taskerdb.Task, value int64, saying bool) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("tasker.tasks.completions.total")
	for _, task := range tasks {
		attributes := cumulativePoint(m, false, int(value))
		attributes.PutStr("correlation_id", task.CorrelationID)
		if saying {
			attributes.PutStr("namespace", "unknown")
		}
	}
	return md
}

// exposedOf returns the values of the series of tasks.
func exposedOf(exposed model.Vector, tasks []taskerdb.Task) map[string]float64 {
	wanted := map[string]bool{}
	for _, task := range tasks {
		wanted[task.CorrelationID] = true
	}
	of := map[string]float64{}
	for _, sample := range exposed {
		if wanted[string(sample.Metric["correlation_id"])] {
			of[sample.Metric.String()] = float64(sample.Value)
		}
	}
	return of
}

// allAt returns the series with another value.
func allAt(series map[string]float64, value float64) map[string]float64 {
	at := map[string]float64{}
	for s := range series {
		at[s] = value
	}
	return at
}

// M5: during and after an outage, series with a cached key keep their identity. Series that were first seen during the outage
// change once, which is counted. The Prometheus exporter never exposes a series twice.
func TestAnOutageKeepsTheIdentityOfCachedSeries(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	var cached, early, vague []taskerdb.Task
	number := 1 << 20
	next := func(namespace string) taskerdb.Task {
		task := newTask(namespace)
		number++
		task.CorrelationID = correlation(number) // the same in every run, so that the same series are kept
		return task
	}
	for i := range 120 {
		cached = append(cached, next([]string{"payments", "orders", "other"}[i%3]))
		early, vague = append(early, next("payments")), append(vague, next("payments"))
	}
	dsn := newDatabase(t, cluster, taskerdb.LayoutTasker, append(append(cached, early...), vague...)...)
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), ToPrometheus: true, Expect: []string{cannotAsk, breakerOpens}, Processor: resolving(dsn, ""),
	})
	client := harness.NewClient(t, collector)

	// Postgres answers, and the cache is filled.
	client.Metrics(completions(cached, 1, false))
	before := exposedOf(collector.Exposed(), cached)
	payments, orders := 0, 0
	for series := range before {
		payments += strings.Count(series, `namespace="payments"`)
		orders += strings.Count(series, `namespace="orders"`)
	}
	assert.Equal(t, 40, payments, "all series with rate 1")
	assertShare(t, orders, 40, 0.5, "orders")

	// Postgres fails: cached series do not change; others take the global rate, without a namespace.
	require.NoError(t, cluster.Crash())
	client.Metrics(completions(cached, 2, false))
	client.Metrics(completions(early, 2, false))
	client.Metrics(completions(vague, 2, true))
	exposed := collector.Exposed()
	assert.Equal(t, allAt(before, 2), exposedOf(exposed, cached), "cached series keep their identity and their rate")
	nameless := exposedOf(exposed, early)
	assertShare(t, len(nameless), len(early), 0.25, "series of unavailable keys")
	for series := range nameless {
		assert.NotContains(t, series, "namespace=")
	}
	unknown := exposedOf(exposed, vague)
	assertShare(t, len(unknown), len(vague), 0.25, "series with a missing value")

	// Postgres recovers: the early series change once.
	require.NoError(t, cluster.Restart(t.Context()))
	late := func() int { return int(collector.Scrape().Sum(harness.Prefix+"lookup_late_keys", nil)) }
	value := int64(2)
	require.True(t, harness.Eventually(time.Minute, func() bool {
		value++
		client.Metrics(completions(early, value, false))
		client.Metrics(completions(vague, value, true))
		return late() == len(early)+len(vague)
	}), "each changed key is counted")
	client.Metrics(completions(cached, 99, false))
	client.Metrics(completions(early, 99, false))
	client.Metrics(completions(vague, 99, true))
	exposed = collector.Exposed()
	assert.Equal(t, allAt(before, 99), exposedOf(exposed, cached), "cached series are still the same")

	resolved := map[string]float64{}
	for series, v := range exposedOf(exposed, early) {
		if strings.Contains(series, "namespace=") {
			resolved[series] = v
			assert.Contains(t, series, `namespace="payments"`)
			assert.Equal(t, 99., v)
			continue
		}
		assert.Contains(t, nameless, series, "a series has no third identity; the first one gets no more values")
		assert.NotEqual(t, 99., v)
	}
	assert.Len(t, resolved, len(early), "all series with rate 1")
	for series, v := range exposedOf(exposed, vague) {
		assert.Contains(t, series, `namespace="unknown"`, "a missing value is not replaced: the series does not change")
		assert.Equal(t, 99., v)
	}
	assert.Len(t, exposedOf(exposed, vague), len(vague), "the resolved namespace determines the rate")
	assert.Equal(t, len(early)+len(vague), late(), "no other key has changed")
}
