// SPDX-License-Identifier: Apache-2.0

package taskerdb

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// emptyObject is the context of every task.
var emptyObject = []byte(`{}`)

// taskRow is a validated Task.
type taskRow struct {
	uuid, correlation, parent pgtype.UUID
	namespace                 string
	createdAt                 time.Time // in UTC: the columns have no time zone
}

// stepRow is a step of a task.
type stepRow struct {
	uuid, task pgtype.UUID
	createdAt  time.Time
}

// prepare validates the tasks and fills in defaults.
func prepare(tasks []Task, now time.Time) ([]taskRow, []stepRow, error) {
	taskRows := make([]taskRow, 0, len(tasks))
	var stepRows []stepRow
	for i := range tasks {
		task, err := tasks[i].row(now)
		if err != nil {
			return nil, nil, fmt.Errorf("task %d: %w", i, err)
		}
		taskRows = append(taskRows, task)
		for _, step := range tasks[i].Steps {
			uuid, err := parseUUID("step", step)
			if err != nil {
				return nil, nil, fmt.Errorf("task %d: %w", i, err)
			}
			stepRows = append(stepRows, stepRow{uuid: uuid, task: task.uuid, createdAt: task.createdAt})
		}
	}
	return taskRows, stepRows, nil
}

func (t *Task) row(now time.Time) (taskRow, error) {
	row := taskRow{namespace: t.Namespace, createdAt: t.CreatedAt.UTC()}
	if t.CreatedAt.IsZero() {
		row.createdAt = now.UTC()
	}
	if t.Namespace == "" {
		return taskRow{}, errors.New("namespace is empty: want a name")
	}
	var err error
	if row.uuid, err = parseOrNewUUID("task UUID", t.UUID, row.createdAt); err != nil {
		return taskRow{}, err
	}
	if row.correlation, err = parseOrNewUUID("correlation id", t.CorrelationID, row.createdAt); err != nil {
		return taskRow{}, err
	}
	if t.ParentCorrelationID != "" {
		if row.parent, err = parseUUID("parent correlation id", t.ParentCorrelationID); err != nil {
			return taskRow{}, err
		}
	}
	return row, nil
}

func parseOrNewUUID(what, text string, at time.Time) (pgtype.UUID, error) {
	if text == "" {
		return pgtype.UUID{Bytes: newUUID(at), Valid: true}, nil
	}
	return parseUUID(what, text)
}

func parseUUID(what, text string) (pgtype.UUID, error) {
	var uuid pgtype.UUID
	if err := uuid.Scan(text); err != nil {
		return pgtype.UUID{}, fmt.Errorf("%s %q is no UUID: want 32 hexadecimal digits, as in %s",
			what, text, "019a0000-0000-7000-8000-000000000000")
	}
	return uuid, nil
}
