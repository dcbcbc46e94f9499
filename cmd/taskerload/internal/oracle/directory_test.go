// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func TestTheDirectoryHasWhatTheDatabaseAnswers(t *testing.T) {
	t.Parallel()
	cluster, err := pgtest.Launch(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, cluster.Stop()) })
	dsn := cluster.DSN("postgres")
	tasks := workload.NewTasks(1, 3000)

	_, err = workload.Seed(t.Context(), dsn, taskerdb.LayoutTasker, tasks)
	require.NoError(t, err)
	_, err = workload.Seed(t.Context(), dsn, taskerdb.LayoutLegacy, tasks)
	require.NoError(t, err)

	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	d := newDirectory(workload.Rows(tasks))
	const named = " JOIN tasker.named_tasks USING (named_task_uuid) JOIN tasker.task_namespaces n USING (task_namespace_uuid)"
	for attribute, query := range map[string]string{
		"task_uuid": "SELECT task_uuid::text, n.name FROM tasker.tasks" + named,
		"step_uuid": "SELECT workflow_step_uuid::text, n.name FROM tasker.workflow_steps JOIN tasker.tasks USING (task_uuid)" + named,
		"correlation_id": "SELECT DISTINCT ON (correlation_id) correlation_id::text, n.name FROM tasker.tasks t" + named +
			" ORDER BY correlation_id, parent_correlation_id IS NOT NULL, t.created_at, task_uuid",
	} {
		assert.Equal(t, d[attribute], answers(t, conn, query), attribute)
	}
}

func answers(t *testing.T, conn *pgx.Conn, query string) map[string]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	require.NoError(t, err)
	out := map[string]string{}
	var key, namespace string
	_, err = pgx.ForEachRow(rows, []any{&key, &namespace}, func() error {
		out[key] = namespace
		return nil
	})
	require.NoError(t, err)
	return out
}
