// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// statements are the numbers of statements that a collector has sent, by what they are for.
type statements struct{ overrides, registry, lookups int }

func statementsOf(t *testing.T, conn *pgx.Conn) (s statements) {
	t.Helper()
	calls, err := pgtest.StatementCalls(t.Context(), conn)
	require.NoError(t, err)
	for text, n := range calls {
		switch {
		case strings.Contains(text, "ANY($1::text[]"):
			s.lookups += int(n)
		case strings.Contains(text, "namespace_sampling_overrides"):
			s.overrides += int(n)
		case strings.Contains(text, "DISTINCT domain"):
			s.registry += int(n)
		}
	}
	return s
}

// A collector is stopped in its tracks for many intervals of everything that it does by the clock, as when its machine is suspended or
// a container is frozen. It does what is due once, and an override that ended meanwhile ends.
func TestACollectorThatWasStoppedForAWhileContinuesWithoutABurst(t *testing.T) {
	t.Parallel()
	const (
		interval, negativeTTL = 500 * time.Millisecond, 500 * time.Millisecond
		refreshAfter          = 4 * time.Second
		keys, refreshKeys     = 3_000, 1_000 // that are looked up, and refreshed by one statement
	)
	dsn := newOverridesDatabase(t, sharedCluster(t), `
		CREATE TABLE shop_orders (id text PRIMARY KEY, domain text);
		INSERT INTO shop_orders SELECT n, 'orders' FROM generate_series(1, 3000) n`)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()

	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: fmt.Sprintf(`
sample_rate: 0.25
namespaces: {payments: 1} # so that every key is worth looking up
tracing: {sampler: trace_id_ratio}
postgres:
  dsn: %q
  wait: 20s
  query_timeout: 15s
  lookups: [{attribute: order.id, query: "SELECT id, domain FROM shop_orders WHERE id = ANY($1::text[])"}]
  cache: {refresh_after: %v, negative_ttl: %v}
  registry: {interval: %v, query: "SELECT DISTINCT domain FROM shop_orders UNION SELECT 'payments'"}
  overrides: {enabled: true, interval: %v}
`, dsn, refreshAfter, negativeTTL, interval, interval)})
	client := harness.NewClient(t, collector)
	require.True(t, harness.Eventually(time.Minute, func() bool { return collector.Log().Count("listening for changes") == 1 }))

	// send sends spans and log records with what is cached and due, and with keys that are unknown. It reports whether a rate was applied to
	// those in the namespace.
	r, sent := random(), 0
	send := func(rate float64) bool {
		var spans []span
		for n := range keys {
			spans = append(spans, newSpan(randomTrace(r), "", attrs{"order.id": fmt.Sprint(n + 1)}))
		}
		want := outcomes{}
		want.expect(t, rate, spans...)
		for n := range 100 {
			unknown := newSpan(randomTrace(r), "", attrs{"order.id": fmt.Sprint("unknown ", n)})
			want.expect(t, 0.25, unknown)
			spans = append(spans, unknown)
		}
		spansBefore, recordsBefore := len(sink.Spans()), len(sink.Records())
		client.Traces(traces(t, nil, nil, spans...))
		client.Logs(logs(t, nil, nil, twins(spans)...))
		sent += len(spans)
		return assert.ObjectsAreEqual(want, outcomesOf(sink.Spans()[spansBefore:])) &&
			assert.ObjectsAreEqual(want, twinsOf(sink.Records()[recordsBefore:]))
	}
	ends := time.Now().Add(6 * time.Second)
	_, err = conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('orders', 1, $1)`, ends)
	require.NoError(t, err)
	require.True(t, harness.Eventually(time.Until(ends), func() bool { return send(1) }), "the override is in force")

	collector.Pause()
	paused := time.Now()
	require.NoError(t, pgtest.ResetStatements(t.Context(), conn))
	require.True(t, harness.Eventually(time.Minute, func() bool { return time.Since(paused) > 2*refreshAfter && time.Now().After(ends) }))
	require.Zero(t, statementsOf(t, conn), "it is stopped")
	resumed := time.Now()
	collector.Resume()

	var others sync.WaitGroup
	for range 4 { // and what arrives at once then
		others.Go(func() {
			harness.NewClient(t, collector).Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"order.id": "1"})))
		})
	}
	others.Wait()
	require.True(t, harness.Eventually(time.Minute, func() bool { return send(0.25) }), "the override has ended")
	var got statements
	require.True(t, harness.Eventually(time.Minute, func() bool {
		assert.True(t, send(0.25)) // so that more of what is due is refreshed
		got = statementsOf(t, conn)
		return got.overrides >= 3 // what was due is done, and two intervals have passed
	}))
	elapsed := time.Since(resumed)
	t.Logf("stopped for %v; within %v after it: %+v", resumed.Sub(paused).Round(time.Millisecond), elapsed.Round(time.Millisecond), got)

	// once what was due, and what has become due since; one more that may be under way
	due := func(every time.Duration) int { return 2 + int(elapsed/every) }
	assert.NotZero(t, got.registry)
	assert.LessOrEqual(t, got.overrides, due(interval))
	assert.LessOrEqual(t, got.registry, due(interval))
	assert.LessOrEqual(t, got.lookups, keys/refreshKeys*due(refreshAfter)+due(negativeTTL))
	assert.Equal(t, 1, collector.Log().Count("an override has ended"))
	assert.True(t, send(0.25), "it does not come back")
	assert.Equal(t, 1, collector.Log().Count("an override is in force"))
	assertCountedOnce(t, collector, "log_records", sent, len(sink.Records()))
}
