// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// refusesLookup is part of the warning about a lookup that Postgres rejects.
const refusesLookup = "Postgres refuses the lookup"

// soak returns how long each phase of a fault lasts, and whether this is the long form of the test: then faults run one after
// the other, with the default configuration, and times are measured.
func soak(t testing.TB) (time.Duration, bool) {
	t.Helper()
	value := os.Getenv("SOAK")
	if value == "" {
		return 0, false
	}
	lasts, err := time.ParseDuration(value)
	require.NoError(t, err, "SOAK")
	return lasts, true
}

// TestFaults covers C5 to C8 with the built collector under load: no fault of Postgres makes it refuse, lose or duplicate a span, a log
// record or a data point, or change the decision on one that does not need Postgres; lookups recover without intervention.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			if _, long := soak(t); !long {
				t.Parallel()
			}
			f.run(t)
		})
	}
}

func (f *fault) run(t *testing.T) {
	lasts, long := soak(t)
	tasks := make([]taskerdb.Task, 500)
	for i := range tasks {
		tasks[i] = newTask("payments")
	}
	cluster := pgtest.Start(t, append(f.options, pgtest.Nice(19))...)
	s := &scene{t: t, cluster: cluster, tasks: tasks, dsn: prepare(t, cluster, tasks, f.setup)}
	s.proxy = newFaultProxy(t, cluster.Addr())
	if f.down {
		f.begin(s)
	}

	sink := harness.NewSink(t)
	load := newFaultLoad(t, sink)
	settings := "  wait: 100ms\n  query_timeout: 500ms\n  circuit_breaker: {failures: 3, cooldown: 200ms}\n"
	if long {
		settings = "" // the defaults
	}
	dsn := strings.Replace(s.proxy.dsn(s.dsn), "postgres@", "namespace_sampler_reader:right@", 1)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{cannotAsk, breakerOpens, refusesLookup, cannotShare}, Processor: fmt.Sprintf(`
sample_rate: 0
namespaces: {payments: 1}
tracing: {sampler: trace_id_ratio} # spans of a remembered trace need no lookup
logs: {namespaces: {payments: {items_per_second: 1e9}}} # all of them, with rates from the fleet
budgets: {interval: 1s}
postgres:
  dsn: %q
  fleet: {enabled: true}
  on_failure: keep
  lookups: [{attribute: task_uuid, query: "SELECT key, namespace FROM lookups.namespaces($1::text[])"}]
%s`, dsn, settings)})
	for _, task := range tasks {
		load.cached = append(load.cached, task.UUID)
	}
	if !f.down {
		load.fill(collector)
	}
	load.start(collector)
	hold := func(p phase) {
		if long {
			timer := time.NewTimer(lasts)
			<-timer.C
			return
		}
		load.awaitBatches(p, 100)
	}
	hold(before)

	load.enter(during)
	if !f.down {
		f.begin(s)
	}
	if !f.harmless && !long {
		require.True(t, harness.Eventually(time.Minute, func() bool { return load.lookupsFail(during) }), "lookups fail")
	}
	hold(during)

	load.enter(after)
	most := watchActivity(t, s)
	ended := time.Now()
	f.end(s)
	back := time.Since(ended)
	probe := harness.NewClient(t, collector)
	require.True(t, harness.Eventually(time.Minute, func() bool { return load.resolves(probe) }), "lookups recover")
	recovered := time.Since(ended)
	hold(after)
	load.end()

	active := most()
	assert.LessOrEqual(t, active, 4, "concurrent queries, with max_connections 4")
	load.assertAccounts()
	log := collector.Log()
	assert.NotContains(t, log.String(), "right@", "the log does not contain the DSN")
	if f.rests {
		assert.Equal(t, 1, log.Count(refusesLookup), "it is logged once")
	}
	assert.LessOrEqual(t, log.Count(cannotAsk), 5)
	if long {
		f.report(t, load, recovered-back, active)
	}
}

// prepare creates a database with tasks, always with the same name, and the collector's role.
func prepare(t testing.TB, cluster *pgtest.Cluster, tasks []taskerdb.Task, setup []string) string {
	t.Helper()
	dsn := newDatabase(t, cluster, taskerdb.LayoutTasker, tasks...)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	fleet, err := os.ReadFile(testdata + "/fleet.sql")
	require.NoError(t, err)
	for _, script := range append([]string{reader, taskerdb.ReadOnlyGrants, string(fleet)}, setup...) {
		_, err := conn.PgConn().Exec(t.Context(), script).ReadAll()
		require.NoError(t, err)
	}
	return dsn
}

// watchActivity polls the server, not through the proxy. The function that it returns ends this and returns the largest number
// of concurrent statements of the collector that were seen.
func watchActivity(t testing.TB, s *scene) (most func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var seen atomic.Int64
	done := make(chan struct{})
	look := func() error {
		conn, err := pgx.Connect(ctx, s.dsn)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.Background()) }()
		for {
			var active int64
			err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
				WHERE application_name = 'namespace_sampler' AND state = 'active' AND wait_event IS DISTINCT FROM 'ClientRead'`).Scan(&active)
			if err != nil {
				return err
			}
			seen.Store(max(seen.Load(), active))
			if pause(ctx, time.Millisecond) {
				return ctx.Err()
			}
		}
	}
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if look() != nil {
				pause(ctx, 10*time.Millisecond) // the server is down
			}
		}
	}()
	return func() int {
		cancel()
		<-done
		return int(seen.Load())
	}
}

// pause waits, and reports whether the context ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	}
}
