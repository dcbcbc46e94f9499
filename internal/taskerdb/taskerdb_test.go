// SPDX-License-Identifier: Apache-2.0

//go:build unix

package taskerdb_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// layoutCase is a layout with its script and table names.
type layoutCase struct {
	layout                               taskerdb.Layout
	script                               string
	namespaces, namedTasks, tasks, steps string
	correlation                          bool
}

var layouts = []layoutCase{
	{
		taskerdb.LayoutTasker, taskerdb.Tasker,
		"tasker.task_namespaces", "tasker.named_tasks", "tasker.tasks", "tasker.workflow_steps",
		true,
	},
	{
		taskerdb.LayoutLegacy, taskerdb.TaskerLegacy,
		"public.tasker_task_namespaces", "public.tasker_named_tasks", "public.tasker_tasks",
		"public.tasker_workflow_steps",
		true,
	},
	{
		taskerdb.LayoutLegacyWithoutCorrelation, taskerdb.TaskerLegacyWithoutCorrelation,
		"public.tasker_task_namespaces", "public.tasker_named_tasks", "public.tasker_tasks",
		"public.tasker_workflow_steps",
		false,
	},
}

const columnsOf = `
	SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' ELSE ' null' END
	FROM pg_attribute
	WHERE attrelid = $1::text::regclass AND attnum > 0
	ORDER BY attnum`

func TestEachLayoutHasTheColumnsOfTasker(t *testing.T) {
	const at = " timestamp(6) without time zone"
	for _, l := range layouts {
		t.Run(string(l.layout), func(t *testing.T) {
			conn := connect(t, cluster.NewDatabase(t, l.script))
			correlation := []string{"correlation_id uuid", "parent_correlation_id uuid null"}
			for table, want := range map[string][]string{
				l.namespaces: {
					"task_namespace_uuid uuid", "name character varying(64)",
					"description character varying(255) null", "created_at" + at, "updated_at" + at,
				},
				l.namedTasks: {
					"named_task_uuid uuid", "task_namespace_uuid uuid", "name character varying(64)",
					"version character varying(16)", "configuration jsonb null", "created_at" + at, "updated_at" + at,
				},
				l.tasks: {
					"task_uuid uuid", "named_task_uuid uuid", correlation[0], correlation[1], "context jsonb null",
					"identity_hash character varying(128)", "complete boolean", "requested_at" + at, "created_at" + at,
					"updated_at" + at,
				},
				l.steps: {
					"workflow_step_uuid uuid", "task_uuid uuid", "named_step_uuid uuid", "created_at" + at,
					"updated_at" + at,
				},
			} {
				if !l.correlation {
					want = slices.DeleteFunc(want, func(c string) bool { return slices.Contains(correlation, c) })
				}
				assert.Equal(t, want, strs(t, conn, columnsOf, table), table)
			}
		})
	}
}

func TestEachLayoutHasTheIndexesThatLookupsNeed(t *testing.T) {
	for _, l := range layouts {
		t.Run(string(l.layout), func(t *testing.T) {
			conn := connect(t, cluster.NewDatabase(t, l.script))
			want := []string{
				l.namedTasks + " UNIQUE (named_task_uuid)",
				l.namedTasks + " UNIQUE (task_namespace_uuid, name, version)",
				l.namespaces + " UNIQUE (name)",
				l.namespaces + " UNIQUE (task_namespace_uuid)",
				l.steps + " (task_uuid)",
				l.steps + " UNIQUE (workflow_step_uuid)",
				l.tasks + " (named_task_uuid)",
				l.tasks + " UNIQUE (identity_hash)",
				l.tasks + " UNIQUE (task_uuid)",
			}
			if l.correlation {
				want = append(want, l.tasks+" (correlation_id)")
			}
			assert.ElementsMatch(t, want, strs(t, conn, `
				SELECT n.nspname || '.' || c.relname || CASE WHEN i.indisunique THEN ' UNIQUE ' ELSE ' ' END
				    || substring(pg_get_indexdef(i.indexrelid) FROM '\(.*\)')
				FROM pg_index i
				JOIN pg_class c ON c.oid = i.indrelid
				JOIN pg_namespace n ON n.oid = c.relnamespace
				WHERE n.nspname IN ('tasker', 'public')`))
		})
	}
}

func TestReadOnlyGrantsLetTheRoleReadAndNotWrite(t *testing.T) {
	conn := connect(t, cluster.NewDatabase(t, taskerdb.Tasker))
	exec := func(sql string) error {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		return err
	}
	// Roles are cluster-wide, so the role is created in a transaction that is rolled back.
	require.NoError(t, exec(`BEGIN; CREATE ROLE namespace_sampler_reader LOGIN`))
	require.NoError(t, exec(taskerdb.ReadOnlyGrants))
	require.NoError(t, exec(`CREATE TABLE tasker.secrets (n int); SET LOCAL ROLE namespace_sampler_reader`))

	for _, table := range []string{"task_namespaces", "named_tasks", "tasks", "workflow_steps"} {
		require.NoError(t, exec(`SELECT * FROM tasker.`+table))
		refused := exec(`SAVEPOINT here; DELETE FROM tasker.` + table)
		require.ErrorContains(t, refused, "permission denied for table "+table)
		require.NoError(t, exec(`ROLLBACK TO here`))
	}
	assert.ErrorContains(t, exec(`SELECT * FROM tasker.secrets`), "permission denied")
}
