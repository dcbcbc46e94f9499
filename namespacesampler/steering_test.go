// SPDX-License-Identifier: Apache-2.0

//go:build unix

package namespacesampler

import (
	"context"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// steered returns a database with the table of runtime overrides, its cluster, and what executes statements in it.
func steered(t *testing.T) (cluster *pgtest.Cluster, dsn string, exec func(sql string, args ...any)) {
	t.Helper()
	script, err := os.ReadFile("../testdata/overrides.sql")
	require.NoError(t, err)
	cluster = pgtest.Start(t)
	dsn = cluster.NewDatabase(t, taskerdb.Tasker, string(script))
	return cluster, dsn, func(sql string, args ...any) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close(context.Background())) }()
		_, err = conn.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
}

// steeredBy returns settings with runtime overrides that are read rarely unless more says otherwise.
func steeredBy(dsn string, more, settings map[string]any) map[string]any {
	section := map[string]any{"enabled": true, "interval": "1h"}
	for key, value := range more {
		section[key] = value
	}
	return withPostgres(dsn, map[string]any{"overrides": section}, settings)
}

// eventually waits for a condition, as long as a busy machine may need.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 2*time.Millisecond, what)
}

func (h *harness) said(message string) int { return h.logs.FilterMessage(message).Len() }

const notified = "runtime overrides apply at once when they are notified"

// listens waits until changes are heard, and what was there before is read.
func (h *harness) listens() {
	h.t.Helper()
	eventually(h.t, func() bool {
		said := h.logs.FilterMessage(notified).All()
		return len(said) > 0 && h.runtime.runtimeOverridesRead().ReadAt.After(said[0].Time.Add(gather))
	}, "it listens")
}

func (h *harness) spanRate(namespace string) *rate.Match {
	spans, _ := h.runtime.ratesInForce()
	return spans.Lookup(namespace)
}

// TestTheFleetIsSteeredTogether: what is notified is in force on all collectors within a second, ends on all within a second of its
// time, and all keep the same traces throughout.
func TestTheFleetIsSteeredTogether(t *testing.T) {
	_, dsn, exec := steered(t)
	fleet := make([]*harness, 3)
	for i := range fleet {
		fleet[i] = start(t, steeredBy(dsn, nil, map[string]any{"sample_rate": 0.1}))
		fleet[i].listens()
	}
	all := func(condition func(*harness) bool, what string) {
		t.Helper()
		for _, h := range fleet {
			eventually(t, func() bool { return condition(h) }, what)
		}
	}
	sameTraces := func(rate float64) {
		t.Helper()
		ids := make([]span, 500)
		for i := range ids {
			ids[i] = span{id: randomID(), attributes: map[string]any{"namespace": "payments"}}
		}
		var first []pcommon.TraceID
		for i, h := range fleet {
			var kept []pcommon.TraceID
			for _, s := range h.consumeTraces(tracesOf(t, ids...)) {
				kept = append(kept, s.TraceID())
			}
			if i == 0 {
				first = kept
			}
			assert.Equal(t, first, kept)
		}
		assert.InDelta(t, 500*rate, len(first), 60)
	}

	sameTraces(0.1)
	ends := time.Now().Add(4 * time.Second).Truncate(time.Microsecond)
	began := time.Now()
	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
		VALUES ('payments', 1, $1, 'incident 7', 'alice')`, ends)
	all(func(h *harness) bool { return h.spanRate("payments").IsAlways() }, "in force")
	t.Logf("in force on all within %v", time.Since(began))
	sameTraces(1)
	assert.True(t, time.Now().Before(ends), "this machine is too busy for the rest")

	want := overrideView{
		Key: "payments", Signal: "all", Source: rate.RuntimeOverride, SampleRate: 1, Until: ends.UTC(), Reason: "incident 7",
		UpdatedBy: "alice",
	}
	for _, h := range fleet {
		views := h.runtime.overridesInForce()
		require.Len(t, views, 1)
		want.UpdatedAt = views[0].UpdatedAt
		assert.WithinDuration(t, began, want.UpdatedAt, time.Minute)
		assert.Equal(t, want, views[0])
	}
	all(func(h *harness) bool { return h.spanRate("payments").Rule == rate.Global }, "ended")
	assert.False(t, time.Now().Before(ends), "no earlier")
	t.Logf("ended on all within %v of expires_at", time.Since(ends))
	sameTraces(0.1)
	for _, h := range fleet {
		assert.Equal(t, 1, h.said("an override is in force"))
		assert.Equal(t, 1, h.said("an override has ended"))
		assert.Zero(t, h.said("an override was removed"))
	}
}

func TestRowsSteerTheirSignalAndBadOnesAreSkipped(t *testing.T) {
	_, dsn, exec := steered(t)
	h := start(t, steeredBy(dsn, nil, map[string]any{"sample_rate": 0.1}))
	h.listens()
	exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES
		('orders', 'traces', 0.5), ('orders', 'metrics', 0.25), ('rust_*', 'all', 1), ('team-?', 'metrics', 0),
		('percent', 'all', 50), ('nan', 'all', 'NaN'), ('logs', 'logs', 1), ('', 'all', 1), ('unknown', 'all', 1),
		(repeat('x', 5000), 'all', 1), (repeat('*', 300), 'all', 1), ('fine', 'all', 0)`)
	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('over', 1, now() - interval '1s')`)
	eventually(t, func() bool { return h.spanRate("fine").IsNever() }, "the good rows apply")

	spans, points := h.runtime.ratesInForce()
	for namespace, want := range map[string][2]float64{
		"orders": {0.5, 0.25}, "rust_linear": {1, 1}, "team-a": {0.1, 0}, "percent": {0.1, 0.1}, "over": {0.1, 0.1}, "other": {0.1, 0.1},
	} {
		assert.Equal(t, want, [2]float64{spans.Lookup(namespace).Probability, points.Lookup(namespace).Probability}, namespace)
	}
	eventually(t, func() bool { return len(h.runtime.runtimeOverridesRead().Rejected) == 7 }, "bad rows are known")
	skipped := h.logs.FilterMessage("a row of the runtime overrides is skipped").All()
	assert.Len(t, skipped, 7, "each is logged once")
	byName := map[any]any{}
	for _, entry := range skipped {
		byName[entry.ContextMap()["namespace"]] = entry.ContextMap()["error"]
	}
	assert.Equal(t, "sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)", byName["percent"])
	assert.Equal(t, `signal must be all, traces or metrics, got "logs"`, byName["logs"])

	assert.Equal(t, map[string]float64{"": 7}, h.gauges("overrides_rejected"))
	assert.Equal(t, map[string]float64{"all": 2, "traces": 1, "metrics": 2}, h.gauges("overrides_in_force"))
	assert.Less(t, h.gauges("overrides_age")[""], 60.)

	exec(`DELETE FROM namespace_sampling_overrides WHERE namespace = 'percent'`)
	eventually(t, func() bool { return len(h.runtime.runtimeOverridesRead().Rejected) == 6 }, "it is gone")
	assert.Equal(t, 7, h.said("a row of the runtime overrides is skipped"))
}

// gauges returns the points of a gauge: the values of its attributes → value.
func (h *harness) gauges(metric string) map[string]float64 {
	h.t.Helper()
	m, err := h.telemetry.GetMetric("otelcol_processor_namespace_sampler_" + metric)
	require.NoError(h.t, err)
	out := map[string]float64{}
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		for _, dp := range data.DataPoints {
			out[firstValue(dp.Attributes.ToSlice())] = float64(dp.Value)
		}
	case metricdata.Gauge[float64]:
		for _, dp := range data.DataPoints {
			out[firstValue(dp.Attributes.ToSlice())] = dp.Value
		}
	}
	return out
}

func firstValue(attributes []attribute.KeyValue) string {
	if len(attributes) == 0 {
		return ""
	}
	return attributes[0].Value.AsString()
}

// TestTheLastGoodOverridesOutlastAnOutage, and end in time meanwhile; afterwards the table is read at once.
func TestTheLastGoodOverridesOutlastAnOutage(t *testing.T) {
	cluster, dsn, exec := steered(t)
	h := start(t, steeredBy(dsn, map[string]any{"interval": "20ms"}, map[string]any{"sample_rate": 0.1}))
	h.listens()
	ends := time.Now().Add(5 * time.Second)
	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('payments', 1, $1), ('orders', 1, NULL)`, ends)
	eventually(t, func() bool { return h.spanRate("payments").IsAlways() }, "in force")
	require.NoError(t, cluster.Crash())
	const away = "runtime overrides cannot be read: those read last stay in force until they end"
	eventually(t, func() bool { return h.said(away) > 0 }, "the outage is noticed")
	assert.True(t, h.spanRate("orders").IsAlways())
	eventually(t, func() bool { return h.spanRate("payments").Rule == rate.Global }, "it ends in time")
	assert.False(t, time.Now().Before(ends))
	assert.True(t, h.spanRate("orders").IsAlways())
	require.Error(t, h.runtime.runtimeOverridesRead().Err)
	assert.Equal(t, 1, h.said(away), "said once")
	require.NoError(t, cluster.Restart(t.Context()))
	exec(`UPDATE namespace_sampling_overrides SET sample_rate = 0 WHERE namespace = 'orders'`)
	eventually(t, func() bool { return h.spanRate("orders").IsNever() }, "it is read again")
	assert.Equal(t, 1, h.said("runtime overrides can be read again"))
}

// TestWhatIsMissedWhileNobodyListensIsRead: a connection that broke is replaced, and the table read then.
func TestWhatIsMissedWhileNobodyListensIsRead(t *testing.T) {
	_, dsn, exec := steered(t)
	h := start(t, steeredBy(dsn, nil, nil))
	h.listens()
	exec(`ALTER TABLE namespace_sampling_overrides DISABLE TRIGGER ALL`)
	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0)`)
	exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'`)
	eventually(t, func() bool { return h.spanRate("payments").IsNever() }, "it is read")
	assert.Equal(t, 2, h.said(notified))
}

// TestAnOverrideBringsLookupsBack: where all rates are 0 nothing is looked up, but what an override keeps is.
func TestAnOverrideBringsLookupsBack(t *testing.T) {
	_, dsn := seeded(t, 1)
	h := start(t, withPostgres(dsn, nil, map[string]any{"sample_rate": 0}))
	keyed := map[string]any{"task_uuid": taskID(0)}
	consume := func() (spans, points int) {
		md := pmetric.NewMetrics()
		metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		require.NoError(t, metric.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().FromRaw(keyed))
		if out := h.consumeMetrics(md); out != nil {
			points = out.DataPointCount()
		}
		return len(h.consumeTraces(tracesOf(t, span{attributes: keyed}))), points
	}
	spans, points := consume()
	assert.Zero(t, spans+points)
	assert.Empty(t, h.counts("lookup_keys"))
	h.runtime.rates.setRuntime([]override{runtimeOverride(signalAll, "ns-0", 1, time.Time{})})
	spans, points = consume()
	assert.Equal(t, [2]int{1, 1}, [2]int{spans, points})
}

func TestPollingGoesOnWhereListeningCannotWork(t *testing.T) {
	cluster, dsn, exec := steered(t)
	h := start(t, steeredBy(pgtest.NewPooler(t, cluster).DSN(dsn), map[string]any{"interval": "20ms"}, nil))
	const givenUp = "runtime overrides do not apply at once, but after the interval"
	eventually(t, func() bool { return h.said(givenUp) == 1 }, "it is said")
	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0)`)
	eventually(t, func() bool { return h.spanRate("payments").IsNever() }, "in force")
	assert.Equal(t, 1, h.said(givenUp))
	assert.Zero(t, h.said(notified))
}

func TestAMissingTableIsOneWarning(t *testing.T) {
	_, dsn, exec := steered(t)
	h := start(t, steeredBy(dsn, map[string]any{"interval": "2ms", "table": `tasker."My Table"`}, nil))
	const missing = "runtime overrides cannot be read: those read last stay in force until they end"
	eventually(t, func() bool { return h.said(missing) > 0 }, "it is said")
	exec(`CREATE TABLE tasker."My Table" AS SELECT * FROM namespace_sampling_overrides;
		INSERT INTO tasker."My Table" (namespace, signal, sample_rate) VALUES ('payments', 'all', 0)`)
	eventually(t, func() bool { return h.spanRate("payments").IsNever() }, "it is there")
	exec(`DROP TABLE tasker."My Table"`)
	eventually(t, func() bool { return h.said(missing) > 1 }, "it is gone")
	assert.True(t, h.spanRate("payments").IsNever(), "what was read last stays")
	assert.Equal(t, 2, h.said(missing))
	assert.Contains(t, h.logs.FilterMessage(missing).All()[0].ContextMap()["error"],
		`relation "tasker.My Table" does not exist (SQLSTATE 42P01): create the table`)
}

func TestRegisteredNamespacesHaveAPlaceAndShowTypingErrors(t *testing.T) {
	_, dsn, exec := steered(t)
	register := func(names ...string) {
		exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
			SELECT gen_random_uuid(), n, now(), now() FROM unnest($1::text[]) n`, names)
	}
	register("payments", "orders", "analytics", "rust_linear")
	h := start(t, withPostgres(dsn, map[string]any{"registry": map[string]any{"interval": "5ms"}}, map[string]any{
		"namespaces": map[string]any{"paymnets": 1, "orders": 0.5, "rust_*": 0.5, "elsewhere": 1},
		"metrics":    map[string]any{"namespaces": map[string]any{"analytics": 0.5}},
		"telemetry":  map[string]any{"max_namespaces": 0},
	}))
	read := func() time.Time { return h.runtime.registered().ReadAt }
	eventually(t, func() bool { return !read().IsZero() }, "the registry is read")
	first := read()
	eventually(t, func() bool { return read().After(first) }, "and again")

	warned := h.logs.FilterMessage("an override names no registered namespace").All()
	require.Len(t, warned, 2, "once for each")
	suggested := map[any]any{}
	for _, entry := range warned {
		suggested[entry.ContextMap()["namespace"]] = entry.ContextMap()["did_you_mean"]
	}
	assert.Equal(t, map[any]any{"paymnets": "payments", "elsewhere": nil}, suggested)
	assert.Equal(t, map[string]float64{"traces": 2, "metrics": 1}, h.gauges("registered_namespaces_on_global_rate"))

	consume := func() {
		named := func(name string) span { return span{attributes: map[string]any{"namespace": name}} }
		h.consumeTraces(tracesOf(t, named("payments"), named("late"), named("nobody")))
	}
	consume()
	register("late")
	eventually(t, func() bool { return len(h.runtime.registered().Names) == 5 }, "it is registered")
	second := read()
	eventually(t, func() bool { return read().After(second) }, "and has a place")
	consume()
	assert.Equal(t, 2, h.said("an override names no registered namespace"), "not again, when another is registered")
	assert.Equal(t, map[string]int64{
		"kept payments global": 2, "kept _other global": 3, "kept late global": 1,
	}, h.counts("spans"))
}

// TestRuntimeOverridesShowTypingErrors, also patterns, when they come.
func TestRuntimeOverridesShowTypingErrors(t *testing.T) {
	_, dsn, exec := steered(t)
	exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
		SELECT gen_random_uuid(), n, now(), now() FROM unnest('{payments,orders}'::text[]) n`)
	h := start(t, registering(steeredBy(dsn, nil, nil)))
	h.listens()
	eventually(t, func() bool { return !h.runtime.registered().ReadAt.IsZero() }, "the registry is read")
	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, updated_by) VALUES
		('paymnets', 1, 'alice'), ('pay*', 0.5, 'bob'), ('ordres*', 0.5, 'bob')`)
	const message = "an override names no registered namespace"
	eventually(t, func() bool { return h.said(message) == 2 }, "two of them match none")
	said := map[any]any{}
	for _, entry := range h.logs.FilterMessage(message).All() {
		said[entry.ContextMap()["namespace"]] = []any{entry.ContextMap()["did_you_mean"], entry.ContextMap()["updated_by"]}
	}
	assert.Equal(t, map[any]any{"paymnets": []any{"payments", "alice"}, "ordres*": []any{nil, "bob"}}, said)
	exec(`UPDATE namespace_sampling_overrides SET sample_rate = 0.1`)
	eventually(t, func() bool { return h.spanRate("paymnets").Probability == 0.1 }, "they have changed")
	assert.Equal(t, 2, h.said(message), "once for each")
}

// TestManyThatWakeAreOneRead, as long as they come within a moment.
func TestManyThatWakeAreOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		var reads atomic.Int64
		go repeat(ctx, time.Hour, wake, func() { reads.Add(1) })
		synctest.Wait()
		assert.EqualValues(t, 1, reads.Load(), "at once")
		for range 40 {
			select {
			case wake <- struct{}{}:
			default:
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		assert.EqualValues(t, 2, reads.Load())
		time.Sleep(time.Hour)
		assert.EqualValues(t, 3, reads.Load(), "the interval")
		cancel()
		synctest.Wait()
	})
}

func TestCustomLookupsHaveNoRegistry(t *testing.T) {
	for settings, want := range map[string]bool{
		"{dsn: host=a}":                                              true,
		"{dsn: host=a, layout: tasker_legacy}":                       true,
		"{dsn: host=a, registry: {interval: 0}}":                     false,
		"{dsn: host=a, layout: none, overrides: {enabled: true}}":    false,
		"{dsn: host=a, lookups: [{attribute: a, query: SELECT $1}]}": false,
	} {
		cfg := createDefaultConfig().(*Config)
		require.NoError(t, yamlOf(t, "postgres: "+settings).Unmarshal(cfg))
		_, ok := cfg.Postgres.Get().registry()
		assert.Equal(t, want, ok, settings)
	}
}

func TestTheNearestName(t *testing.T) {
	names := []string{"analytics", "orders", "payments", "рассылка"}
	for name, want := range map[string]string{
		"paymnets": "payments", "Orders": "orders", "order": "orders", "analytic": "analytics", "расылка": "рассылка", "billing": "", "o": "",
	} {
		got, _ := nearest(name, names)
		assert.Equal(t, want, got, name)
	}
	assert.Equal(t, 3, distance("kitten", "sitting"))
	assert.Equal(t, 3, distance("", "abc"))
}
