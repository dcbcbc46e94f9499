// SPDX-License-Identifier: Apache-2.0

//go:build unix

package taskerdb_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

const (
	taskA = "019a0000-0000-7000-8000-00000000000a"
	taskB = "019a0000-0000-7000-8000-00000000000b"
	step1 = "019a0000-0000-7000-8000-000000000001"
	step2 = "019a0000-0000-7000-8000-000000000002"
	root  = "019a0000-0000-7000-8000-0000000000f0"
	child = "019a0000-0000-7000-8000-0000000000f1"
)

func TestInsertedTasksLeadToTheirNamespaces(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.FixedZone("", 3600))
	for _, l := range layouts {
		t.Run(string(l.layout), func(t *testing.T) {
			conn := connect(t, cluster.NewDatabase(t, l.script))
			require.NoError(t, taskerdb.Insert(t.Context(), conn, l.layout,
				taskerdb.Task{
					UUID: taskA, CorrelationID: root, Namespace: "payments", CreatedAt: at, Steps: []string{step1, step2},
				},
				taskerdb.Task{
					UUID: taskB, CorrelationID: child, ParentCorrelationID: root, Namespace: "orders", CreatedAt: at,
				},
			))

			namespaceOf := `
				SELECT n.name || ' ' || task.created_at
				FROM ` + l.tasks + ` task
				JOIN ` + l.namedTasks + ` USING (named_task_uuid)
				JOIN ` + l.namespaces + ` n USING (task_namespace_uuid) `
			assert.Equal(t, []string{"payments 2026-03-01 11:00:00.123456"},
				strs(t, conn, namespaceOf+`WHERE task_uuid = $1`, taskA), "in UTC")
			assert.Equal(t, []string{"payments 2026-03-01 11:00:00.123456"}, strs(t, conn, namespaceOf+
				`JOIN `+l.steps+` USING (task_uuid) WHERE workflow_step_uuid = $1`, step2))
			if l.correlation {
				assert.Equal(t, []string{taskA + " " + root + " none", taskB + " " + child + " " + root}, strs(t, conn, `
					SELECT concat_ws(' ', task_uuid, correlation_id, coalesce(parent_correlation_id::text, 'none'))
					FROM `+l.tasks+` ORDER BY task_uuid`))
			}
		})
	}
}

func TestInsertAddsNamespacesOnce(t *testing.T) {
	for _, l := range layouts {
		t.Run(string(l.layout), func(t *testing.T) {
			dsn := cluster.NewDatabase(t, l.script, `
				INSERT INTO `+l.namespaces+` (task_namespace_uuid, name) VALUES (gen_random_uuid(), 'payments')`)
			var calls sync.WaitGroup
			for range 4 {
				conn := connect(t, dsn)
				calls.Go(func() {
					for range 5 {
						assert.NoError(t, taskerdb.Insert(context.Background(), conn, l.layout,
							taskerdb.Task{Namespace: "payments"}, taskerdb.Task{Namespace: "orders"},
							taskerdb.Task{Namespace: "payments"}))
					}
				})
			}
			calls.Wait()
			conn := connect(t, dsn)
			assert.Equal(t, []string{"orders 20", "payments 40"}, strs(t, conn, `
				SELECT n.name || ' ' || count(*)
				FROM `+l.tasks+` JOIN `+l.namedTasks+` USING (named_task_uuid)
				JOIN `+l.namespaces+` n USING (task_namespace_uuid)
				GROUP BY n.task_namespace_uuid ORDER BY 1`))
		})
	}
}

func TestInsertWorksInEveryQueryMode(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			config, err := pgx.ParseConfig(cluster.NewDatabase(t, taskerdb.Tasker))
			require.NoError(t, err)
			config.DefaultQueryExecMode = mode
			conn, err := pgx.ConnectConfig(t.Context(), config)
			require.NoError(t, err)
			defer func() { _ = conn.Close(context.Background()) }()
			require.NoError(t, taskerdb.Insert(t.Context(), conn, taskerdb.LayoutTasker,
				taskerdb.Task{Namespace: "payments", Steps: []string{step1}}))
			assert.Len(t, strs(t, conn, `SELECT workflow_step_uuid::text FROM tasker.workflow_steps`), 1)
		})
	}
}

func TestInsertFillsInDefaults(t *testing.T) {
	conn := connect(t, cluster.NewDatabase(t, taskerdb.Tasker))
	require.NoError(t, taskerdb.Insert(t.Context(), conn, taskerdb.LayoutTasker,
		taskerdb.Task{Namespace: "payments"}, taskerdb.Task{Namespace: "payments"}))
	assert.Equal(t, []string{"2 tasks, 2 correlation ids, 0 parents, 2 of now"}, strs(t, conn, `
		SELECT format('%s tasks, %s correlation ids, %s parents, %s of now', count(DISTINCT task_uuid),
		    count(DISTINCT correlation_id), count(parent_correlation_id),
		    count(*) FILTER (WHERE created_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'))
		FROM tasker.tasks`))
}

func TestInsertWithoutTasksDoesNothing(t *testing.T) {
	conn := connect(t, cluster.NewDatabase(t, taskerdb.Tasker))
	assert.NoError(t, taskerdb.Insert(t.Context(), conn, taskerdb.LayoutTasker))
}

func TestInsertRefuses(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	tests := map[string]struct {
		layout taskerdb.Layout
		task   taskerdb.Task
		want   string
	}{
		"a layout that does not exist": {
			"rails", taskerdb.Task{Namespace: "a"}, `layout "rails": want "tasker", "tasker_legacy" or`,
		},
		"a task without a namespace": {
			taskerdb.LayoutTasker, taskerdb.Task{}, `task 1: namespace is empty`,
		},
		"a task UUID that is none": {
			taskerdb.LayoutTasker, taskerdb.Task{UUID: "x", Namespace: "a"}, `task 1: task UUID "x" is no UUID`,
		},
		"a correlation id that is no UUID": {
			taskerdb.LayoutTasker, taskerdb.Task{CorrelationID: "x", Namespace: "a"}, `correlation id "x" is no UUID`,
		},
		"a parent that is no UUID": {
			taskerdb.LayoutTasker,
			taskerdb.Task{ParentCorrelationID: "x", Namespace: "a"},
			`parent correlation id "x" is no UUID`,
		},
		"a step that is no UUID": {
			taskerdb.LayoutTasker, taskerdb.Task{Steps: []string{step1, "pay"}, Namespace: "a"}, `step "pay" is no UUID`,
		},
		"a step twice": {
			taskerdb.LayoutTasker,
			taskerdb.Task{Steps: []string{step1, step1}, Namespace: "a"},
			`copy to "tasker"."workflow_steps": ERROR: duplicate key`,
		},
		"a namespace too long for its column": {
			taskerdb.LayoutTasker, taskerdb.Task{Namespace: strings.Repeat("a", 65)}, `value too long`,
		},
		"a layout that the database does not have": {
			taskerdb.LayoutLegacy,
			taskerdb.Task{Namespace: "a"},
			`relation "public.tasker_task_namespaces" does not exist`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, dsn)
			err := taskerdb.Insert(t.Context(), conn, test.layout, taskerdb.Task{Namespace: "good"}, test.task)
			require.ErrorContains(t, err, "insert tasks: ")
			require.ErrorContains(t, err, test.want)
			assert.Empty(t, strs(t, conn, `SELECT name FROM tasker.task_namespaces`), "all or nothing")
		})
	}
}

func TestNewUUIDIsVersion7AndOrderedByTime(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	seen := make(map[string]bool)
	for i := range 1000 {
		earlier := taskerdb.NewUUID(at.Add(time.Duration(i) * time.Millisecond))
		later := taskerdb.NewUUID(at.Add(time.Duration(i+1) * time.Millisecond))
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, earlier)
		require.Less(t, earlier, later)
		require.False(t, seen[earlier])
		seen[earlier] = true
	}
	assert.True(t, strings.HasPrefix(taskerdb.NewUUID(time.UnixMilli(0x0123456789ab)), "01234567-89ab-7"))
}

// BenchmarkInsert adds 20,000 tasks of five steps each.
func BenchmarkInsert(b *testing.B) {
	at := time.Now()
	for b.Loop() {
		b.StopTimer()
		conn := connect(b, cluster.NewDatabase(b, taskerdb.Tasker))
		tasks := make([]taskerdb.Task, 20_000)
		for i := range tasks {
			tasks[i] = taskerdb.Task{Namespace: fmt.Sprintf("namespace-%d", i%50), CreatedAt: at}
			for range 5 {
				tasks[i].Steps = append(tasks[i].Steps, taskerdb.NewUUID(at))
			}
		}
		b.StartTimer()
		require.NoError(b, taskerdb.Insert(b.Context(), conn, taskerdb.LayoutTasker, tasks...))
	}
}
