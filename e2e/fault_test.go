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

// refusesLookup is said of a lookup that rests.
const refusesLookup = "Postgres refuses the lookup"

// scene is what a fault has to do with.
type scene struct {
	t       testing.TB
	cluster *pgtest.Cluster
	tasks   []taskerdb.Task
	dsn     string // of the superuser, past the proxy
	proxy   *faultProxy
	undo    func()
}

// exec runs SQL as the superuser.
func (s *scene) exec(sql string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.dsn)
	require.NoError(s.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.PgConn().Exec(s.t.Context(), sql).ReadAll()
	require.NoError(s.t, err)
}

// endSessions ends the collector's sessions.
func (s *scene) endSessions() {
	s.t.Helper()
	s.exec(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'namespace_sampler'`)
}

// fault is something that happens to Postgres while the collector is under load.
type fault struct {
	name string
	// down says that it is there when the collector starts.
	down bool
	// harmless says that lookups go on.
	harmless bool
	// rests says that lookups are refused one by one, and rest, while the server as a whole is well.
	rests      bool
	options    []pgtest.Option
	setup      []string // SQL
	begin, end func(s *scene)
}

// lookupFunction is what the processor's one lookup asks, so that faults can change the answers.
const lookupFunction = `CREATE SCHEMA IF NOT EXISTS lookups;
	CREATE OR REPLACE FUNCTION lookups.namespaces(keys text[]) RETURNS TABLE (key text, namespace text) LANGUAGE sql STABLE AS $$
		SELECT t.task_uuid::text, n.name::text FROM tasker.tasks t JOIN tasker.named_tasks USING (named_task_uuid)
		JOIN tasker.task_namespaces n USING (task_namespace_uuid) WHERE t.task_uuid = ANY(keys::uuid[]) $$;`

// oddRows makes the lookup answer rightly and much besides.
const oddRows = `CREATE OR REPLACE FUNCTION lookups.namespaces(keys text[]) RETURNS TABLE (key text, namespace text)
	LANGUAGE sql STABLE AS $$
		SELECT unnest(keys), NULL
		UNION ALL SELECT NULL, 'payments' UNION ALL SELECT NULL, NULL
		UNION ALL (SELECT t.task_uuid::text, n.name::text FROM tasker.tasks t JOIN tasker.named_tasks USING (named_task_uuid)
			JOIN tasker.task_namespaces n USING (task_namespace_uuid), generate_series(1, 3) WHERE t.task_uuid = ANY(keys::uuid[]))
		UNION ALL SELECT gen_random_uuid()::text, 'payments' FROM generate_series(1, 100000) $$`

// reader is the role that the collector has.
const reader = `DO $$ BEGIN CREATE ROLE namespace_sampler_reader LOGIN PASSWORD 'right';
	EXCEPTION WHEN duplicate_object THEN NULL; END $$;` + lookupFunction + `
	GRANT USAGE ON SCHEMA lookups TO namespace_sampler_reader;`

var faults = []fault{
	{name: "down at start, up later", down: true, begin: crash, end: restart},
	{name: "kill -9 of the server", begin: crash, end: restart},
	{name: "restart of the server", begin: restart, end: func(*scene) {}, harmless: true},
	{name: "failover to another port", begin: func(s *scene) {
		other := pgtest.Start(s.t)
		crash(s)
		s.dsn = prepare(s.t, other, s.tasks, nil)
		s.proxy.failOver(other.Addr())
	}, end: func(*scene) {}, harmless: true},
	{name: "5 s latency", begin: toxic(`{"name": "slow", "type": "latency", "attributes": {"latency": 5000}}`), end: clean},
	{name: "connections that never answer", begin: toxic(`{"name": "hole", "type": "timeout", "attributes": {"timeout": 0}}`), end: clean},
	{name: "reset in mid-answer", begin: toxic(`{"name": "cut", "type": "limit_data", "attributes": {"bytes": 700}}`), end: clean},
	{name: "reset at once", begin: toxic(`{"name": "reset", "type": "reset_peer", "attributes": {"timeout": 0}}`), end: clean},
	{
		name: "connections of the server exhausted", begin: exhaust, end: func(s *scene) { s.undo() },
		options: []pgtest.Option{pgtest.ServerSetting("max_connections", "12")},
	},
	{name: "locked table", begin: lock, end: func(s *scene) { s.undo() }},
	{
		name: "permission denied on one table", rests: true,
		begin: sql(`REVOKE SELECT ON tasker.tasks FROM namespace_sampler_reader`),
		end:   sql(`GRANT SELECT ON tasker.tasks TO namespace_sampler_reader`),
	},
	{
		name: "missing table", rests: true,
		begin: sql(`ALTER TABLE tasker.tasks RENAME TO moved`), end: sql(`ALTER TABLE tasker.moved RENAME TO tasks`),
	},
	{
		name: "schema of the other layout", rests: true,
		begin: sql(`ALTER SCHEMA tasker RENAME TO other`), end: sql(`ALTER SCHEMA other RENAME TO tasker`),
	},
	{
		name: "wrong password", setup: []string{requirePassword},
		begin: func(s *scene) { s.exec(`ALTER ROLE namespace_sampler_reader PASSWORD 'wrong'`); s.endSessions() },
		end:   sql(`ALTER ROLE namespace_sampler_reader PASSWORD 'right'`),
	},
	{name: "NULLs, duplicates, strange keys, 100,000 rows", begin: sql(oddRows), end: sql(lookupFunction), harmless: true},
	{name: "in recovery, accepting", begin: func(s *scene) {
		require.NoError(s.t, s.cluster.RestartInRecovery(s.t.Context(), true))
	}, end: restart, harmless: true},
	{name: "in recovery, refusing", begin: func(s *scene) {
		require.NoError(s.t, s.cluster.RestartInRecovery(s.t.Context(), false))
	}, end: restart},
}

// requirePassword makes the server ask for the password of the reader, and of nobody else.
const requirePassword = `DO $do$ BEGIN
	EXECUTE format($$COPY (VALUES ('host all namespace_sampler_reader all scram-sha-256'), ('host all all all trust'),
		('local all all trust')) TO %L$$, current_setting('hba_file')); END $do$; SELECT pg_reload_conf();`

func crash(s *scene)   { require.NoError(s.t, s.cluster.Crash()) }
func restart(s *scene) { require.NoError(s.t, s.cluster.Restart(s.t.Context())) }
func clean(s *scene)   { s.proxy.clear() }

func toxic(json string) func(*scene) { return func(s *scene) { s.proxy.add(json) } }
func sql(text string) func(*scene)   { return func(s *scene) { s.exec(text) } }

// lock holds the table of tasks.
func lock(s *scene) {
	conn, err := pgx.Connect(s.t.Context(), s.dsn)
	require.NoError(s.t, err)
	_, err = conn.Exec(s.t.Context(), `BEGIN; LOCK TABLE tasker.tasks IN ACCESS EXCLUSIVE MODE`)
	require.NoError(s.t, err)
	s.undo = func() { _ = conn.Close(context.Background()) }
}

// exhaust takes all connections that the server has, those of the collector too.
func exhaust(s *scene) {
	var hogs []*pgx.Conn
	s.undo = func() {
		for _, hog := range hogs {
			_ = hog.Close(context.Background())
		}
	}
	require.True(s.t, harness.Eventually(30*time.Second, func() bool {
		conn, err := pgx.Connect(s.t.Context(), s.dsn)
		if err == nil {
			hogs = append(hogs, conn)
		}
		var theirs int
		require.NoError(s.t, hogs[0].QueryRow(s.t.Context(), `SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity
			WHERE application_name = 'namespace_sampler'`).Scan(&theirs))
		return err != nil && theirs == 0
	}), "no connection is left")
}

// soak returns how long each phase of a fault lasts in the long form, and whether it is that: then faults come one after the
// other, with the defaults of the configuration, and time is measured.
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

// TestFaults is C5 to C8 with the built collector under load: no fault of Postgres makes it refuse, lose or repeat a span, or
// decide one that does not need Postgres otherwise, and lookups work again by themselves.
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
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{cannotAsk, refusesLookup}, Processor: fmt.Sprintf(`
sample_rate: 0
namespaces: {payments: 1}
tracing: {sampler: trace_id_ratio} # a remembered trace would need no lookup
postgres:
  dsn: %q
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
		require.True(t, harness.Eventually(time.Minute, func() bool { _, kept := load.keptFresh(during); return kept > 500 }),
			"the fault shows")
	}
	hold(during)

	load.enter(after)
	most := watchActivity(t, s)
	ended := time.Now()
	f.end(s)
	back := time.Since(ended)
	probe := harness.NewClient(t, collector)
	require.True(t, harness.Eventually(time.Minute, func() bool { return load.resolves(probe) }), "lookups work again")
	recovered := time.Since(ended)
	hold(after)
	load.end()

	active := most()
	assert.LessOrEqual(t, active, 4, "queries under way at once, of max_connections 4")
	load.assertAccounts()
	log := collector.Log()
	assert.NotContains(t, log.String(), "right@", "the DSN is nowhere")
	if f.rests {
		assert.Equal(t, 1, log.Count(refusesLookup), "said once")
	}
	assert.LessOrEqual(t, log.Count(cannotAsk), 5)
	if long {
		f.report(t, load, recovered-back, active)
	}
}

// prepare makes a database with tasks in it, always of the same name, and the role that the collector has.
func prepare(t testing.TB, cluster *pgtest.Cluster, tasks []taskerdb.Task, setup []string) string {
	t.Helper()
	dsn := newDatabase(t, cluster, taskerdb.LayoutTasker, tasks...)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, script := range append([]string{reader, taskerdb.ReadOnlyGrants}, setup...) {
		_, err := conn.PgConn().Exec(t.Context(), script).ReadAll()
		require.NoError(t, err)
	}
	return dsn
}

// fill has the cache learn the keys that are to be cached.
func (l *faultLoad) fill(collector *harness.Collector) {
	l.t.Helper()
	l.collector = collector
	client := harness.NewClient(l.t, collector)
	require.True(l.t, harness.Eventually(30*time.Second, func() bool {
		spans := make([]span, len(l.cached))
		for i, key := range l.cached {
			spans[i] = newSpan([16]byte{1}, "", attrs{"task_uuid": key})
			l.note(spans[i], true)
		}
		client.Traces(traces(l.t, nil, nil, spans...))
		l.sent.Add(int64(len(spans)))
		return collector.Scrape().Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"}) >= float64(len(spans))
	}))
}

// note takes note of a span that is sent beside the load.
func (l *faultLoad) note(s span, must bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := idOf(s)
	if l.must[n] = must; !must {
		delete(l.must, n)
		l.fresh[n] = phases
	}
}

// resolves sends a span with a fresh key and reports whether Postgres could be asked about it.
func (l *faultLoad) resolves(client *harness.Client) bool {
	s := newSpan([16]byte{1}, "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())})
	l.note(s, false)
	client.Traces(traces(l.t, nil, nil, s))
	l.sent.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[idOf(s)] == 0
}

// watchActivity looks at the server all the time, past the proxy; the function that it returns tells how many statements of the
// collector it saw under way at once.
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
				pause(ctx, 10*time.Millisecond) // it is not there at the moment
			}
		}
	}()
	return func() int {
		cancel()
		<-done
		return int(seen.Load())
	}
}

// pause lets time pass, and reports whether the context ended.
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
