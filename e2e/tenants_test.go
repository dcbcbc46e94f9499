// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// tenantRate are the rates of testdata/tenants.yaml. The tenant globex has none: its override is misspelt.
var tenantRate = map[string]float64{"acme": 1, "globex": 0.1, "initech": 0.1, "umbrella": 0.25, "": 0.1}

// shopOrder is an order of testdata/tenants.sql.
type shopOrder struct {
	ID              int64
	Project, Tenant string
}

func shopOrders(t *testing.T, dsn string) []shopOrder {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), `SELECT o.id, p.id::text, t.slug FROM orders o, projects p, tenants t
		WHERE p.id = o.project_id AND t.id = p.tenant_id ORDER BY o.id`)
	require.NoError(t, err)
	orders, err := pgx.CollectRows(rows, pgx.RowToStructByPos[shopOrder])
	require.NoError(t, err)
	return orders
}

// shopping records traces of two spans: a request with an identifier, and a query with none that ends before it.
type shopping struct {
	t       *testing.T
	tracer  oteltrace.Tracer
	flush   func()
	started int
	want    outcomes
	tenant  map[pcommon.SpanID]string // of all spans
	sent    map[string]int            // traces by tenant
}

// request records a trace of a tenant, which is empty for one that belongs to none.
func (s *shopping) request(tenant string, identifiers ...attribute.KeyValue) {
	ctx, request := s.tracer.Start(s.t.Context(), "request", oteltrace.WithAttributes(identifiers...))
	_, query := s.tracer.Start(ctx, "query")
	for _, recorded := range []oteltrace.Span{query, request} {
		recorded.End()
		c := recorded.SpanContext()
		s.want.expect(s.t, tenantRate[tenant], span{trace: pcommon.TraceID(c.TraceID()), id: pcommon.SpanID(c.SpanID())})
		s.tenant[pcommon.SpanID(c.SpanID())] = tenant
	}
	s.sent[tenant]++
	if s.started++; s.started%100 == 0 { // fewer spans than a batch, so that no trace is cut
		s.flush()
	}
}

// TestTenantsInTablesOfTheirOwnGetTheirShares runs the worked example of the documentation, with the OpenTelemetry SDK as client.
func TestTenantsInTablesOfTheirOwnGetTheirShares(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(testdata + "/tenants.sql")
	require.NoError(t, err)
	dsn := sharedCluster(t).NewDatabase(t, string(script))
	sink := harness.NewSink(t)
	const misspelt = "an override names no registered namespace"
	collector := harness.Start(t, harness.Options{
		Base: testdata + "/tenants.yaml", Env: []string{"DATABASE_URL=" + dsn}, Sink: sink, Inspect: plain, Expect: []string{misspelt},
		Processor: `
postgres: {wait: 20s, query_timeout: 15s}
telemetry: {max_namespaces: 0}`,
	})

	tracer, flush := newTracer(t, collector, sdktrace.AlwaysSample(), sdktrace.WithBatchTimeout(time.Hour))
	s := &shopping{
		t: t, tracer: tracer, flush: flush, want: outcomes{}, tenant: map[pcommon.SpanID]string{}, sent: map[string]int{},
	}
	const noSuchOrder = 1 << 62
	for _, o := range shopOrders(t, dsn) {
		order, project := attribute.Int64("order.id", o.ID), attribute.String("project.id", o.Project)
		s.request(o.Tenant, order)
		s.request(o.Tenant, project)
		s.request(o.Tenant, attribute.Int64("order.id", noSuchOrder+o.ID), project)
		s.request("", attribute.Int64("order.id", noSuchOrder))
	}
	flush()

	got := sink.Spans()
	assert.Equal(t, s.want, outcomesOf(got))
	kept := map[string]int{}
	for _, received := range got {
		tenant := s.tenant[received.SpanID()]
		written, _ := received.Attributes().AsRaw()["tenant.slug"].(string)
		require.Equal(t, tenant, written, "the tenant is written to all spans of its traces")
		kept[tenant]++
	}
	for tenant, sent := range s.sent {
		t.Logf("%-8q %.3f of %d", tenant, float64(kept[tenant])/2/float64(sent), sent)
	}
	assert.Len(t, kept, 5)
	assertCountedOnce(t, collector, "spans", len(s.tenant), len(got))

	require.True(t, harness.Eventually(time.Minute, func() bool { return collector.Log().Count(misspelt) == 1 }))
	assert.Equal(t, "globx", collector.Log().Value("namespace_sampler", "namespace"))
	assert.Equal(t, "globex", collector.Log().Value("namespace_sampler", "did_you_mean"))
	assertTenantsAreShown(t, collector)
}

// assertTenantsAreShown asserts that /namespaces shows which tenants are registered, that /config shows what is in force, and that
// registered tenants have a place in internal metrics though no other name has.
func assertTenantsAreShown(t *testing.T, collector *harness.Collector) {
	t.Helper()
	_, body := inspect(t, collector, "/namespaces", nil)
	var shown struct {
		Namespaces []struct {
			Name       string
			Registered bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &shown))
	registered := map[string]bool{}
	for _, row := range shown.Namespaces {
		registered[row.Name] = row.Registered
	}
	assert.Equal(t, map[string]bool{"acme": true, "globex": true, "globx": false, "initech": true, "umbrella": true}, registered)

	_, body = inspect(t, collector, "/config", nil)
	var config struct {
		Common struct {
			Telemetry struct {
				Postgres struct {
					Layout  string
					Lookups []string
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &config))
	postgres := config.Common.Telemetry.Postgres
	assert.Equal(t, "custom", postgres.Layout)
	assert.Equal(t, []string{"order.id", "project.id"}, postgres.Lookups)

	names := collector.Scrape().Values(harness.Prefix+"spans", "sampling_namespace")
	for tenant := range tenantRate {
		if tenant != "" {
			assert.True(t, names[tenant], tenant)
		}
	}
}
