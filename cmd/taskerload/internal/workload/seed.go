// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// seeding names a layout's script and the table that shows that it ran.
type seeding struct{ script, tasks string }

func seedings() map[taskerdb.Layout]seeding {
	return map[taskerdb.Layout]seeding{
		taskerdb.LayoutTasker: {taskerdb.Tasker, "tasker.tasks"},
		taskerdb.LayoutLegacy: {taskerdb.TaskerLegacy, "public.tasker_tasks"},
	}
}

// seed makes the tables if they are absent and adds those tasks that have rows. It returns how many it added: none if
// they are there from an earlier time.
func seed(ctx context.Context, dsn string, layout taskerdb.Layout, tasks []task) (int, error) {
	s, ok := seedings()[layout]
	if !ok {
		return 0, fmt.Errorf("layout %q: want %q or %q", layout, taskerdb.LayoutTasker, taskerdb.LayoutLegacy)
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := createTables(ctx, conn, s); err != nil {
		return 0, err
	}

	rows := seededTasks(tasks)
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].UUID
	}
	var present int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM "+s.tasks+" WHERE task_uuid = ANY ($1::uuid[])", ids).Scan(&present)
	switch {
	case err != nil:
		return 0, fmt.Errorf("look for the tasks: %w", err)
	case present == len(rows):
		return 0, nil
	case present > 0:
		return 0, fmt.Errorf("%d of the %d tasks are there already: the database was seeded with another --tasks; "+
			"take an empty one", present, len(rows))
	}
	if err := taskerdb.Insert(ctx, conn, layout, rows...); err != nil {
		return 0, err
	}
	// Fresh tables have no statistics, and a plan without them reads whole tables for one key.
	if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
		return 0, fmt.Errorf("analyze: %w", err)
	}
	return len(rows), nil
}

func createTables(ctx context.Context, conn *pgx.Conn, s seeding) error {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.tasks).Scan(&there); err != nil {
		return fmt.Errorf("look for %s: %w", s.tasks, err)
	}
	if there {
		return nil
	}
	if _, err := conn.PgConn().Exec(ctx, s.script).ReadAll(); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	return nil
}
