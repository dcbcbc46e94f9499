// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

const shop = `
	CREATE TABLE orders (id bigint, tenant text);
	CREATE TABLE customers (email text, tenant text);
	CREATE TABLE projects (id bigint, tenant text);
	INSERT INTO orders SELECT i, 'tenant-' || i FROM generate_series(1, 100) i;
	INSERT INTO orders VALUES (200, 'unknown'), (201, NULL);
	INSERT INTO customers VALUES ('a@b.c', 'tenant-a');
	INSERT INTO projects VALUES (7, 'tenant-7'), (8, 'tenant-8');`

// openShop starts a sampler with three lookups, and counts what it sends to the database.
func openShop(t *testing.T, settings map[string]any) (*samplertest.Sampler, *pgtest.Tap) {
	t.Helper()
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t, shop)
	tap := pgtest.NewTap(t, cluster.Addr())
	return samplertest.Start(t, samplertest.WithPostgres(tap.DSN(dsn), map[string]any{"lookups": []any{
		map[string]any{"attribute": "order.id", "query": "SELECT id, tenant FROM orders WHERE id = ANY($1)"},
		map[string]any{"attribute": "customer.email", "query": "SELECT email, tenant FROM customers WHERE email = ANY($1)"},
		map[string]any{"attribute": "project.id", "query": "SELECT id, tenant FROM projects WHERE id = ANY($1)"},
	}}, settings)), tap
}

type attributes = map[string]any

// namespacesOf sends one trace for each set of attributes, and points with the same, and returns the namespaces of spans and of
// points, which must be equal.
func namespacesOf(t *testing.T, s *samplertest.Sampler, items ...attributes) (names []string) {
	t.Helper()
	var in []samplertest.Span
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	for _, item := range items {
		in = append(in, samplertest.Span{Attributes: item})
		require.NoError(t, samplertest.AppendPoint(m, pmetric.MetricTypeSum).FromRaw(item))
	}
	for _, span := range s.ConsumeTraces(samplertest.TracesOf(t, in...)) {
		names = append(names, namespaceIn(span.Attributes()))
	}
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	for i, dp := range out.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().All() {
		assert.Equal(t, names[i], namespaceIn(dp.Attributes()), "point %d", i)
	}
	return names
}

// namespaceIn returns the namespace attribute, "" without one.
func namespaceIn(m pcommon.Map) string {
	name, ok := m.Get("namespace")
	if !ok {
		return ""
	}
	return name.Str()
}

func TestAnUnknownKeyIsFollowedByThatOfTheNextLookup(t *testing.T) {
	s, tap := openShop(t, nil)
	assert.Equal(t, []string{"tenant-a", "tenant-1", "tenant-8", "tenant-a", "tenant-7", "", ""}, namespacesOf(t, s,
		attributes{"order.id": "99999", "customer.email": "a@b.c"},
		attributes{"order.id": 1, "customer.email": "a@b.c"},
		attributes{"order.id": 99999, "customer.email": "nobody@b.c", "project.id": 8},
		attributes{"order.id": 201, "customer.email": "a@b.c"},                 // NULL
		attributes{"order.id": 200, "customer.email": true, "project.id": "7"}, // a missing value, and a malformed key
		attributes{"order.id": 99999},
		attributes{"project.id": 99999},
	))
	assert.Equal(t, int64(3), tap.Syncs(), "a round trip for each key in turn; points find all in the cache")
	assert.Equal(t, map[string]int64{"": 3}, s.Counts("lookup_round_trips"))
	assert.Equal(t, map[string]int64{"resolved": 5, "unknown": 4, "hit": 9, "malformed": 2}, s.Counts("lookup_keys"))
	assert.Equal(t, 1, s.LogCount("a lookup attribute holds a malformed key, which is not looked up; further ones are only counted"))
}

// Items that have no further key must not begin anew while others have one: malformed keys would be counted again, and a batch whose
// items have different numbers of keys would take ever more rounds.
func TestItemsWithDifferentNumbersOfUnknownKeysAreReadOnce(t *testing.T) {
	s, tap := openShop(t, nil)
	items := []attributes{
		{"order.id": true, "project.id": 99999},
		{"order.id": 99999, "customer.email": "nobody@b.c"},
		{"order.id": 99999, "customer.email": "nobody@b.c", "project.id": 99998},
		{"customer.email": "nobody@b.c"},
	}
	assert.Equal(t, make([]string, len(items)), namespacesOf(t, s, items...))
	assert.Equal(t, int64(2), tap.Syncs())
	assert.Equal(t, map[string]int64{"unknown": 4, "hit": 4, "malformed": 2}, s.Counts("lookup_keys"), "malformed: a span and a point")
}

func TestABatchWhoseFirstKeysAreKnownTakesOneRoundTrip(t *testing.T) {
	s, tap := openShop(t, nil)
	var items []attributes
	var want []string
	for i := 1; i <= 100; i++ {
		items = append(items, attributes{"order.id": i, "customer.email": fmt.Sprintf("%d@nowhere", i), "project.id": -i})
		want = append(want, fmt.Sprintf("tenant-%d", i))
	}
	items, want = append(items, attributes{"customer.email": "a@b.c"}), append(want, "tenant-a")
	assert.Equal(t, want, namespacesOf(t, s, items...))
	assert.Equal(t, int64(1), tap.Syncs())
	assert.Equal(t, int64(2), tap.Executes())
	assert.Equal(t, map[string]int64{"resolved": 101, "hit": 101}, s.Counts("lookup_keys"))
}

// The key is that of the resource, which many spans share; the next one is that of the span.
func TestTheNextKeyCanBeThatOfItemOrResource(t *testing.T) {
	s, _ := openShop(t, nil)
	td := ptrace.NewTraces()
	samplertest.AppendSpans(t, td, attributes{"order.id": 99999}, nil, samplertest.Span{Attributes: attributes{"customer.email": "a@b.c"}})
	samplertest.AppendSpans(t, td, attributes{"project.id": 7}, nil, samplertest.Span{Attributes: attributes{"order.id": 99999}})
	samplertest.AppendSpans(t, td, nil, attributes{"project.id": 7}, samplertest.Span{Attributes: attributes{"order.id": 99999}})
	var names []string
	for _, span := range s.ConsumeTraces(td) {
		names = append(names, namespaceIn(span.Attributes()))
	}
	assert.Equal(t, []string{"tenant-a", "tenant-7", ""}, names, "keys are not read from scopes")
	assert.Equal(t, map[string]int64{"resolved": 2, "unknown": 1}, s.Counts("lookup_keys"))
}

// Telemetry can arrive before the row of its task is committed, while another task of the workflow is known.
func TestATaskThatIsNotCommittedYetIsResolvedByItsCorrelationID(t *testing.T) {
	database := samplertest.NewDatabase(t, 1)
	s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, nil, nil))
	assert.Equal(t, []string{"ns-0"}, namespacesOf(t, s,
		attributes{"task_uuid": samplertest.TaskID(99), "correlation_id": samplertest.CorrelationID(0)}))
}

// A round trip more is not made for spans that are dropped whatever it would answer.
func TestTracesThatAreNamedMeanwhileNeedNoFurtherLookups(t *testing.T) {
	s, tap := openShop(t, map[string]any{"sample_rate": 1, "namespaces": map[string]any{"tenant-1": 0.5}})
	low := func(root bool, a attributes) samplertest.Span {
		return samplertest.Span{ID: samplertest.LowID, Root: root, Attributes: a}
	}
	assert.Empty(t, s.ConsumeTraces(samplertest.TracesOf(t,
		low(false, attributes{"order.id": 99999, "customer.email": "a@b.c"}), low(true, attributes{"order.id": 1}))))
	assert.Equal(t, int64(1), tap.Syncs())
	assert.Equal(t, map[string]int64{"dropped tenant-1 exact": 1, "dropped tenant-1 trace": 1}, s.Counts("spans"))
}

// The root names the trace, whichever of its keys is known.
func TestARootNamesItsTraceByItsSecondKey(t *testing.T) {
	s, tap := openShop(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"tenant-a": 1, "tenant-1": 0.5}})
	id := samplertest.LowID
	out := s.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: id, Attributes: attributes{"order.id": 1}},
		samplertest.Span{ID: id, Root: true, Attributes: attributes{"order.id": 99999, "customer.email": "a@b.c"}}))
	require.Len(t, out, 2)
	assert.Equal(t, int64(2), tap.Syncs())
	assert.Equal(t, map[string]int64{"kept tenant-1 trace": 1, "kept tenant-a exact": 1}, s.Counts("spans"))
}
