// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// resolving configures rates and a database. Batches wait for their lookups as long as these take.
func resolving(dsn, more string) string {
	return fmt.Sprintf(`
sample_rate: 0.25
namespaces: {payments: 1, orders: 0.5, silent: 0}
postgres: {dsn: %q, wait: 20s, query_timeout: 15s, registry: {interval: 0}%s}
`, dsn, more)
}

// singly makes each span be sampled by its own namespace, for tests whose spans share trace IDs.
const singly = "tracing: {sampler: trace_id_ratio}\n"

// resolution describes spans, or log records, with the same attributes and the expected result.
type resolution struct {
	name           string
	item, resource attrs
	rate           float64
	namespace      any // the expected attribute, nil if absent
}

// check sends spans, and log records of other traces, for each case in requests of its own and compares those that are kept with the
// expected ones.
func check(t *testing.T, client *harness.Client, sink *harness.Sink, cases []resolution) {
	t.Helper()
	r := random()
	wantSpans, wantRecords, namespaces := outcomes{}, stamps{}, map[any]string{}
	for _, c := range cases {
		spans, records := randomSpans(r, 60, c.item), randomRecords(r, 60, c.item)
		client.Traces(traces(t, c.resource, nil, spans...))
		client.Logs(logs(t, c.resource, nil, records...))
		wantSpans.expect(t, c.rate, spans...)
		wantRecords.expect(t, c.rate, records...)
		for i := range spans {
			namespaces[spans[i].id] = fmt.Sprint(c.name, ": ", c.namespace)
			namespaces[records[i].time] = namespaces[spans[i].id]
		}
	}
	gotSpans, gotRecords := sink.Spans(), sink.Records()
	assert.Equal(t, wantSpans, outcomesOf(gotSpans))
	assert.Equal(t, wantRecords, stampsOf(gotRecords))
	hasNamespace := func(item any, attributes pcommon.Map) bool {
		name, _, _ := strings.Cut(namespaces[item], ": ")
		return assert.Equal(t, namespaces[item], fmt.Sprint(name, ": ", attributes.AsRaw()["namespace"]))
	}
	for _, s := range gotSpans {
		if !hasNamespace(s.SpanID(), s.Attributes()) {
			return
		}
	}
	for _, r := range gotRecords {
		if !hasNamespace(r.Timestamp(), r.Attributes()) {
			return
		}
	}
}

func TestSpansAndRecordsWithIdentifiersOnlyAreResolved(t *testing.T) {
	t.Parallel()
	for _, layout := range []taskerdb.Layout{
		taskerdb.LayoutTasker, taskerdb.LayoutLegacy, taskerdb.LayoutLegacyWithoutCorrelation,
	} {
		t.Run(string(layout), func(t *testing.T) {
			t.Parallel()
			payments, orders, silent := newTask("payments"), newTask("orders"), newTask("silent")
			parent := taskerdb.NewUUID(time.Now())
			// Three tasks of one correlation ID: the one without a parent is the root, although it is not the oldest.
			child, root := newTask("silent"), newTask("payments")
			child.CorrelationID, child.ParentCorrelationID = root.CorrelationID, parent
			child.CreatedAt, root.CreatedAt = time.Now().Add(-time.Hour), time.Now()
			late := newTask("orders")
			late.CorrelationID, late.CreatedAt = root.CorrelationID, time.Now().Add(time.Minute)
			dsn := newDatabase(t, sharedCluster(t), layout, payments, orders, silent, child, root, late)

			more := ", layout: tasker"
			if layout != taskerdb.LayoutTasker {
				more = ", layout: tasker_legacy"
			}
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{Processor: resolving(dsn, more), Sink: sink, Expect: []string{malformedKey}})
			unknown := taskerdb.NewUUID(time.Now())
			cases := []resolution{
				{name: "task", item: attrs{"task_uuid": payments.UUID}, rate: 1, namespace: "payments"},
				{name: "task, upper case", item: attrs{"task_uuid": strings.ToUpper(orders.UUID)}, rate: 0.5, namespace: "orders"},
				{name: "dropped", item: attrs{"task_uuid": silent.UUID}, rate: 0},
				{name: "step", item: attrs{"step_uuid": orders.Steps[0]}, rate: 0.5, namespace: "orders"},
				{name: "workflow step", item: attrs{"workflow_step_uuid": payments.Steps[0]}, rate: 1, namespace: "payments"},
				{name: "on the resource", resource: attrs{"task_uuid": orders.UUID}, rate: 0.5, namespace: "orders"},
				{name: "task before step", item: attrs{"step_uuid": payments.Steps[0], "task_uuid": orders.UUID}, rate: 0.5, namespace: "orders"},
				{name: "missing value", item: attrs{"namespace": "unknown", "task_uuid": orders.UUID}, rate: 0.5, namespace: "orders"},
				{name: "named already", item: attrs{"namespace": "payments", "task_uuid": orders.UUID}, rate: 1, namespace: "payments"},
				{name: "named on the resource", resource: attrs{"namespace": "payments"}, item: attrs{"task_uuid": orders.UUID}, rate: 1},
				{name: "unknown task", item: attrs{"task_uuid": unknown}, rate: 0.25},
				{name: "unknown correlation", item: attrs{"correlation_id": unknown}, rate: 0.25},
				{name: "a step is no task", item: attrs{"task_uuid": orders.Steps[0]}, rate: 0.25},
				{name: "malformed", item: attrs{"task_uuid": "not-a-uuid"}, rate: 0.25},
				{name: "empty", item: attrs{"task_uuid": ""}, rate: 0.25},
				{name: "without hyphens", item: attrs{"task_uuid": strings.ReplaceAll(orders.UUID, "-", "")}, rate: 0.25},
				{name: "in braces", item: attrs{"task_uuid": "{" + orders.UUID + "}"}, rate: 0.25},
				{name: "SQL", item: attrs{"task_uuid": "'; DROP TABLE tasker.tasks; --"}, rate: 0.25},
				{name: "NUL", item: attrs{"task_uuid": orders.UUID[:35] + "\x00"}, rate: 0.25},
				{name: "a number", item: attrs{"task_uuid": int64(5)}, rate: 0.25},
				{name: "the next where the first is malformed", item: attrs{"task_uuid": "?", "step_uuid": orders.Steps[0]}, rate: 0.5, namespace: "orders"},
				{name: "the next where the first is unknown", item: attrs{"task_uuid": unknown, "step_uuid": orders.Steps[0]}, rate: 0.5, namespace: "orders"},
			}
			if layout != taskerdb.LayoutLegacyWithoutCorrelation {
				cases = append(
					cases,
					resolution{name: "correlation", item: attrs{"correlation_id": orders.CorrelationID}, rate: 0.5, namespace: "orders"},
					resolution{name: "root of the correlation", item: attrs{"correlation_id": root.CorrelationID}, rate: 1, namespace: "payments"},
				)
			} else {
				cases = append(cases, resolution{name: "no such column", item: attrs{"correlation_id": orders.CorrelationID}, rate: 0.25})
			}
			check(t, harness.NewClient(t, collector), sink, cases)
			if layout == taskerdb.LayoutLegacyWithoutCorrelation {
				assert.Equal(t, 1, collector.Log().Count("predates this column"), "said once")
			}
			assertCountedOnce(t, collector, "spans", 60*len(cases), len(sink.Spans()))
			assertCountedOnce(t, collector, "log_records", 60*len(cases), len(sink.Records()))
		})
	}
}

// badKeys is part of the warning about a query that fails for well-formed keys, malformedKey of that about keys that are not.
const (
	badKeys      = "fails on some of the keys"
	malformedKey = "a lookup attribute holds a malformed key"
)

func TestCustomLookupsResolveTextKeys(t *testing.T) {
	t.Parallel()
	dsn := sharedCluster(t).NewDatabase(t, `
		CREATE TABLE shop_orders (id bigint PRIMARY KEY, domain text);
		INSERT INTO shop_orders VALUES (1, 'payments'), (2, 'orders'), (3, NULL), (4, '');
		CREATE TABLE customers (email text PRIMARY KEY, domain text);
		INSERT INTO customers VALUES ('ü@example.com', 'orders'), (E'a"b\\c,{}''', 'payments'), ('NULL', 'orders');`)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{badKeys, malformedKey}, Processor: resolving(dsn, `, lookups: [
  {attribute: order.id, query: "SELECT id::text, domain FROM shop_orders WHERE id = ANY($1::bigint[])"},
  {attribute: customer, query: "SELECT email, domain FROM customers WHERE email = ANY($1)"}]`)})
	check(t, harness.NewClient(t, collector), sink, []resolution{
		{name: "number as text", item: attrs{"order.id": "2"}, rate: 0.5, namespace: "orders"},
		{name: "a number", item: attrs{"order.id": 2}, rate: 0.5, namespace: "orders"},
		{name: "the next where the first is unknown", item: attrs{"order.id": "99999", "customer": "ü@example.com"}, rate: 0.5, namespace: "orders"},
		{name: "text", item: attrs{"customer": "ü@example.com"}, rate: 0.5, namespace: "orders"},
		{name: "every special character", item: attrs{"customer": `a"b\c,{}'`}, rate: 1, namespace: "payments"},
		{name: "the word NULL", item: attrs{"customer": "NULL"}, rate: 0.5, namespace: "orders"},
		{name: "first lookup first", item: attrs{"customer": "ü@example.com", "order.id": "1"}, rate: 1, namespace: "payments"},
		{name: "a null namespace", item: attrs{"order.id": "3"}, rate: 0.25},
		{name: "an empty namespace", item: attrs{"order.id": "4"}, rate: 0.25},
		{name: "a key that the query cannot take", item: attrs{"order.id": "two"}, rate: 0.25},
		{name: "too long", item: attrs{"customer": strings.Repeat("x", 257)}, rate: 0.25},
		{name: "NUL", item: attrs{"customer": "ü@example.com\x00"}, rate: 0.25},
		{name: "the layout's are replaced", item: attrs{"task_uuid": taskerdb.NewUUID(time.Now())}, rate: 0.25},
	})
}

func TestAKeyThatAQueryRejectsDoesNotAffectOtherKeys(t *testing.T) {
	t.Parallel()
	dsn := sharedCluster(t).NewDatabase(t, `
		CREATE TABLE shop_orders (id bigint PRIMARY KEY, domain text);
		INSERT INTO shop_orders SELECT n, 'payments' FROM generate_series(1, 1000) n;`)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{badKeys}, Processor: resolving(dsn, `, on_failure: drop, lookups: [
  {attribute: order.id, query: "SELECT id::text, domain FROM shop_orders WHERE id = ANY($1::bigint[])"}]`)})
	var spans []span
	r := random()
	for n := range 200 {
		spans = append(spans, newSpan(randomTrace(r), "", attrs{"order.id": fmt.Sprint(n + 1)}))
	}
	spans[77].attributes = attrs{"order.id": "no number"}
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, spans...))
	want := outcomes{}
	want.expect(t, 1, spans[:77]...)
	want.expect(t, 0.25, spans[77])
	want.expect(t, 1, spans[78:]...)
	assert.Equal(t, want, outcomesOf(sink.Spans()))
}

func TestARejectedLookupIsLoggedOnceAndOthersContinue(t *testing.T) {
	t.Parallel()
	task := newTask("orders")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, task)
	sink := harness.NewSink(t)
	const refused = "Postgres refuses the lookup"
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{refused}, Processor: resolving(dsn, `, on_failure: keep, lookups: [
  {attribute: order.id, query: "SELECT id::text, domain FROM no_such_table WHERE id = ANY($1)"},
  {attribute: task, query: "SELECT t.task_uuid::text, n.name FROM tasker.tasks t JOIN tasker.named_tasks USING (named_task_uuid) JOIN tasker.task_namespaces n USING (task_namespace_uuid) WHERE t.task_uuid::text = ANY($1)"}]`)})
	client := harness.NewClient(t, collector)
	for range 3 {
		sink.Reset()
		check(t, client, sink, []resolution{
			{name: "refused", item: attrs{"order.id": "1"}, rate: 1}, // on_failure: keep
			{name: "fine", item: attrs{"task": task.UUID}, rate: 0.5, namespace: "orders"},
		})
	}
	assert.Equal(t, 1, collector.Log().Count(refused))
	assert.Contains(t, collector.Log().String(), "no_such_table")
}

func TestPointsWithIdentifiersOnlyAreResolved(t *testing.T) {
	t.Parallel()
	tasks := make([]taskerdb.Task, 0, 1200)
	for i := range cap(tasks) {
		tasks = append(tasks, newTask([]string{"payments", "orders", "silent"}[i%3]))
	}
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, tasks...)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: resolving(dsn, "")})
	client := harness.NewClient(t, collector)
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("tasker.steps.executions.total")
	m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for i, task := range tasks {
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetIntValue(int64(i))
		dp.Attributes().PutStr("correlation_id", task.CorrelationID)
		if i%2 == 0 {
			dp.Attributes().PutStr("namespace", "unknown") // it is not overwritten, which could merge two series (M5)
		}
	}
	client.Metrics(md)
	first := pointsByValue(t, sink.Points())
	kept := map[string]int{}
	for i, namespace := range first {
		kept[tasks[i].Namespace]++
		want := tasks[i].Namespace
		if i%2 == 0 {
			want = "unknown"
		}
		assert.Equal(t, want, namespace)
	}
	assert.Equal(t, 400, kept["payments"])
	assert.Zero(t, kept["silent"])
	assertShare(t, kept["orders"], 400, 0.5, "orders")

	sink.Reset()
	client.Metrics(md) // now from the cache
	assert.Equal(t, first, pointsByValue(t, sink.Points()), "the same series are kept")
	scrape := collector.Scrape()
	assert.EqualValues(t, 1200, scrape.Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "resolved"}))
	assert.EqualValues(t, 1200, scrape.Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"}))
}

// pointsByValue returns the namespaces of points, by value.
func pointsByValue(t testing.TB, points []harness.Point) map[int64]string {
	t.Helper()
	namespaces := map[int64]string{}
	for _, p := range points {
		namespace, ok := p.Attributes.Get("namespace")
		require.True(t, ok)
		namespaces[p.Data.(pmetric.NumberDataPoint).IntValue()] = namespace.Str()
	}
	return namespaces
}

func TestATaskCommittedAfterItsTelemetryIsFoundSoon(t *testing.T) {
	t.Parallel()
	task := newTask("payments")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Sink: sink, Processor: resolving(dsn, ", cache: {negative_ttl: 50ms}"),
	})
	client := harness.NewClient(t, collector)
	silent := newSpan(trace(t, "1"), "", attrs{"task_uuid": task.UUID}) // R = 1: only rate 1 keeps it
	client.Traces(traces(t, nil, nil, silent))
	require.Empty(t, sink.Spans())
	insert(t, dsn, taskerdb.LayoutTasker, task)
	require.True(t, harness.Eventually(time.Minute, func() bool {
		client.Traces(traces(t, nil, nil, silent))
		return len(sink.Spans()) > 0
	}))
}
