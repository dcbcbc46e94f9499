// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Registry is a table of registered namespaces.
type Registry struct{ table string }

// Registries of the layouts.
var (
	TaskerRegistry       = Registry{"tasker.task_namespaces"}
	TaskerLegacyRegistry = Registry{"public.tasker_task_namespaces"}
)

// Registered reads the names of the registered namespaces, sorted, at most MaxRows. An error is a *ReadError.
func (db *DB) Registered(ctx context.Context, from Registry) ([]string, error) {
	sql := fmt.Sprintf(`SELECT DISTINCT name::text COLLATE "C" FROM %s WHERE name <> '' ORDER BY 1 LIMIT %d`, from.table, MaxRows)
	return read(ctx, db, sql, pgx.RowTo[string])
}
