// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// Three collectors on one database apply an override when they are notified, expire it at the same time, and keep the same traces
// before, during and after it.
func TestAllCollectorsApplyOverridesFromOneTable(t *testing.T) {
	t.Parallel()
	dsn := newOverridesDatabase(t, sharedCluster(t))
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()

	type member struct {
		*harness.Collector
		sink   *harness.Sink
		client *harness.Client
	}
	fleet := make([]member, 3)
	for i := range fleet {
		sink := harness.NewSink(t)
		collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0.25
tracing: {sampler: trace_id_ratio}
postgres: {dsn: "` + dsn + `", overrides: {enabled: true, interval: 1h}, registry: {interval: 0}}`})
		fleet[i] = member{collector, sink, harness.NewClient(t, collector)}
		require.True(t, harness.Eventually(time.Minute, func() bool {
			return collector.Log().Count(`"listening for changes of runtime overrides"`) == 1
		}))
	}
	r := random()
	// decided sends the same spans to all collectors and reports whether all of them have applied a rate.
	decided := func(rate float64) bool {
		spans := randomSpans(r, 200, attrs{"namespace": "payments"})
		want, all := outcomes{}, true
		want.expect(t, rate, spans...)
		for _, m := range fleet {
			before := len(m.sink.Spans())
			m.client.Traces(traces(t, nil, nil, spans...))
			all = assert.ObjectsAreEqual(want, outcomesOf(m.sink.Spans()[before:])) && all
		}
		return all
	}

	assert.True(t, decided(0.25))
	ends := time.Now().Add(6 * time.Second)
	_, err = conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
		VALUES ('payments', 1, $1, 'incident 7', 'alice')`, ends)
	require.NoError(t, err)
	began := time.Now()
	require.True(t, harness.Eventually(time.Minute, func() bool { return decided(1) }), "the override is in force")
	t.Logf("in force on all within %v", time.Since(began))
	require.True(t, harness.Eventually(time.Until(ends)+30*time.Second, func() bool { return decided(0.25) }), "the override has expired")
	t.Logf("ended on all within %v of expires_at", time.Since(ends))
	assert.False(t, time.Now().Before(ends))
	for _, m := range fleet {
		assert.Equal(t, 1, m.Log().Count("an override is in force"))
		assert.Equal(t, 1, m.Log().Count("an override has ended"))
		assert.Equal(t, 2, m.Log().Count("incident 7"))
		assert.EqualValues(t, 0, m.Scrape().Sum(harness.Prefix+"overrides_in_force", nil))
	}
}
