// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// shared is the cluster of the tests that neither crash nor reconfigure it. The first of them starts it.
var shared = sync.OnceValues(func() (*pgtest.Cluster, error) {
	cluster, err := pgtest.Launch(context.Background())
	launched = cluster
	return cluster, err
})

// launched is the shared cluster, nil if no test has used it.
var launched *pgtest.Cluster

func TestMain(m *testing.M) {
	code := m.Run()
	if launched != nil {
		if err := launched.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func sharedCluster(t testing.TB) *pgtest.Cluster {
	t.Helper()
	cluster, err := shared()
	require.NoError(t, err)
	return cluster
}

// schemas are the SQL scripts of the layouts.
var schemas = map[taskerdb.Layout]string{
	taskerdb.LayoutTasker:                   taskerdb.Tasker,
	taskerdb.LayoutLegacy:                   taskerdb.TaskerLegacy,
	taskerdb.LayoutLegacyWithoutCorrelation: taskerdb.TaskerLegacyWithoutCorrelation,
}

// newDatabase creates a database with tasks and returns its DSN.
func newDatabase(t testing.TB, cluster *pgtest.Cluster, layout taskerdb.Layout, tasks ...taskerdb.Task) string {
	t.Helper()
	dsn := cluster.NewDatabase(t, schemas[layout])
	insert(t, dsn, layout, tasks...)
	return dsn
}

// newOverridesDatabase creates a database with Tasker's tables and that of runtime overrides, runs further scripts, and returns its DSN.
func newOverridesDatabase(t testing.TB, cluster *pgtest.Cluster, scripts ...string) string {
	t.Helper()
	overrides, err := os.ReadFile(testdata + "/overrides.sql")
	require.NoError(t, err)
	return cluster.NewDatabase(t, append([]string{taskerdb.Tasker, string(overrides)}, scripts...)...)
}

func insert(t testing.TB, dsn string, layout taskerdb.Layout, tasks ...taskerdb.Task) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(t, taskerdb.Insert(t.Context(), conn, layout, tasks...))
}

// newTask returns a task with one step and new IDs.
func newTask(namespace string) taskerdb.Task {
	now := time.Now()
	return taskerdb.Task{
		UUID: taskerdb.NewUUID(now), CorrelationID: taskerdb.NewUUID(now), Namespace: namespace,
		Steps: []string{taskerdb.NewUUID(now)},
	}
}
