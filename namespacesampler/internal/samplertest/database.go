// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// TaskID returns the UUID of task i of a seeded database.
func TaskID(i int) string { return fmt.Sprintf("0198f000-0000-7000-8000-%012x", i) }

// StepID returns the UUID of the step of task i.
func StepID(i int) string { return fmt.Sprintf("0198f000-1111-7000-8000-%012x", i) }

// CorrelationID returns the correlation ID of task i.
func CorrelationID(i int) string { return fmt.Sprintf("0198f000-2222-7000-8000-%012x", i) }

// Database is a database with Tasker's tables in a cluster of its own.
type Database struct {
	t       testing.TB
	Cluster *pgtest.Cluster
	DSN     string
}

// NewDatabase returns a database of n tasks, each with one step and the namespace ns-(i mod 3). Scripts are run after Tasker's
// tables were created.
func NewDatabase(t testing.TB, n int, scripts ...string) *Database {
	t.Helper()
	cluster := pgtest.Start(t)
	d := &Database{t: t, Cluster: cluster, DSN: cluster.NewDatabase(t, append([]string{taskerdb.Tasker}, scripts...)...)}
	tasks := make([]taskerdb.Task, n)
	for i := range tasks {
		tasks[i] = taskerdb.Task{
			UUID: TaskID(i), CorrelationID: CorrelationID(i), Steps: []string{StepID(i)}, Namespace: fmt.Sprintf("ns-%d", i%3),
		}
	}
	d.connect(func(conn *pgx.Conn) error {
		return taskerdb.Insert(context.Background(), conn, taskerdb.LayoutTasker, tasks...)
	})
	return d
}

// Exec executes a statement.
func (d *Database) Exec(sql string, args ...any) {
	d.t.Helper()
	d.connect(func(conn *pgx.Conn) error {
		_, err := conn.Exec(context.Background(), sql, args...)
		return err
	})
}

// LockTasks has lookups of tasks wait until the returned function is called.
func (d *Database) LockTasks() (unlock func()) {
	d.t.Helper()
	conn, err := pgx.Connect(context.Background(), d.DSN)
	require.NoError(d.t, err)
	tx, err := conn.Begin(context.Background())
	require.NoError(d.t, err)
	_, err = tx.Exec(context.Background(), "LOCK TABLE tasker.tasks")
	require.NoError(d.t, err)
	return func() {
		d.t.Helper()
		require.NoError(d.t, tx.Rollback(context.Background()))
		require.NoError(d.t, conn.Close(context.Background()))
	}
}

func (d *Database) connect(use func(*pgx.Conn) error) {
	d.t.Helper()
	conn, err := pgx.Connect(context.Background(), d.DSN)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, conn.Close(context.Background())) }()
	require.NoError(d.t, use(conn))
}

// WithPostgres returns settings that resolve from a database: with long timeouts and without the registry, unless section says
// otherwise.
func WithPostgres(dsn string, section, settings map[string]any) map[string]any {
	postgres := map[string]any{"dsn": dsn, "wait": "30s", "query_timeout": "30s", "registry": map[string]any{"interval": 0}}
	for key, value := range section {
		postgres[key] = value
	}
	out := map[string]any{"postgres": postgres}
	for key, value := range settings {
		out[key] = value
	}
	return out
}
