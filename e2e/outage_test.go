// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

const (
	cannotAsk    = "Postgres cannot be asked"
	answersAgain = "Postgres answers again"
	breakerOpens = "the circuit breaker has opened"
)

// outage is a collector with an on_failure policy whose Postgres fails and recovers.
type outage struct {
	*harness.Collector
	policy string
	rate   float64 // of items that need a lookup during the outage
	sink   *harness.Sink
	client *harness.Client
	spans  int // sent
	logged int // log records sent
}

// send sends spans, and log records that correspond to them, and returns the outcomes of both. It asserts that the counters agree.
func (o *outage) send(t *testing.T, spans []span) (ofSpans, ofRecords outcomes) {
	t.Helper()
	before := len(o.sink.Spans())
	o.client.Traces(traces(t, nil, nil, spans...))
	o.spans += len(spans)
	got := o.sink.Spans()
	assertCountedOnce(t, o.Collector, "spans", o.spans, len(got))
	return outcomesOf(got[before:]), twinsOf(o.sendRecords(t, twins(spans)))
}

// sendRecords sends log records and returns those that are kept. It asserts that the counter agrees.
func (o *outage) sendRecords(t *testing.T, records []record) []harness.Record {
	t.Helper()
	before := len(o.sink.Records())
	o.client.Logs(logs(t, nil, nil, records...))
	o.logged += len(records)
	got := o.sink.Records()
	assertCountedOnce(t, o.Collector, "log_records", o.logged, len(got))
	return got[before:]
}

// assertSent sends spans and corresponding log records and asserts the outcomes of both.
func (o *outage) assertSent(t *testing.T, want outcomes, spans []span, message string) {
	t.Helper()
	ofSpans, ofRecords := o.send(t, spans)
	assert.Equal(t, want, ofSpans, "%s: %s, spans", o.policy, message)
	assert.Equal(t, want, ofRecords, "%s: %s, log records", o.policy, message)
}

// isSent sends spans and corresponding log records and reports whether the outcomes of both are as expected.
func (o *outage) isSent(t *testing.T, want outcomes, spans []span) bool {
	t.Helper()
	ofSpans, ofRecords := o.send(t, spans)
	return assert.ObjectsAreEqual(want, ofSpans) && assert.ObjectsAreEqual(want, ofRecords)
}

// awaitResolved sends spans and log records of a task until its namespace is resolved.
func (o *outage) awaitResolved(t *testing.T, task taskerdb.Task, want float64) {
	t.Helper()
	r := random()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		spans := randomSpans(r, 50, attrs{"task_uuid": task.UUID})
		expected := outcomes{}
		expected.expect(t, want, spans...)
		return o.isSent(t, expected, spans)
	}), "%s: new items do not resolve", o.policy)
}

func TestSpansAndRecordsAreSampledByPolicyDuringOutages(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	known, later := newTask("orders"), newTask("orders")
	dsn := newDatabase(t, cluster, taskerdb.LayoutTasker, known, later)
	require.NoError(t, cluster.Crash())

	var outages []*outage
	for _, policy := range []struct {
		name string
		rate float64
	}{{"global_rate", 0.25}, {"keep", 1}, {"drop", 0}} {
		sink := harness.NewSink(t)
		collector := harness.Start(t, harness.Options{
			Sink: sink, Processor: resolving(dsn, ", on_failure: "+policy.name) + singly, Expect: []string{cannotAsk, breakerOpens},
		})
		outages = append(outages, &outage{
			Collector: collector, policy: policy.name, rate: policy.rate, sink: sink, client: harness.NewClient(t, collector),
		})
	}

	for _, o := range outages {
		o.flowsWithout(t, known)
		assert.Equal(t, 1, o.Log().Count(cannotAsk), "%s: it is logged once, not for each request", o.policy)
		assert.Zero(t, o.Log().Count(answersAgain))
	}

	require.NoError(t, cluster.Restart(t.Context()))
	for _, o := range outages {
		o.awaitResolved(t, known, 0.5)
		assert.Equal(t, 1, o.Log().Count(cannotAsk), o.policy)
		assert.Equal(t, 1, o.Log().Count(answersAgain), o.policy)
	}

	require.NoError(t, cluster.Crash())
	for _, o := range outages {
		o.flowsWithout(t, later)
		assert.Equal(t, 2, o.Log().Count(cannotAsk), "%s: a second outage is logged again", o.policy)

		spans := randomSpans(random(), 100, attrs{"task_uuid": known.UUID})
		want := outcomes{}
		want.expect(t, 0.5, spans...)
		o.assertSent(t, want, spans, "cached keys are resolved without Postgres")
	}

	require.NoError(t, cluster.Restart(t.Context()))
	for _, o := range outages {
		o.awaitResolved(t, later, 0.5)
		assert.Equal(t, 2, o.Log().Count(answersAgain), o.policy)
	}
}

// flowsWithout sends spans and log records that need a lookup and such that do not, during an outage.
func (o *outage) flowsWithout(t *testing.T, task taskerdb.Task) {
	t.Helper()
	r := random()
	for range 5 {
		lost, named := randomSpans(r, 40, attrs{"task_uuid": task.UUID}), randomSpans(r, 40, attrs{"namespace": "orders"})
		bare := randomSpans(r, 40, nil)
		want := outcomes{}
		want.expect(t, o.rate, lost...)
		want.expect(t, 0.5, named...)
		want.expect(t, 0.25, bare...)
		o.assertSent(t, want, append(append(lost, named...), bare...), "during an outage")
	}
	rule := "unavailable"
	if o.policy == "global_rate" {
		rule = "global"
	}
	scrape := o.Scrape()
	assert.NotZero(t, scrape.Sum(harness.Prefix+"spans", harness.Labels{"rule": rule}))
	assert.NotZero(t, scrape.Sum(harness.Prefix+"log_records", harness.Labels{"rule": rule}))
	var kept []pcommon.Map
	for _, s := range o.sink.Spans() {
		kept = append(kept, s.Attributes())
	}
	for _, r := range o.sink.Records() {
		kept = append(kept, r.Attributes())
	}
	for _, attributes := range kept {
		if id, ok := attributes.Get("task_uuid"); ok && id.Str() == task.UUID {
			_, ok := attributes.Get("namespace")
			assert.False(t, ok, "no namespace is invented")
		}
	}
}

func TestABatchWaitsForASlowPostgresNoLongerThanConfigured(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{cannotAsk, breakerOpens}, Processor: `
sample_rate: 0
postgres: {dsn: "postgres://tasker@` + hangingServer(t) + `/tasker?sslmode=disable", on_failure: keep, wait: 100ms, query_timeout: 1h}
`})
	client := harness.NewClient(t, collector)
	for n := range 3 {
		// The client gives up after half a minute: long after wait, long before query_timeout.
		client.Traces(traces(t, nil, nil, newSpan(trace(t, "1"), "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())})))
		client.Logs(logs(t, nil, nil, newRecord(trace(t, "1"), attrs{"task_uuid": taskerdb.NewUUID(time.Now())})))
		assert.Len(t, sink.Spans(), n+1)
		assert.Len(t, sink.Records(), n+1)
		assertCountedOnce(t, collector, "log_records", n+1, n+1)
	}
	assert.EqualValues(t, 6, collector.Scrape().Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "unavailable"}))
}
