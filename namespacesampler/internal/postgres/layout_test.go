// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func id(n int) string { return fmt.Sprintf("019a7f3c-0000-7000-8000-%012x", n) }

var layouts = map[string]struct {
	script string
	layout Layout
	rows   taskerdb.Layout
}{
	"tasker":        {taskerdb.Tasker, Tasker(true), taskerdb.LayoutTasker},
	"tasker_legacy": {taskerdb.TaskerLegacy, TaskerLegacy(true), taskerdb.LayoutLegacy},
}

func TestLayoutsResolveEachKindOfKey(t *testing.T) {
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, l.script)
			require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), l.rows,
				taskerdb.Task{UUID: id(0xa1), CorrelationID: id(0xc1), Namespace: "payments", Steps: []string{id(0x51), id(0x52)}},
				taskerdb.Task{UUID: id(0xa2), CorrelationID: id(0xc2), Namespace: "orders", Steps: []string{id(0x53)}},
			))
			f := openLayout(t, dsn, l.layout)
			roundTrips := f.check(
				ask{"task_uuid", id(0xa1), "payments"},
				ask{"task_uuid", strings.ToUpper(id(0xa2)), "orders"},
				ask{"task_uuid", id(0x51), unknown}, // a step is no task
				ask{"step_uuid", id(0x51), "payments"},
				ask{"workflow_step_uuid", id(0x52), "payments"},
				ask{"workflow_step_uuid", id(0x53), "orders"},
				ask{"step_uuid", id(0xff), unknown},
				ask{"correlation_id", id(0xc1), "payments"},
				ask{"correlation_id", id(0xc2), "orders"},
				ask{"correlation_id", id(0xff), unknown},
			)
			assert.Equal(t, 1, roundTrips)
			assert.Empty(t, f.messages())
		})
	}
}

func TestTheTwoNamesOfStepsAreOneKey(t *testing.T) {
	f := openLayout(t, cluster.DSN("postgres"), Tasker(true))
	assert.True(t, f.key("step_uuid", id(1)) == f.key("workflow_step_uuid", id(1)), "and so one entry, and one statement")
	assert.False(t, f.key("step_uuid", id(1)) == f.key("task_uuid", id(1)))
}

// TestCorrelationIDsResolveByTheRoot: several tasks may share one, in different namespaces.
func TestCorrelationIDsResolveByTheRoot(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	shared, parent := id(0xc1), id(0xc0)
	task := func(n int, ns, parent string, at time.Time) taskerdb.Task {
		return taskerdb.Task{UUID: id(n), CorrelationID: shared, ParentCorrelationID: parent, Namespace: ns, CreatedAt: at}
	}
	for name, tasks := range map[string][]taskerdb.Task{
		"one without a parent, though later and greater": {
			task(1, "wrong", parent, at), task(2, "right", "", at.Add(time.Hour)), task(3, "wrong", parent, at),
		},
		"the earliest of those without a parent": {
			task(1, "wrong", "", at.Add(time.Microsecond)), task(3, "right", "", at), task(2, "wrong", "", at.Add(time.Hour)),
		},
		"the least task_uuid of those at the same time": {
			task(2, "wrong", "", at), task(1, "right", "", at), task(3, "wrong", "", at),
		},
		"the earliest where all have a parent": {
			task(1, "wrong", parent, at.Add(time.Second)), task(2, "right", parent, at),
		},
		"the least task_uuid where all have a parent": {
			task(2, "wrong", parent, at), task(1, "right", parent, at),
		},
	} {
		t.Run(name, func(t *testing.T) {
			for layout, l := range layouts {
				t.Run(layout, func(t *testing.T) {
					dsn := cluster.NewDatabase(t, l.script)
					require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), l.rows, append(tasks,
						taskerdb.Task{UUID: id(9), CorrelationID: id(0xc9), Namespace: "other", CreatedAt: at})...))
					openLayout(t, dsn, l.layout).check(
						ask{"correlation_id", shared, "right"}, ask{"correlation_id", id(0xc9), "other"})
				})
			}
		})
	}
}

// A schema that predates a column is expected; a table that is missing is not, whatever came before.
func TestAMissingTableIsLoggedAfterAMissingColumn(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.TaskerLegacyWithoutCorrelation)
	f := openLayout(t, dsn, TaskerLegacy(false))
	f.check(ask{"correlation_id", id(0xc1), unknown})
	assert.Len(t, f.messages(), 1)
	exec(t, dsn, `ALTER TABLE tasker_tasks RENAME TO moved`)
	f.advance(cooldown)
	f.check(ask{"correlation_id", id(0xc1), unavailable})
	messages := f.messages()
	require.Len(t, messages, 1)
	assert.Contains(t, messages[0], "warn correlation_id: Postgres refuses the lookup")
}

func TestTheFirstLegacySchemaHasNoCorrelationIDs(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.TaskerLegacyWithoutCorrelation)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutLegacyWithoutCorrelation,
		taskerdb.Task{UUID: id(0xa1), Namespace: "payments", Steps: []string{id(0x51)}}))
	f := openLayout(t, dsn, TaskerLegacy(true))
	asks := []ask{
		{"correlation_id", id(0xc1), unknown},
		{"task_uuid", id(0xa1), "payments"},
		{"step_uuid", id(0x51), "payments"},
	}
	f.check(asks...)
	assert.Equal(t, []string{
		"info correlation_id: the schema predates this column; its keys count as unknown",
	}, f.messages())
	assert.Equal(t, 1, f.check(asks...), "while it rests it is not asked")
	f.advance(cooldown)
	f.check(asks...)
	assert.Empty(t, f.messages(), "said once")

	// The migration comes.
	exec(t, dsn, fmt.Sprintf(`ALTER TABLE tasker_tasks ADD correlation_id uuid NOT NULL DEFAULT '%s', `+
		`ADD parent_correlation_id uuid`, id(0xc1)))
	f.advance(cooldown)
	asks[0].want = "payments"
	assert.Equal(t, 1, f.check(asks...))
	assert.Equal(t, []string{"info correlation_id: the lookup works again"}, f.messages())
}

func TestInTheCurrentLayoutAMissingColumnIsARefusal(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker, `ALTER TABLE tasker.tasks DROP COLUMN parent_correlation_id`)
	f := openLayout(t, dsn, Tasker(true))
	f.check(ask{"correlation_id", id(1), unavailable}, ask{"task_uuid", id(1), unknown})
	assert.Len(t, f.messages(), 1)
}

func TestTheReaderRoleMayReadWhatTheLayoutReads(t *testing.T) {
	const role = `DO $$ BEGIN CREATE ROLE namespace_sampler_reader LOGIN; EXCEPTION WHEN duplicate_object THEN END $$`
	dsn := cluster.NewDatabase(t, taskerdb.Tasker, role, taskerdb.ReadOnlyGrants)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutTasker,
		taskerdb.Task{UUID: id(0xa1), CorrelationID: id(0xc1), Namespace: "payments", Steps: []string{id(0x51)}}))
	f := openLayout(t, strings.Replace(dsn, "postgres@", "namespace_sampler_reader@", 1), Tasker(true))
	f.check(
		ask{"task_uuid", id(0xa1), "payments"},
		ask{"step_uuid", id(0x51), "payments"},
		ask{"correlation_id", id(0xc1), "payments"},
	)
}
