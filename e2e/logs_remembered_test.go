// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// remembered sends traces of one span that names a namespace, and returns records of these traces that name another one, or none.
func remembered(t *testing.T, client *harness.Client, r *rand.Rand, n int, namespace string, named attrs) []record {
	t.Helper()
	spans := randomSpans(r, n, attrs{"namespace": namespace})
	client.Traces(traces(t, nil, nil, spans...))
	records := twins(spans)
	for i := range records {
		records[i].attributes = named
	}
	return records
}

// TestRecordsTakeTheRateOfTheirTraceUnlessLogsHaveTheirOwn: the rate of a remembered trace applies, but for namespaces that the logs section
// has a rate for.
func TestRecordsTakeTheRateOfTheirTraceUnlessLogsHaveTheirOwn(t *testing.T) { // L3
	t.Parallel()
	const n = 300
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0.25
namespaces: {orders: 0.5, shipping: 0.125}
tracing: {trace_memory: {ttl: 1h}}
logs: {namespaces: {payments: 1, "audit_*": 0.75}}
`})
	client, r, want, sent := harness.NewClient(t, collector), random(), stamps{}, 0
	counted := map[string]float64{}
	for _, c := range []struct {
		ofTrace string
		named   attrs
		rate    float64
		rule    string
	}{
		{"orders", nil, 0.5, "trace"},
		{"orders", attrs{"namespace": "orders"}, 0.5, "exact"},
		{"orders", attrs{"namespace": "shipping"}, 0.5, "trace"}, // it has a shared rate: the trace's wins
		{"orders", attrs{"namespace": "nobody listed it"}, 0.5, "trace"},
		{"orders", attrs{"namespace": "payments"}, 1, "exact"},
		{"orders", attrs{"namespace": "audit_log"}, 0.75, "pattern"},
		{"payments", nil, 1, "exact"}, // the trace itself has the global rate
		{"audit_log", nil, 0.75, "pattern"},
		{"nobody listed it", nil, 0.25, "trace"},
	} {
		records := remembered(t, client, r, n, c.ofTrace, c.named)
		before := collector.Scrape().Sum(harness.Prefix+"log_records", harness.Labels{"rule": c.rule})
		client.Logs(logs(t, nil, nil, records...))
		want.expect(t, c.rate, records...)
		sent += n
		counted[c.rule] += n
		assert.InDelta(t, n, collector.Scrape().Sum(harness.Prefix+"log_records", harness.Labels{"rule": c.rule})-before, 0,
			"in a trace of %s, %v", c.ofTrace, c.named)
	}
	// Outside of any remembered trace.
	for name, rate := range map[string]float64{"orders": 0.5, "payments": 1, "audit_log": 0.75, "other": 0.25} {
		records := randomRecords(r, n, attrs{"namespace": name})
		client.Logs(logs(t, nil, nil, records...))
		want.expect(t, rate, records...)
		sent += n
	}
	assert.Equal(t, want, stampsOf(sink.Records()))
	assertCountedOnce(t, collector, "log_records", sent, len(want))
}

// TestAGlobalRateOfLogsWinsOverThatOfTheTrace, where no other rate is for the namespace.
func TestAGlobalRateOfLogsWinsOverThatOfTheTrace(t *testing.T) { // L3
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0.5
namespaces: {orders: 0.75}
tracing: {trace_memory: {ttl: 1h}}
logs: {sample_rate: 0.125}
`})
	client, r, want := harness.NewClient(t, collector), random(), stamps{}
	for namespace, rate := range map[string]float64{"orders": 0.75, "other": 0.125} {
		records := remembered(t, client, r, 300, namespace, nil)
		client.Logs(logs(t, nil, nil, records...))
		want.expect(t, rate, records...)
	}
	assert.Equal(t, want, stampsOf(sink.Records()))
}

// TestRecordsInheritTheNamespaceOfTheirTrace, if they have none and a namespace settled the trace.
func TestRecordsInheritTheNamespaceOfTheirTrace(t *testing.T) { // T20
	t.Parallel()
	for _, inherit := range []bool{true, false} {
		sink := harness.NewSink(t)
		settings := "namespace: {write_to: tasker.namespace}\n"
		if !inherit {
			settings = "namespace: {write_to: tasker.namespace, inherit: false}\n"
		}
		client := harness.NewClient(t, harness.Start(t, harness.Options{Sink: sink, Processor: settings + remembering}))
		r := random()
		for _, c := range []struct {
			ofTrace string
			named   attrs
			want    attrs
		}{
			{"orders", nil, attrs{"tasker.namespace": "orders"}},
			{"orders", attrs{"namespace": "unknown"}, attrs{"namespace": "unknown", "tasker.namespace": "orders"}},
			{"orders", attrs{"namespace": "payments"}, attrs{"namespace": "payments"}},
			{"orders", attrs{"namespace": "orders"}, attrs{"namespace": "orders"}},
			{"unknown", nil, attrs{}}, // nothing is remembered
		} {
			want := c.want
			if !inherit {
				want = attrs{}
				for name, value := range c.named {
					want[name] = value
				}
			}
			sink.Reset()
			client.Logs(logs(t, nil, nil, remembered(t, client, r, 1, c.ofTrace, c.named)...))
			require.Len(t, sink.Records(), 1)
			assert.Equal(t, want, sink.Records()[0].Attributes().AsRaw(), "in a trace of %s, inherit: %v", c.ofTrace, inherit)
		}
	}
}

// TestTracesKeptWholeKeepTheirRecords, those that come after the span that keeps the trace, whatever the logs section says.
func TestTracesKeptWholeKeepTheirRecords(t *testing.T) { // L3, T18
	t.Parallel()
	const n = 200
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0
tracing: {trace_memory: {ttl: 1h}, always_keep_traces: [span.status.code == STATUS_CODE_ERROR]}
logs: {namespaces: {orders: 0.125}}
`})
	client, r := harness.NewClient(t, collector), random()
	early, late := randomRecords(r, n, attrs{"namespace": "orders"}), []record{}
	client.Logs(logs(t, nil, nil, early...))
	want := stamps{}
	want.expect(t, 0.125, early...)
	for i, e := range early {
		s := newSpan(e.trace, "", attrs{"namespace": "orders"})
		td := traces(t, nil, nil, s)
		record := newRecord(e.trace, []attrs{nil, {"namespace": "orders"}, {"namespace": "other"}}[i%3])
		if i%2 == 0 {
			harness.SpansOf(td)[0].Status().SetCode(ptrace.StatusCodeError)
			want.expect(t, 1, record)
		} else if i%3 != 2 {
			want.expect(t, 0.125, record)
		}
		client.Traces(td)
		late = append(late, record)
	}
	client.Logs(logs(t, nil, nil, late...))
	assert.Equal(t, want, stampsOf(sink.Records()))
	assert.Len(t, sink.Spans(), n/2)
	assert.EqualValues(t, n/2, collector.Scrape().Sum(harness.Prefix+"log_records", harness.Labels{"rule": "always_keep_trace", "decision": "kept"}))
	assertCountedOnce(t, collector, "log_records", 2*n, len(want))
}

// TestOverridesOfLogsApplyToRecordsAlone, and win over the rate of a remembered trace. One for all signals does not.
func TestOverridesOfLogsApplyToRecordsAlone(t *testing.T) { // L3
	t.Parallel()
	dsn := newOverridesDatabase(t, sharedCluster(t))
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0.25
tracing: {trace_memory: {ttl: 1h}}
logs: {always_keep: ['log.severity_number >= SEVERITY_NUMBER_ERROR']}
postgres: {dsn: "` + dsn + `", overrides: {enabled: true, interval: 1h}, registry: {interval: 0}}`})
	require.True(t, harness.Eventually(time.Minute, func() bool {
		return collector.Log().Count(`"listening for changes of runtime overrides"`) == 1
	}))
	client, r := harness.NewClient(t, collector), random()
	const n = 200
	before := remembered(t, client, r, n, "payments", nil) // traces that are remembered with the configured rate
	// decided sends spans, records of them, records of other traces and records of traces from before, and reports whether the rates apply.
	decided := func(ofSpans, ofRecords, ofRemembered float64) bool {
		sink.Reset()
		wantSpans, wantRecords := outcomes{}, stamps{}
		spans, others := randomSpans(r, n, attrs{"namespace": "payments"}), randomRecords(r, n, attrs{"namespace": "payments"})
		others[0].severity = plog.SeverityNumberError
		follow := twins(spans)
		wantSpans.expect(t, ofSpans, spans...)
		wantRecords.expect(t, 1, others[0])
		wantRecords.expect(t, ofRecords, others[1:]...)
		wantRecords.expect(t, ofRecords, follow...)
		wantRecords.expect(t, ofRemembered, before...)
		client.Traces(traces(t, nil, nil, spans...))
		for _, records := range [][]record{others, follow, before} {
			client.Logs(logs(t, nil, nil, records...))
		}
		return assert.ObjectsAreEqual(wantSpans, outcomesOf(sink.Spans())) && assert.ObjectsAreEqual(wantRecords, stampsOf(sink.Records()))
	}
	apply := func(sql string, ofSpans, ofRecords, ofRemembered float64, what string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
		require.True(t, harness.Eventually(time.Minute, func() bool { return decided(ofSpans, ofRecords, ofRemembered) }), what)
	}
	require.True(t, decided(0.25, 0.25, 0.25))
	apply(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES ('payments', 'logs', 1)`, 0.25, 1, 1, "logs alone")
	apply(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES ('payments', 'all', 0.5)`, 0.5, 1, 1, "that of logs wins over that of all")
	apply(`DELETE FROM namespace_sampling_overrides WHERE signal = 'logs'`, 0.5, 0.5, 0.25, "that of all leaves traces as they were remembered")
	apply(`DELETE FROM namespace_sampling_overrides`, 0.25, 0.25, 0.25, "none")
}
