// SPDX-License-Identifier: Apache-2.0

//go:build unix

package taskerdb_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// cluster is shared by all tests. Each test has its own database.
var cluster *pgtest.Cluster

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(withCluster{m})
}

type withCluster struct{ m *testing.M }

// Run runs the tests with a cluster.
func (w withCluster) Run() int {
	var err error
	if cluster, err = pgtest.Launch(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := w.m.Run()
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// connect opens a connection that is closed when the test ends.
func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// strs returns the only column of a query, as text.
func strs(t testing.TB, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}
