// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// scene is what a fault can act on.
type scene struct {
	t       testing.TB
	cluster *pgtest.Cluster
	tasks   []taskerdb.Task
	dsn     string // of the superuser, not through the proxy
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

// endSessions terminates the collector's sessions.
func (s *scene) endSessions() {
	s.t.Helper()
	s.exec(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'namespace_sampler'`)
}

// fault is something that happens to Postgres while the collector is under load.
type fault struct {
	name string
	// down means that the fault begins before the collector starts.
	down bool
	// harmless means that lookups keep working.
	harmless bool
	// rests means that the server is healthy but rejects the lookup, which is then suspended for a while.
	rests      bool
	options    []pgtest.Option
	setup      []string // SQL
	begin, end func(s *scene)
}

// lookupFunction is called by the processor's only lookup, so that faults can change the answers.
const lookupFunction = `CREATE SCHEMA IF NOT EXISTS lookups;
	CREATE OR REPLACE FUNCTION lookups.namespaces(keys text[]) RETURNS TABLE (key text, namespace text) LANGUAGE sql STABLE AS $$
		SELECT t.task_uuid::text, n.name::text FROM tasker.tasks t JOIN tasker.named_tasks USING (named_task_uuid)
		JOIN tasker.task_namespaces n USING (task_namespace_uuid) WHERE t.task_uuid = ANY(keys::uuid[]) $$;`

// oddRows makes the lookup return the right answers and many rows that must be ignored.
const oddRows = `CREATE OR REPLACE FUNCTION lookups.namespaces(keys text[]) RETURNS TABLE (key text, namespace text)
	LANGUAGE sql STABLE AS $$
		SELECT unnest(keys), NULL
		UNION ALL SELECT NULL, 'payments' UNION ALL SELECT NULL, NULL
		UNION ALL (SELECT t.task_uuid::text, n.name::text FROM tasker.tasks t JOIN tasker.named_tasks USING (named_task_uuid)
			JOIN tasker.task_namespaces n USING (task_namespace_uuid), generate_series(1, 3) WHERE t.task_uuid = ANY(keys::uuid[]))
		UNION ALL SELECT gen_random_uuid()::text, 'payments' FROM generate_series(1, 100000) $$`

// reader creates the collector's role.
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

// requirePassword makes the server require a password of the reader only.
const requirePassword = `DO $do$ BEGIN
	EXECUTE format($$COPY (VALUES ('host all namespace_sampler_reader all scram-sha-256'), ('host all all all trust'),
		('local all all trust')) TO %L$$, current_setting('hba_file')); END $do$; SELECT pg_reload_conf();`

func crash(s *scene)   { require.NoError(s.t, s.cluster.Crash()) }
func restart(s *scene) { require.NoError(s.t, s.cluster.Restart(s.t.Context())) }
func clean(s *scene)   { s.proxy.clear() }

func toxic(json string) func(*scene) { return func(s *scene) { s.proxy.add(json) } }
func sql(text string) func(*scene)   { return func(s *scene) { s.exec(text) } }

// lock locks the table of tasks.
func lock(s *scene) {
	conn, err := pgx.Connect(s.t.Context(), s.dsn)
	require.NoError(s.t, err)
	_, err = conn.Exec(s.t.Context(), `BEGIN; LOCK TABLE tasker.tasks IN ACCESS EXCLUSIVE MODE`)
	require.NoError(s.t, err)
	s.undo = func() { _ = conn.Close(context.Background()) }
}

// exhaust takes all connections of the server, including the collector's.
func exhaust(s *scene) {
	var hogs []*pgx.Conn
	s.undo = func() {
		for _, hog := range hogs {
			_ = hog.Close(context.Background())
		}
	}
	require.True(s.t, harness.Eventually(time.Minute, func() bool {
		conn, err := pgx.Connect(s.t.Context(), s.dsn)
		if err == nil {
			hogs = append(hogs, conn)
		}
		var theirs int
		require.NoError(s.t, hogs[0].QueryRow(s.t.Context(), `SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity
			WHERE application_name = 'namespace_sampler'`).Scan(&theirs))
		return err != nil && theirs == 0
	}), "all connections are taken")
}
