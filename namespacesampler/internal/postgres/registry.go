// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
)

// Registry is a query of the names of registered namespaces, in one column of any type.
type Registry struct {
	query  string
	origin origin
}

// Registries of the layouts.
var (
	TaskerRegistry       = Registry{"SELECT name FROM tasker.task_namespaces", layoutOrigin}
	TaskerLegacyRegistry = Registry{"SELECT name FROM public.tasker_task_namespaces", layoutOrigin}
)

// QueryRegistry returns the registry of a configured query.
func QueryRegistry(query string) Registry {
	return Registry{withoutEnd(query), origin{
		setting: "postgres::registry::query",
		remedies: map[string]string{
			"42601": "it must return one column of names",
			"42501": remedyPermission,
		},
	}}
}

// withoutEnd returns a query without the semicolon at its end.
func withoutEnd(query string) string { return strings.TrimRight(query, "; \t\r\n") }

var parameter = regexp.MustCompile(`\$[0-9]`)

// ValidateRegistry returns an error if a query cannot be that of a registry. What is not valid SQL is left to the server.
func ValidateRegistry(query string) error {
	if withoutEnd(query) == "" || parameter.MatchString(query) {
		return fmt.Errorf("must be SQL without parameters that returns one column of names, e.g. SELECT slug FROM tenants, got %q", query)
	}
	return nil
}

// registeredSQL reads names from a query of one column, which ARRAY requires. The cast removes the padding of char(n).
const registeredSQL = `SELECT unnest(ARRAY(SELECT DISTINCT registered.* FROM (%s
) registered(registered_name) WHERE registered_name::text <> '' LIMIT %d))::text`

// tooManyRows is the state of a read that is refused because of the number of its rows: program_limit_exceeded.
const tooManyRows = "54000"

// Registered reads the names of the registered namespaces, sorted by bytes. An error is a *ReadError. It is a refusal if there are
// more than MaxRows: with a part of the names, the others would seem not to be registered.
func (db *DB) Registered(ctx context.Context, from Registry) ([]string, error) {
	names, err := read(ctx, db, fmt.Sprintf(registeredSQL, from.query, MaxRows+1), func(rows pgx.Rows) ([]string, error) {
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}, from.origin)
	if err != nil {
		return nil, err
	}
	if len(names) > MaxRows {
		return nil, &ReadError{State: tooManyRows, err: fmt.Errorf(
			"%s: more than %d names: registered namespaces are read only up to that number", from.origin.setting, MaxRows)}
	}
	names = db.readable(names)
	slices.Sort(names)
	return slices.Compact(names), nil
}

// readable returns registered names without those that are not valid UTF-8, which are counted when there are more than at the last
// read, and logged when there were none.
func (db *DB) readable(names []string) []string {
	all := len(names)
	names = slices.DeleteFunc(names, func(name string) bool { return !utf8.ValidString(name) })
	unreadable := int64(all - len(names))
	before := db.unreadableRegistered.Swap(unreadable)
	if unreadable > before {
		db.onUnreadable(int(unreadable - before))
	}
	if before == 0 && unreadable > 0 {
		db.logger.Warn("registered names that are not valid UTF-8 are left out", zap.Int64("names", unreadable))
	}
	return names
}
