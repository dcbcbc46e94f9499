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

// cluster is a throw-away Postgres, started on first use.
var cluster = sync.OnceValues(func() (*pgtest.Cluster, error) { return pgtest.Launch(context.Background()) })

// wantsCluster is true if the cluster was started.
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

// newDatabase returns the DSN of a new database with a number of tasks in the namespaces of a standard batch, and a tap that counts
// the round trips of connections through it.
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
	_, err = conn.Exec(tb.Context(), "ANALYZE") // as autovacuum does
	require.NoError(tb, err)
	require.NoError(tb, conn.Close(tb.Context()))
	return dsn, pgtest.NewTap(tb, c.Addr())
}

// resolving returns settings for lookups that a batch waits for, without any other query to the database.
func resolving(dsn string) settings {
	return settings{"postgres": settings{
		"dsn": dsn, "layout": "tasker", "wait": "30s", "query_timeout": "30s", "registry": settings{"interval": "0s"},
		"cache": settings{"refresh_after": "0s"},
	}}
}
