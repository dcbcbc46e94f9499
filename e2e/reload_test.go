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
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func TestReloadsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	task := newTask("payments")
	dsn := newOverridesDatabase(t, sharedCluster(t))
	insert(t, dsn, taskerdb.LayoutTasker, task)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	connections := func() (n int) {
		const ofProcessor = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'namespace_sampler'`
		require.NoError(t, conn.QueryRow(t.Context(), ofProcessor).Scan(&n))
		return n
	}

	sink := harness.NewSink(t)
	options := harness.Options{
		Sink: sink, Expect: []string{"restart service"}, Inspect: plain,
		Processor: `postgres: {dsn: "` + dsn + `", wait: 30s, query_timeout: 30s, overrides: {enabled: true, interval: 1h}}`,
	}
	collector := harness.Start(t, options)
	const listening = `"listening for changes of runtime overrides"`
	settled := func(life int) bool {
		return harness.Eventually(time.Minute, func() bool {
			return collector.Log().Count(listening) == life && connections() <= 4+1 // max_connections, and one that listens
		})
	}
	require.True(t, settled(1))
	_, body := inspect(t, collector, "/namespaces", nil)
	assert.Contains(t, body, `"reloaded":false`)
	descriptors := 0
	for life := range 10 {
		collector.Reload(&options)
		spans := randomSpans(random(), 100, attrs{"task_uuid": task.UUID})
		harness.NewClient(t, collector).Traces(traces(t, nil, nil, spans...))
		require.Len(t, sink.Spans(), 100)
		sink.Reset()
		status, body := inspect(t, collector, "/namespaces", nil)
		assert.Equal(t, 200, status)
		assert.Contains(t, body, `"reloaded":true`)
		require.True(t, settled(life+2))
		if life == 0 {
			descriptors = collector.Descriptors()
		}
	}
	assert.True(t, harness.Eventually(time.Minute, func() bool { return collector.Descriptors() <= descriptors+4 }),
		"%d file descriptors after one reload, %d after ten", descriptors, collector.Descriptors())
}
