// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// traced opens a database and keeps its spans and metrics.
type traced struct {
	*fixture
	spans  *tracetest.SpanRecorder
	reader *metric.ManualReader
}

func openTraced(t testing.TB, dsn string, layout Layout) *traced {
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	meter := metric.NewMeterProvider(metric.WithReader(reader))
	db, err := Open(Config{
		Pool:    PoolConfig{DSN: dsn, MaxConnections: 4, ConnectTimeout: 10 * time.Second},
		Queries: layout.Queries, Cooldown: cooldown, Logger: zap.NewNop(),
		Telemetry: Telemetry{Tracer: provider, Meter: meter, Pool: "namespace_sampler/test"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	return &traced{&fixture{DB: db, t: t, layout: layout}, spans, reader}
}

// metrics returns what is measured now, by name.
func (d *traced) metrics() map[string]metricdata.Metrics {
	d.t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(d.t, d.reader.Collect(context.Background(), &all))
	byName := map[string]metricdata.Metrics{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

// shown is all that spans and metrics say.
func (d *traced) shown() string {
	d.t.Helper()
	var b strings.Builder
	for _, s := range d.spans.Ended() {
		fmt.Fprintln(&b, s.Name(), s.Attributes(), s.Status(), s.Events(), s.Resource())
	}
	fmt.Fprintf(&b, "%+v", d.metrics())
	return b.String()
}

func TestLoadsAreSpansAndMetricsOfTheCollector(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript) + "&pool_min_conns=0" // the load opens its connection itself
	d := openTraced(t, dsn, Custom([]CustomLookup{{"order", byOrder}}))
	d.check(ask{"order", "1", "one"}, ask{"order", "2", "two"})
	require.Eventually(t, func() bool { return len(d.spans.Ended()) >= 5 }, 10*time.Second, time.Millisecond)
	names := map[string]sdktrace.ReadOnlySpan{}
	for _, s := range d.spans.Ended() {
		names[s.Name()] = s
	}
	require.Contains(t, names, "lookup")
	for _, name := range []string{"pool.acquire", "connect", "batch start", "SELECT"} {
		require.Contains(t, names, name)
		assert.Equal(t, names["lookup"].SpanContext().TraceID(), names[name].SpanContext().TraceID(), name)
	}
	assert.Contains(t, fmt.Sprint(names["SELECT"].Attributes()), byOrder, "the statement is the configuration's")

	metrics := d.metrics()
	assert.Contains(t, metrics, "db.client.operation.duration")
	assert.Equal(t, "s", metrics["pgxpool.acquire_duration"].Unit)
	acquiring := metrics["pgxpool.acquire_duration"].Data.(metricdata.Sum[float64]).DataPoints[0]
	assert.Positive(t, acquiring.Value)
	assert.Less(t, acquiring.Value, 60., "seconds")
	total := metrics["pgxpool.total_connections"].Data.(metricdata.Sum[int64]).DataPoints[0]
	assert.EqualValues(t, 1, total.Value)
	pool, _ := total.Attributes.Value("db.client.connection.pool.name")
	assert.Equal(t, "namespace_sampler/test", pool.AsString())
}

func TestAPoolThatIsClosedIsNotMeasured(t *testing.T) {
	d := openTraced(t, cluster.NewDatabase(t, ordersScript), Custom([]CustomLookup{{"order", byOrder}}))
	d.check(ask{"order", "1", "one"})
	require.NoError(t, d.Close(t.Context()))
	assert.NotContains(t, d.metrics(), "pgxpool.total_connections")
}

// TestSpansAndMetricsHoldNeitherKeysNorAnythingOfTheDSN whatever fails.
func TestSpansAndMetricsHoldNeitherKeysNorAnythingOfTheDSN(t *testing.T) {
	const key = "k3y-of-telemetry"
	byNumber := `SELECT id, ns FROM orders WHERE id = ANY($1) AND (id::int > 0)`
	fails := `SELECT k, 'x' FROM unnest($1::text[]) k WHERE k::int > 0`
	dsn := cluster.NewDatabase(t, ordersScript)
	named := strings.Replace(dsn, "postgres@", "postgres:"+secret+"@", 1)
	for name, test := range map[string]struct{ dsn, query string }{
		"all is well":      {named, byOrder},
		"a bad key":        {named, fails},
		"a bad row":        {named, byNumber},
		"a raised error":   {named, `SELECT k, 'x' FROM unnest($1::text[]) k WHERE ('[' || k || ']')::jsonb IS NOT NULL`},
		"a missing table":  {named, `SELECT id, ns FROM missing WHERE id = ANY($1)`},
		"no password":      {strings.Replace(named, "postgres:", secret+":", 1), byOrder},
		"no such database": {strings.Replace(named, "?", secret+"?", 1), byOrder},
		"no server":        {"postgres://u" + secret + ":" + secret + "@127.0.0.1:1/" + secret + "?sslmode=disable", byOrder},
		"no host":          {"postgres://u:" + secret + "@" + secret + ".invalid/" + secret, byOrder},
	} {
		t.Run(name, func(t *testing.T) {
			d := openTraced(t, test.dsn, Custom([]CustomLookup{{"order", test.query}}))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for range 2 {
				_, _ = d.Lookup(ctx, []namespace.Key{d.key("order", key)}, make([]namespace.Answer, 1))
			}
			shown := d.shown()
			require.Contains(t, shown, "lookup")
			assert.NotContains(t, shown, key)
			assert.NotContains(t, shown, secret)
			assert.NotContains(t, shown, "127.0.0.1")
		})
	}
}
