// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// taskID, stepID and correlationID are the UUIDs of task i.
func taskID(i int) string        { return fmt.Sprintf("0198f000-0000-7000-8000-%012x", i) }
func stepID(i int) string        { return fmt.Sprintf("0198f000-1111-7000-8000-%012x", i) }
func correlationID(i int) string { return fmt.Sprintf("0198f000-2222-7000-8000-%012x", i) }

// seeded returns a cluster with a database of n tasks, each of namespace ns-(i mod 3) and with one step, and its DSN.
func seeded(t *testing.T, n int) (*pgtest.Cluster, string) {
	t.Helper()
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	tasks := make([]taskerdb.Task, n)
	for i := range tasks {
		tasks[i] = taskerdb.Task{
			UUID: taskID(i), CorrelationID: correlationID(i), Steps: []string{stepID(i)}, Namespace: fmt.Sprintf("ns-%d", i%3),
		}
	}
	require.NoError(t, taskerdb.Insert(t.Context(), conn, taskerdb.LayoutTasker, tasks...))
	return cluster, dsn
}

// withPostgres returns settings that resolve from dsn, patiently and without the registry unless more says otherwise.
func withPostgres(dsn string, more map[string]any, settings map[string]any) map[string]any {
	section := map[string]any{"dsn": dsn, "wait": "30s", "query_timeout": "30s", "registry": map[string]any{"interval": 0}}
	for key, value := range more {
		section[key] = value
	}
	out := map[string]any{"postgres": section}
	for key, value := range settings {
		out[key] = value
	}
	return out
}

func TestMissingNamespacesAreResolvedInOneRoundTrip(t *testing.T) {
	const n = 300
	cluster, dsn := seeded(t, n)
	tap := pgtest.NewTap(t, cluster.Addr())
	h := start(t, withPostgres(tap.DSN(dsn), nil, map[string]any{"namespaces": map[string]any{"ns-1": 0}}))

	var spans []span
	for i := range n {
		attribute, id := "task_uuid", taskID(i)
		switch i % 4 {
		case 1:
			attribute, id = "step_uuid", stepID(i)
		case 2:
			attribute, id = "workflow_step_uuid", stepID(i)
		case 3:
			attribute, id = "correlation_id", correlationID(i)
		}
		spans = append(spans,
			span{attributes: map[string]any{attribute: id, "i": i}},
			span{attributes: map[string]any{attribute: id, "namespace": "unknown", "i": i}})
	}
	for range 2 { // the second time, the cache knows
		out := h.consumeTraces(tracesOf(t, spans...))
		assert.Len(t, out, 2*n*2/3, "ns-1 is dropped")
		for _, s := range out {
			i, _ := s.Attributes().Get("i")
			namespace, _ := s.Attributes().Get("namespace")
			assert.Equal(t, fmt.Sprintf("ns-%d", i.Int()%3), namespace.Str())
		}
	}
	assert.Equal(t, int64(1), tap.Syncs(), "one round trip on the wire")
	assert.Equal(t, int64(3), tap.Executes(), "one statement for each kind of key")
	assert.Equal(t, map[string]int64{"resolved": n, "hit": n}, h.counts("lookup_keys"))
	assert.Equal(t, map[string]int64{"": 1}, h.counts("lookup_round_trips"))
}

func TestKeysThatPostgresDoesNotKnowTakeTheGlobalRate(t *testing.T) {
	_, dsn := seeded(t, 1)
	h := start(t, withPostgres(dsn, map[string]any{"on_failure": "drop"}, map[string]any{"sample_rate": 0.5}))
	out := h.consumeTraces(tracesOf(t,
		span{id: highID, attributes: map[string]any{"task_uuid": taskID(99)}},
		span{id: lowID, attributes: map[string]any{"task_uuid": taskID(99)}},
		span{id: highID, attributes: map[string]any{"task_uuid": "no uuid"}},
		span{id: highID, attributes: map[string]any{"task_uuid": "0198F000-0000-7000-8000-000000000000", "up": "per case"}},
	))
	require.Len(t, out, 3)
	_, written := out[0].Attributes().Get("namespace")
	assert.False(t, written, "there is nothing to write")
	namespace, _ := out[2].Attributes().Get("namespace")
	assert.Equal(t, "ns-0", namespace.Str())
	assert.Equal(t, map[string]int64{"resolved": 1, "unknown": 1, "malformed": 1}, h.counts("lookup_keys"))
}

// TestWhatPostgresCannotBeAskedAboutTakesOnFailure is C6 and C7: it starts, it flows, and says so once.
func TestWhatPostgresCannotBeAskedAboutTakesOnFailure(t *testing.T) {
	for onFailure, want := range map[string]struct {
		kept   []string
		counts map[string]int64
	}{
		"global_rate": {[]string{"ot=th:8"}, map[string]int64{"kept _none global": 1, "dropped _none global": 1}},
		"keep":        {[]string{"", ""}, map[string]int64{"kept _none unavailable": 2}},
		"drop":        {nil, map[string]int64{"dropped _none unavailable": 2}},
	} {
		t.Run(onFailure, func(t *testing.T) {
			h := start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": onFailure},
				map[string]any{"sample_rate": 0.5, "namespaces": map[string]any{"payments": 1}}))
			for range 3 {
				out := h.consumeTraces(tracesOf(t,
					span{id: highID, attributes: map[string]any{"task_uuid": taskID(0)}},
					span{id: lowID, attributes: map[string]any{"task_uuid": taskID(1)}}))
				var kept []string
				for _, s := range out {
					kept = append(kept, s.TraceState().AsRaw())
				}
				assert.Equal(t, want.kept, kept)
			}
			for key := range want.counts {
				want.counts[key] *= 3
			}
			assert.Equal(t, want.counts, h.counts("spans"))
			assert.Equal(t, map[string]int64{"unavailable": 6}, h.counts("lookup_keys"))
			assert.Len(t, h.logs.FilterMessageSnippet("Postgres cannot be asked").All(), 1)
		})
	}
}

func TestLookupsThatCanChangeNothingAreNotMade(t *testing.T) {
	in := func() span { return span{attributes: map[string]any{"task_uuid": taskID(0)}} }
	h := start(t, withPostgres("postgres://127.0.0.1:1/none", nil, map[string]any{"sample_rate": 0}))
	assert.Empty(t, h.consumeTraces(tracesOf(t, in())))
	assert.Empty(t, h.counts("lookup_keys"), "whatever its namespace, it goes")
	h = start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "keep"}, map[string]any{"sample_rate": 0}))
	assert.Len(t, h.consumeTraces(tracesOf(t, in())), 1, "but here an outage keeps it")
}

func TestResolutionBeginsWhenPostgresComesUp(t *testing.T) {
	cluster, dsn := seeded(t, 1)
	require.NoError(t, cluster.Crash())
	h := start(t, withPostgres(dsn, nil, nil))
	in := func() []span { return []span{{attributes: map[string]any{"task_uuid": taskID(0)}}} }
	namespaceOf := func() string {
		out := h.consumeTraces(tracesOf(t, in()...))
		require.Len(t, out, 1)
		namespace, ok := out[0].Attributes().Get("namespace")
		if !ok {
			return ""
		}
		return namespace.Str()
	}
	assert.Empty(t, namespaceOf())
	require.NoError(t, cluster.Restart(t.Context()))
	assert.Eventually(t, func() bool { return namespaceOf() == "ns-0" }, 30*time.Second, 10*time.Millisecond)
	assert.Len(t, h.logs.FilterMessageSnippet("answers again").All(), 1)
	require.NoError(t, cluster.Crash())
	assert.Equal(t, "ns-0", namespaceOf(), "the cache still knows")
}

func TestABatchThatMustNotWaitDoesNotAndTheCacheFillsBehindIt(t *testing.T) {
	_, dsn := seeded(t, 1)
	h := start(t, withPostgres(dsn, map[string]any{"wait": "0s"}, nil))
	in := span{attributes: map[string]any{"task_uuid": taskID(0)}}
	first := h.consumeTraces(tracesOf(t, in))
	_, written := first[0].Attributes().Get("namespace")
	assert.False(t, written)
	assert.Eventually(t, func() bool {
		out := h.consumeTraces(tracesOf(t, in))
		_, written := out[0].Attributes().Get("namespace")
		return written
	}, 30*time.Second, time.Millisecond)
	assert.Eventually(t, func() bool { return h.counts("lookup_late_keys")[""] == 1 }, 30*time.Second, time.Millisecond,
		"M5: what may change is counted")
}

// TestTheExampleOfCustomLookupsWorks runs testdata/lookups.yaml, with keys that its queries could not cast.
func TestTheExampleOfCustomLookupsWorks(t *testing.T) {
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t, `CREATE TABLE orders (id bigint PRIMARY KEY, domain text);
		CREATE TABLE customers (email text PRIMARY KEY, domain text);
		INSERT INTO orders VALUES (7, 'billing'); INSERT INTO customers VALUES ('a@b.c', 'billing')`)
	t.Setenv("DATABASE_URL", dsn)
	h := startWith(t, processorOf(t, "lookups.yaml"))
	out := h.consumeTraces(tracesOf(t,
		span{attributes: map[string]any{"order.id": "7"}},
		span{attributes: map[string]any{"customer.email": "a@b.c"}},
		span{id: lowID, attributes: map[string]any{"order.id": "no number"}},
		span{id: lowID, attributes: map[string]any{"order.id": "99999999999999999999"}},
	))
	require.Len(t, out, 2)
	for _, s := range out {
		namespace, _ := s.Attributes().Get("business.domain")
		assert.Equal(t, "billing", namespace.Str())
	}
	assert.Equal(t, map[string]int64{"resolved": 2, "unknown": 2}, h.counts("lookup_keys"))
	assert.Equal(t, map[string]int64{"": 1}, h.counts("lookup_round_trips"))
}

// TestResolvedNamespacesAreWrittenToPointsOnlyWhereNoneIs is M5.
func TestResolvedNamespacesAreWrittenToPointsOnlyWhereNoneIs(t *testing.T) {
	_, dsn := seeded(t, 1)
	h := start(t, withPostgres(dsn, nil, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"ns-0": 1}}))
	md := pmetric.NewMetrics()
	add := func(resource map[string]any) pmetric.Metric {
		rm := md.ResourceMetrics().AppendEmpty()
		require.NoError(t, rm.Resource().Attributes().FromRaw(resource))
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		appendPoint(m, pmetric.MetricTypeHistogram).PutStr("correlation_id", correlationID(0))
		return m
	}
	add(nil)
	add(map[string]any{"namespace": "unknown"})
	attributes := appendPoint(add(nil), pmetric.MetricTypeHistogram)
	attributes.PutStr("task_uuid", taskID(0))
	attributes.PutStr("namespace", "unknown")

	out := h.consumeMetrics(md)
	require.NotNil(t, out)
	var written []string
	for _, attributes := range pointAttributes(*out) {
		name := "none"
		if namespace, ok := attributes.Get("namespace"); ok {
			name = namespace.Str()
		}
		written = append(written, name)
	}
	assert.Equal(t, []string{"ns-0", "none", "ns-0", "unknown"}, written, "all kept by the resolved name's rate")
}

// TestIdentityIsTakenBeforeEnrichment is M5: a kept series is drawn by what arrived, so a cache that is warm, or a database
// that is away, does not move it.
func TestIdentityIsTakenBeforeEnrichment(t *testing.T) {
	_, dsn := seeded(t, 300)
	batch := func() pmetric.Metrics {
		md := seriesBatch(pmetric.MetricTypeSum, 300)
		for i, attributes := range pointAttributes(md) {
			attributes.Remove("namespace")
			attributes.PutStr("task_uuid", taskID(i))
		}
		return md
	}
	settings := map[string]any{"sample_rate": 0.5}
	up := start(t, withPostgres(dsn, nil, settings))
	down := start(t, withPostgres("postgres://127.0.0.1:1/none", nil, settings))
	want := seriesOf(up.consumeMetrics(batch()))
	assert.Equal(t, want, seriesOf(up.consumeMetrics(batch())))
	assert.Equal(t, want, seriesOf(down.consumeMetrics(batch())))
}
