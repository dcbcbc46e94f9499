// SPDX-License-Identifier: Apache-2.0

package taskerdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Task is a row of the table of tasks, with its namespace and steps. UUIDs may have any form that PostgreSQL accepts.
type Task struct {
	// UUID is task_uuid; empty for a new one.
	UUID string
	// CorrelationID may be shared by several tasks; empty for a new one. Layouts without correlation IDs ignore it and
	// ParentCorrelationID.
	CorrelationID string
	// ParentCorrelationID is empty (NULL) for the root of a hierarchy.
	ParentCorrelationID string
	// Namespace is the name of the task's namespace, 1 to 64 characters.
	Namespace string
	// Steps contains the workflow_step_uuid of each step.
	Steps []string
	// CreatedAt is used for requested_at, created_at and updated_at, with microsecond precision; zero means now.
	CreatedAt time.Time
}

// Insert adds the tasks, their steps, and missing namespaces and named tasks in one transaction.
func Insert(ctx context.Context, conn *pgx.Conn, layout Layout, tasks ...Task) error {
	target, err := layout.tables()
	if err != nil {
		return fmt.Errorf("insert tasks: %w", err)
	}
	taskRows, stepRows, err := prepare(tasks, time.Now())
	if err != nil {
		return fmt.Errorf("insert tasks: %w", err)
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		namedTasks, err := ensureNamedTasks(ctx, tx, target, namespacesOf(tasks))
		if err != nil {
			return err
		}
		if err := copyTasks(ctx, tx, target, taskRows, namedTasks); err != nil {
			return err
		}
		return copySteps(ctx, tx, target, stepRows)
	})
	if err != nil {
		return fmt.Errorf("insert tasks: %w", err)
	}
	return nil
}

// copyTasks adds rows to tasks.
func copyTasks(ctx context.Context, tx pgx.Tx, target tables, rows []taskRow, namedTasks map[string]pgtype.UUID) error {
	columns := []string{
		"task_uuid", "named_task_uuid", "context", "identity_hash", "complete", "requested_at", "created_at", "updated_at",
	}
	if target.correlation {
		columns = append(columns, "correlation_id", "parent_correlation_id")
	}
	_, err := tx.CopyFrom(ctx, target.tasks, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		row := &rows[i]
		values := []any{
			row.uuid, namedTasks[row.namespace], emptyObject, row.uuid.String(), false,
			row.createdAt, row.createdAt, row.createdAt,
		}
		if target.correlation {
			values = append(values, row.correlation, row.parent)
		}
		return values, nil
	}))
	if err != nil {
		return fmt.Errorf("copy to %s: %w", target.tasks.Sanitize(), err)
	}
	return nil
}

// copySteps adds rows to workflow_steps.
func copySteps(ctx context.Context, tx pgx.Tx, target tables, rows []stepRow) error {
	columns := []string{"workflow_step_uuid", "task_uuid", "named_step_uuid", "created_at", "updated_at"}
	_, err := tx.CopyFrom(ctx, target.steps, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		row := &rows[i]
		return []any{row.uuid, row.task, newUUID(row.createdAt), row.createdAt, row.createdAt}, nil
	}))
	if err != nil {
		return fmt.Errorf("copy to %s: %w", target.steps.Sanitize(), err)
	}
	return nil
}
