// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestMissingNamespacesAreResolvedInOneRoundTrip(t *testing.T) {
	const n = 300
	database := samplertest.NewDatabase(t, n)
	cluster, dsn := database.Cluster, database.DSN
	tap := pgtest.NewTap(t, cluster.Addr())
	h := samplertest.Start(t, samplertest.WithPostgres(tap.DSN(dsn), nil, map[string]any{"namespaces": map[string]any{"ns-1": 0}}))

	var spans []samplertest.Span
	for i := range n {
		attribute, id := "task_uuid", samplertest.TaskID(i)
		switch i % 4 {
		case 1:
			attribute, id = "step_uuid", samplertest.StepID(i)
		case 2:
			attribute, id = "workflow_step_uuid", samplertest.StepID(i)
		case 3:
			attribute, id = "correlation_id", samplertest.CorrelationID(i)
		}
		spans = append(spans,
			samplertest.Span{Attributes: map[string]any{attribute: id, "i": i}},
			samplertest.Span{Attributes: map[string]any{attribute: id, "namespace": "unknown", "i": i}})
	}
	for range 2 { // the second time, the cache knows
		out := h.ConsumeTraces(samplertest.TracesOf(t, spans...))
		assert.Len(t, out, 2*n*2/3, "ns-1 is dropped")
		for _, s := range out {
			i, _ := s.Attributes().Get("i")
			namespace, _ := s.Attributes().Get("namespace")
			assert.Equal(t, fmt.Sprintf("ns-%d", i.Int()%3), namespace.Str())
		}
	}
	assert.Equal(t, int64(1), tap.Syncs(), "one round trip on the wire")
	assert.Equal(t, int64(3), tap.Executes(), "one statement for each kind of key")
	assert.Equal(t, map[string]int64{"resolved": n, "hit": n}, h.Counts("lookup_keys"))
	assert.Equal(t, map[string]int64{"": 1}, h.Counts("lookup_round_trips"))
}

func TestKeysThatPostgresDoesNotKnowTakeTheGlobalRate(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 1).DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, map[string]any{"on_failure": "drop"}, map[string]any{"sample_rate": 0.5}))
	other := samplertest.HighID
	other[0]++
	out := h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.HighID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(99)}},
		samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(99)}},
		samplertest.Span{ID: other, Attributes: map[string]any{"task_uuid": "no uuid"}},
		samplertest.Span{ID: other, Attributes: map[string]any{"task_uuid": "0198F000-0000-7000-8000-000000000000", "up": "per case"}},
	))
	require.Len(t, out, 3)
	_, written := out[0].Attributes().Get("namespace")
	assert.False(t, written, "there is nothing to write")
	namespace, _ := out[2].Attributes().Get("namespace")
	assert.Equal(t, "ns-0", namespace.Str())
	assert.Equal(t, map[string]int64{"resolved": 1, "unknown": 1, "malformed": 1}, h.Counts("lookup_keys"))
}

// A row of 1 MB would make 1 GB of a batch of 1,000 spans.
func TestANamespaceThatIsTooLongIsNotWritten(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 0, `CREATE TABLE orders (id bigint, tenant text);
		INSERT INTO orders VALUES (1, repeat('x', 1000000)), (2, repeat('x', 1024))`).DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, map[string]any{
		"lookups": []any{map[string]any{"attribute": "order.id", "query": "SELECT id, tenant FROM orders WHERE id = ANY($1)"}},
	}, map[string]any{"sample_rate": 1}))
	spans := make([]samplertest.Span, 1000)
	for i := range spans {
		spans[i].Attributes = map[string]any{"order.id": 1}
	}
	sent := samplertest.TracesOf(t, spans...)
	sizer := &ptrace.ProtoMarshaler{}
	before := sizer.TracesSize(sent)
	require.Len(t, h.ConsumeTraces(sent), len(spans))
	assert.Equal(t, before, sizer.TracesSize(h.Spans.AllTraces()[0]))

	out := h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"order.id": 2}}))
	require.Len(t, out, 1)
	namespace, _ := out[0].Attributes().Get("namespace")
	assert.Len(t, namespace.Str(), 1024)
	assert.Equal(t, map[string]int64{"unknown": 1, "resolved": 1}, h.Counts("lookup_keys"))
	assert.Equal(t, map[string]int64{"too_long": 1}, h.Counts("unreadable_names"))
}

// TestOnFailureAppliesIfPostgresCannotBeAsked is C6 and C7: it starts, it flows, and says so once.
func TestOnFailureAppliesIfPostgresCannotBeAsked(t *testing.T) {
	for onFailure, want := range map[string]struct {
		kept   []string
		counts map[string]int64
	}{
		"global_rate": {[]string{"ot=th:8"}, map[string]int64{"kept _none global": 1, "dropped _none global": 1}},
		"keep":        {[]string{"", ""}, map[string]int64{"kept _none unavailable": 2}},
		"drop":        {nil, map[string]int64{"dropped _none unavailable": 2}},
	} {
		t.Run(onFailure, func(t *testing.T) {
			h := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": onFailure},
				map[string]any{"sample_rate": 0.5, "namespaces": map[string]any{"payments": 1}}))
			for range 3 {
				out := h.ConsumeTraces(samplertest.TracesOf(t,
					samplertest.Span{ID: samplertest.HighID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}},
					samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}}))
				var kept []string
				for _, s := range out {
					kept = append(kept, s.TraceState().AsRaw())
				}
				assert.Equal(t, want.kept, kept)
			}
			for key := range want.counts {
				want.counts[key] *= 3
			}
			assert.Equal(t, want.counts, h.Counts("spans"))
			assert.Equal(t, map[string]int64{"unavailable": 6}, h.Counts("lookup_keys"))
			assert.Len(t, h.Logs.FilterMessageSnippet("Postgres cannot be asked").All(), 1)
		})
	}
}

func TestLookupsThatCanChangeNothingAreNotMade(t *testing.T) {
	in := func() samplertest.Span {
		return samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}}
	}
	h := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", nil, map[string]any{"sample_rate": 0}))
	assert.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, in())))
	assert.Empty(t, h.Counts("lookup_keys"), "whatever its namespace, it goes")
	h = samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "keep"}, map[string]any{"sample_rate": 0}))
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, in())), 1, "but here an outage keeps it")
}

func TestResolutionBeginsWhenPostgresComesUp(t *testing.T) {
	database := samplertest.NewDatabase(t, 1)
	cluster, dsn := database.Cluster, database.DSN
	require.NoError(t, cluster.Crash())
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, nil))
	in := func() []samplertest.Span {
		return []samplertest.Span{{Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}}}
	}
	namespaceOf := func() string {
		out := h.ConsumeTraces(samplertest.TracesOf(t, in()...))
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
	assert.Len(t, h.Logs.FilterMessageSnippet("answers again").All(), 1)
	require.NoError(t, cluster.Crash())
	assert.Equal(t, "ns-0", namespaceOf(), "the cache still knows")
}

func TestWithoutWaitTheCacheIsFilledInTheBackground(t *testing.T) {
	d := samplertest.NewDatabase(t, 1)
	h := samplertest.Start(t, samplertest.WithPostgres(d.DSN, map[string]any{"wait": "0s"}, nil))
	in := samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}}
	unlock := d.LockTasks()
	first := h.ConsumeTraces(samplertest.TracesOf(t, in))
	_, written := first[0].Attributes().Get("namespace")
	assert.False(t, written)
	unlock()
	assert.Eventually(t, func() bool {
		out := h.ConsumeTraces(samplertest.TracesOf(t, in))
		_, written := out[0].Attributes().Get("namespace")
		return written
	}, 30*time.Second, time.Millisecond)
	assert.Eventually(t, func() bool { return h.Counts("lookup_late_keys")[""] == 1 }, 30*time.Second, time.Millisecond,
		"M5: what may change is counted")
}

// TestTheExampleOfCustomLookupsWorks runs testdata/lookups.yaml, with keys that its queries could not cast.
func TestTheExampleOfCustomLookupsWorks(t *testing.T) {
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t, `CREATE TABLE orders (id bigint PRIMARY KEY, domain text);
		CREATE TABLE customers (email text PRIMARY KEY, domain text);
		INSERT INTO orders VALUES (7, 'billing'); INSERT INTO customers VALUES ('a@b.c', 'billing')`)
	t.Setenv("DATABASE_URL", dsn)
	h := samplertest.StartWith(t, samplertest.LoadFiles(t, "../../../testdata/lookups.yaml"))
	out := h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{Attributes: map[string]any{"order.id": "7"}},
		samplertest.Span{Attributes: map[string]any{"customer.email": "a@b.c"}},
		samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"order.id": "no number"}},
		samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"order.id": "99999999999999999999"}},
	))
	require.Len(t, out, 2)
	for _, s := range out {
		namespace, _ := s.Attributes().Get("business.domain")
		assert.Equal(t, "billing", namespace.Str())
	}
	assert.Equal(t, map[string]int64{"resolved": 2, "unknown": 2}, h.Counts("lookup_keys"))
	assert.Equal(t, map[string]int64{"": 1}, h.Counts("lookup_round_trips"))
}
