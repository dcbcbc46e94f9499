// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// cluster is a throw-away Postgres, launched for the first who needs it.
var cluster = sync.OnceValues(func() (*pgtest.Cluster, error) { return pgtest.Launch(context.Background()) })

// wantsCluster notes that there is one to stop.
var wantsCluster bool

func TestMain(m *testing.M) {
	code := m.Run()
	if wantsCluster {
		if c, err := cluster(); err == nil {
			if err := c.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// newDatabase returns the DSN of a database with Tasker's tables and so many tasks in as many namespaces as a batch has, and a tap
// on the connections to it.
func newDatabase(tb testing.TB, tasks int) (dsn string, tap *pgtest.Tap) {
	tb.Helper()
	wantsCluster = true
	c, err := cluster()
	require.NoError(tb, err)
	dsn = c.NewDatabase(tb, taskerdb.Tasker)
	rows := make([]taskerdb.Task, tasks)
	for i := range rows {
		rows[i] = taskerdb.Task{UUID: taskUUID(i), Namespace: fmt.Sprintf("namespace-%d", i%standardSpans.namespaces)}
	}
	conn, err := pgx.Connect(tb.Context(), dsn)
	require.NoError(tb, err)
	require.NoError(tb, taskerdb.Insert(tb.Context(), conn, taskerdb.LayoutTasker, rows...))
	_, err = conn.Exec(tb.Context(), "ANALYZE") // as autovacuum would have by then
	require.NoError(tb, err)
	require.NoError(tb, conn.Close(tb.Context()))
	return dsn, pgtest.NewTap(tb, c.Addr())
}

// resolving are the keys of a configuration that resolves from a database, waits as long as that takes, and asks for nothing but keys.
func resolving(dsn string) settings {
	return settings{"postgres": settings{
		"dsn": dsn, "layout": "tasker", "wait": "30s", "query_timeout": "30s", "registry": settings{"interval": "0s"},
		"cache": settings{"refresh_after": "0s"},
	}}
}
