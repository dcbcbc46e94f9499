// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// schema is a layout's script, and a table that exists once the script has run.
type schema struct{ script, tasks string }

func schemas() map[taskerdb.Layout]schema {
	return map[taskerdb.Layout]schema{
		taskerdb.LayoutTasker: {taskerdb.Tasker, "tasker.tasks"},
		taskerdb.LayoutLegacy: {taskerdb.TaskerLegacy, "public.tasker_tasks"},
	}
}

// Seed creates the tables if they are absent and inserts the tasks that have rows. It returns how many tasks it inserted:
// none if all of them are present.
func Seed(ctx context.Context, dsn string, layout taskerdb.Layout, tasks []Task) (int, error) {
	s, ok := schemas()[layout]
	if !ok {
		return 0, fmt.Errorf("layout %q: must be %q or %q", layout, taskerdb.LayoutTasker, taskerdb.LayoutLegacy)
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := createTables(ctx, conn, s); err != nil {
		return 0, err
	}

	rows := Rows(tasks)
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
		return 0, fmt.Errorf("the database holds %d of the %d tasks: it was seeded with another --tasks; "+
			"use an empty database", present, len(rows))
	}
	if err := taskerdb.Insert(ctx, conn, layout, rows...); err != nil {
		return 0, err
	}
	// Without statistics the planner would read whole tables for a single key.
	if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
		return 0, fmt.Errorf("analyze: %w", err)
	}
	return len(rows), nil
}

func createTables(ctx context.Context, conn *pgx.Conn, s schema) error {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.tasks).Scan(&exists); err != nil {
		return fmt.Errorf("look for table %s: %w", s.tasks, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.PgConn().Exec(ctx, s.script).ReadAll(); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	return nil
}
