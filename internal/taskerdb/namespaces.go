// SPDX-License-Identifier: Apache-2.0

package taskerdb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// namedTask is the task template that Insert creates in each namespace.
const namedTask = "process"

// namespacesOf returns the distinct names in sorted order, so that concurrent transactions that add the same names do not
// deadlock.
func namespacesOf(tasks []Task) []string {
	names := make([]string, 0, 16)
	seen := make(map[string]bool)
	for i := range tasks {
		if name := tasks[i].Namespace; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ensureNamedTasks returns the named_task_uuid for each namespace. It adds missing namespaces and named tasks.
func ensureNamedTasks(ctx context.Context, tx pgx.Tx, target tables, names []string) (map[string]pgtype.UUID, error) {
	namespaces, namedTasks := target.namespaces.Sanitize(), target.namedTasks.Sanitize()
	_, err := tx.Exec(ctx, `
		INSERT INTO `+namespaces+` (task_namespace_uuid, name)
		SELECT * FROM unnest($1::text[]::uuid[], $2::text[])
		ON CONFLICT (name) DO NOTHING`,
		newUUIDs(len(names)), names)
	if err != nil {
		return nil, fmt.Errorf("add to %s: %w", namespaces, err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO `+namedTasks+` (named_task_uuid, task_namespace_uuid, name)
		SELECT wanted.uuid, task_namespace_uuid, $3
		FROM unnest($1::text[]::uuid[], $2::text[]) AS wanted (uuid, name)
		JOIN `+namespaces+` USING (name)
		ON CONFLICT (task_namespace_uuid, name, version) DO NOTHING`,
		newUUIDs(len(names)), names, namedTask)
	if err != nil {
		return nil, fmt.Errorf("add to %s: %w", namedTasks, err)
	}
	rows, err := tx.Query(ctx, `
		SELECT DISTINCT ON (n.name) n.name, t.named_task_uuid
		FROM `+namespaces+` n JOIN `+namedTasks+` t USING (task_namespace_uuid)
		WHERE n.name = ANY ($1) AND t.name = $2
		ORDER BY n.name, t.created_at`,
		names, namedTask)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", namedTasks, err)
	}
	found := make(map[string]pgtype.UUID, len(names))
	var name string
	var uuid pgtype.UUID
	if _, err := pgx.ForEachRow(rows, []any{&name, &uuid}, func() error { found[name] = uuid; return nil }); err != nil {
		return nil, fmt.Errorf("read %s: %w", namedTasks, err)
	}
	return found, nil
}

// newUUIDs returns UUIDs as text, which works in all of pgx's query modes.
func newUUIDs(n int) []string {
	now := time.Now()
	uuids := make([]string, n)
	for i := range uuids {
		uuids[i] = NewUUID(now)
	}
	return uuids
}
