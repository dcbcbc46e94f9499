// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"net/url"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// documentedRole are the settings that the documentation gives the role of the processor.
func documentedRole(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/resolution.md")
	require.NoError(t, err)
	setting := regexp.MustCompile(`(?m)^ALTER ROLE namespace_sampler_reader SET .*;$`).Find(page)
	require.NotEmpty(t, setting)
	return string(setting)
}

// TestTheDocumentedSettingsWorkThroughPgBouncer in transaction mode: those of testdata/pgbouncer.yaml and of the role.
func TestTheDocumentedSettingsWorkThroughPgBouncer(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	dsn := newOverridesDatabase(t, cluster, taskerdb.ReadOnlyGrants, documentedRole(t))
	payments, orders := newTask("payments"), newTask("orders")
	insert(t, dsn, taskerdb.LayoutTasker, payments, orders)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()

	pooled, err := url.Parse(pgtest.NewPooler(t, cluster, "namespace_sampler_reader").DSN(dsn))
	require.NoError(t, err)
	pooled.User = url.User("namespace_sampler_reader")
	const misspelt, refused = "an override names no registered namespace", "Postgres refuses the lookup"
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Base: testdata + "/pgbouncer.yaml", Env: []string{"DATABASE_URL=" + pooled.String()}, Sink: sink, Expect: []string{misspelt, refused},
		Processor: `
namespaces: {paymemts: 1}
postgres: {wait: 20s, query_timeout: 15s, overrides: {interval: 100ms}}
` + singly,
	})
	client := harness.NewClient(t, collector)
	logged := func(text string) {
		t.Helper()
		require.True(t, harness.Eventually(time.Minute, func() bool { return collector.Log().Count(text) > 0 }), text)
	}

	logged(misspelt)
	check(t, client, sink, []resolution{
		{name: "task", item: attrs{"task_uuid": payments.UUID}, rate: 1, namespace: "payments"},
		{name: "correlation", item: attrs{"correlation_id": orders.CorrelationID}, rate: 0.5, namespace: "orders"},
		{name: "step", item: attrs{"step_uuid": orders.Steps[0]}, rate: 0.5, namespace: "orders"},
		{name: "unknown task", item: attrs{"task_uuid": newTask("").UUID}, rate: 0.25},
	})

	const givenUp = "not listening for changes of runtime overrides; they apply after the interval"
	logged(givenUp)
	_, err = conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('orders', 0)`)
	require.NoError(t, err)
	logged(`"an override is in force"`)

	late := newTask("payments")
	insert(t, dsn, taskerdb.LayoutTasker, late)
	locking, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = locking.Exec(t.Context(), `LOCK TABLE tasker.workflow_steps`)
	require.NoError(t, err)
	r := random()
	spans := append(randomSpans(r, 50, attrs{"step_uuid": late.Steps[0]}), randomSpans(r, 50, attrs{"task_uuid": late.UUID})...)
	before, want := len(sink.Spans()), outcomes{}
	want.expect(t, 0.25, spans[:50]...)
	want.expect(t, 1, spans[50:]...)
	client.Traces(traces(t, nil, nil, spans...))
	assert.Equal(t, want, outcomesOf(sink.Spans()[before:]), "a lookup that hangs does not affect others")
	before = len(sink.Records())
	client.Logs(logs(t, nil, nil, twins(spans)...))
	assert.Equal(t, want, twinsOf(sink.Records()[before:]), "nor does it affect log records")
	assertCountedOnce(t, collector, "spans", 4*60+len(spans), len(sink.Spans()))
	assertCountedOnce(t, collector, "log_records", 4*60+len(spans), len(sink.Records()))
	require.NoError(t, locking.Rollback(t.Context()))

	assert.Equal(t, 1, collector.Log().Count(refused))
	assert.Equal(t, 1, collector.Log().Count("canceling statement due to statement timeout (SQLSTATE 57014)"))
	assert.Equal(t, 1, collector.Log().Count(givenUp), "listening is given up once")
	assert.Zero(t, collector.Log().Count("Postgres cannot be asked"), "it is no outage")
}

// TestTheLogNamesAParameterThatPgBouncerRefuses: with the DSN of an older documentation, which works without PgBouncer.
func TestTheLogNamesAParameterThatPgBouncerRefuses(t *testing.T) {
	t.Parallel()
	cluster := sharedCluster(t)
	dsn := pgtest.NewPooler(t, cluster).DSN(newDatabase(t, cluster, taskerdb.LayoutTasker)) + "&statement_timeout=500ms"
	sink := harness.NewSink(t)
	const named = "refuses the parameter statement_timeout of the DSN"
	collector := harness.Start(t, harness.Options{Processor: resolving(dsn, ""), Sink: sink, Expect: []string{named}})
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, randomSpans(random(), 10, attrs{"task_uuid": newTask("").UUID})...))
	assert.Positive(t, collector.Log().Count(named))
	assert.Zero(t, collector.Log().Count("500ms"))
}
