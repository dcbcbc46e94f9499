// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func TestEveryItemIsCountedOnceByNamespaceDecisionAndRule(t *testing.T) {
	t.Parallel()
	task := newTask("orders")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, task)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{malformedKey}, Processor: resolving(dsn, "")})
	client := harness.NewClient(t, collector)

	r := random()
	type row struct{ namespace, rule string }
	sent, kept := map[row]int{}, map[row]int{}
	send := func(want row, rate float64, attributes attrs) {
		spans := randomSpans(r, 100, attributes)
		client.Traces(traces(t, nil, nil, spans...))
		expected := outcomes{}
		expected.expect(t, rate, spans...)
		sent[want] += len(spans)
		kept[want] += len(expected)
	}
	send(row{"payments", "exact"}, 1, attrs{"namespace": "payments"})
	send(row{"orders", "exact"}, 0.5, attrs{"namespace": "orders"})
	send(row{"orders", "exact"}, 0.5, attrs{"task_uuid": task.UUID})
	send(row{"silent", "exact"}, 0, attrs{"namespace": "silent"})
	send(row{"nobody listed it", "global"}, 0.25, attrs{"namespace": "nobody listed it"})
	send(row{"_none", "global"}, 0.25, nil)
	send(row{"_none", "global"}, 0.25, attrs{"namespace": "unknown"})
	send(row{"_none", "global"}, 0.25, attrs{"task_uuid": "malformed"})

	md := pmetric.NewMetrics()
	points := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints()
	for i := range 90 {
		dp := points.AppendEmpty()
		switch i % 3 {
		case 0:
			dp.Attributes().PutStr("namespace", "payments")
		case 1:
			dp.Attributes().PutStr("namespace", "silent")
		}
	}
	client.Metrics(md)

	scrape := collector.Scrape()
	total := 0
	for row, n := range sent {
		labels := harness.Labels{"sampling_namespace": row.namespace, "rule": row.rule, "decision": "kept"}
		assert.EqualValues(t, kept[row], scrape.Sum(harness.Prefix+"spans", labels), "%v", labels)
		labels["decision"] = "dropped"
		assert.EqualValues(t, n-kept[row], scrape.Sum(harness.Prefix+"spans", labels), "%v", labels)
		total += n
	}
	assert.EqualValues(t, total, scrape.Sum(harness.Prefix+"spans", nil), "nothing else is counted")
	for _, want := range []harness.Labels{
		{"sampling_namespace": "payments", "rule": "exact", "decision": "kept"},
		{"sampling_namespace": "silent", "rule": "exact", "decision": "dropped"},
		{"sampling_namespace": "_none", "rule": "passed", "decision": "kept"},
	} {
		assert.EqualValues(t, 30, scrape.Sum(harness.Prefix+"datapoints", want), "%v", want)
	}
	assert.EqualValues(t, 90, scrape.Sum(harness.Prefix+"datapoints", nil))
}

func TestLookupsAreBatchedAndCountedByOutcome(t *testing.T) {
	t.Parallel()
	tasks := make([]taskerdb.Task, 500)
	for i := range tasks {
		tasks[i] = newTask("payments")
	}
	cluster := sharedCluster(t)
	dsn := newDatabase(t, cluster, taskerdb.LayoutTasker, tasks...)
	tap := pgtest.NewTap(t, cluster.Addr())
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{malformedKey}, Processor: resolving(tap.DSN(dsn), "")})
	client := harness.NewClient(t, collector)

	r := random()
	var spans []span
	for i, task := range tasks {
		spans = append(
			spans,
			newSpan(randomTrace(r), "", attrs{"task_uuid": task.UUID}),
			newSpan(randomTrace(r), "", attrs{"task_uuid": task.UUID}), // the same key again
			newSpan(randomTrace(r), "", attrs{"step_uuid": task.Steps[0]}),
			newSpan(randomTrace(r), "", attrs{"correlation_id": task.CorrelationID}),
		)
		if i%5 == 0 {
			spans = append(
				spans,
				newSpan(randomTrace(r), "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())}),
				newSpan(randomTrace(r), "", attrs{"task_uuid": fmt.Sprint("malformed ", i)}),
			)
		}
	}
	client.Traces(traces(t, nil, nil, spans...))
	scrape := collector.Scrape()
	for outcome, n := range map[string]int{"resolved": 1500, "unknown": 100, "malformed": 100, "hit": 0, "unavailable": 0} {
		assert.EqualValues(t, n, scrape.Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": outcome}), outcome)
	}
	assert.EqualValues(t, 1, scrape.Sum(harness.Prefix+"lookup_round_trips", nil))
	assert.EqualValues(t, 1, tap.Syncs(), "one round trip on the wire")
	assert.EqualValues(t, 3, tap.Executes(), "one statement for each kind of key")
	assert.EqualValues(t, 1, scrape.Sum(harness.Prefix+"lookup_duration", nil))

	client.Traces(traces(t, nil, nil, spans...))
	scrape = collector.Scrape()
	assert.EqualValues(t, 1600, scrape.Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"}))
	assert.EqualValues(t, 1, tap.Syncs(), "the keys are cached")
	assertCountedOnce(t, collector, "spans", 2*len(spans), len(sink.Spans()))
}

func TestManySmallRequestsShareRoundTrips(t *testing.T) {
	t.Parallel()
	tasks := make([]taskerdb.Task, 1000)
	for i := range tasks {
		tasks[i] = newTask("payments")
	}
	cluster := sharedCluster(t)
	dsn := newDatabase(t, cluster, taskerdb.LayoutTasker, tasks...)
	tap := pgtest.NewTap(t, cluster.Addr())
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: resolving(tap.DSN(dsn), ", max_connections: 2")})
	client := harness.NewClient(t, collector)
	var requests sync.WaitGroup
	for _, task := range tasks {
		requests.Go(func() {
			assert.NoError(t, client.TryTraces(t.Context(),
				traces(t, nil, nil, newSpan(trace(t, "1"), "", attrs{"task_uuid": task.UUID}))))
		})
	}
	requests.Wait()
	assert.Len(t, sink.Spans(), len(tasks), "all tasks are in payments")
	assert.LessOrEqual(t, tap.Connections(), int64(2))
	assert.Less(t, tap.Executes(), int64(len(tasks)/2), "concurrent requests share lookups")
	assert.EqualValues(t, tap.Syncs(), collector.Scrape().Sum(harness.Prefix+"lookup_round_trips", nil))
}

func TestNamespacesInInternalMetricsAreBounded(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
namespaces: {payments: 1, orders: 1}
metrics: {namespaces: {analytics: 1}}
telemetry: {max_namespaces: 5}
`})
	client := harness.NewClient(t, collector)
	r := random()
	for i := range 100 {
		client.Traces(traces(t, nil, nil, randomSpans(r, 2, attrs{"namespace": fmt.Sprint("stranger ", i)})...))
	}
	for _, name := range []string{"payments", "orders", "analytics"} { // configured names have a place even if they come last
		client.Traces(traces(t, nil, nil, randomSpans(r, 7, attrs{"namespace": name})...))
	}
	client.Traces(traces(t, nil, nil, randomSpans(r, 7, nil)...))

	scrape := collector.Scrape()
	assert.Equal(t, map[string]bool{
		"stranger 0": true, "stranger 1": true, "_other": true, "_none": true,
		"payments": true, "orders": true, "analytics": true,
	}, scrape.Values(harness.Prefix+"spans", "sampling_namespace"))
	assert.EqualValues(t, 98*2, scrape.Sum(harness.Prefix+"spans", harness.Labels{"sampling_namespace": "_other"}))
	assert.EqualValues(t, 7, scrape.Sum(harness.Prefix+"spans", harness.Labels{"sampling_namespace": "analytics"}))
	assertCountedOnce(t, collector, "spans", 228, 228)
}

func TestConfiguredNamesAreCountedEvenIfMaxNamespacesIsZero(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
namespaces: {payments: 1, orders: 1}
telemetry: {max_namespaces: 0}
`})
	client := harness.NewClient(t, collector)
	for _, name := range []string{"a", "payments", "b", "orders"} {
		client.Traces(traces(t, nil, nil, randomSpans(random(), 3, attrs{"namespace": name})...))
	}
	scrape := collector.Scrape()
	require.EqualValues(t, 3, scrape.Sum(harness.Prefix+"spans", harness.Labels{"sampling_namespace": "payments"}))
	require.EqualValues(t, 3, scrape.Sum(harness.Prefix+"spans", harness.Labels{"sampling_namespace": "orders"}))
	require.EqualValues(t, 6, scrape.Sum(harness.Prefix+"spans", harness.Labels{"sampling_namespace": "_other"}))
}
