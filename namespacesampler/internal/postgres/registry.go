// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
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

// registeredSQL reads names from a query of one column, which the inner SELECT requires. The cast removes the padding of char(n). Names
// that are too long are cut, and are still too long.
const registeredSQL = `SELECT DISTINCT left((SELECT registered.*)::text, %d) FROM (%s
) registered(registered_name) WHERE registered_name::text <> '' LIMIT %d`

// tooManyRows is the state of a read that is refused because of the number of its rows: program_limit_exceeded.
const tooManyRows = "54000"

// Registered reads the names of the registered namespaces, sorted by bytes. An error is a *ReadError. It is a refusal if there are
// more than MaxRows: with a part of the names, the others would seem not to be registered.
func (db *DB) Registered(ctx context.Context, from Registry) ([]string, error) {
	names, err := read(ctx, db, fmt.Sprintf(registeredSQL, rate.MaxNameBytes+1, from.query, MaxRows+1), func(rows pgx.Rows) ([]string, error) {
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

// readable returns registered names without those that are too long or not valid UTF-8.
func (db *DB) readable(names []string) []string {
	names = db.leaveOut(names, problems.LongNames, &db.longRegistered, func(name string) bool { return len(name) > rate.MaxNameBytes },
		"registered names that are too long are left out", zap.Int("max_bytes", rate.MaxNameBytes))
	return db.leaveOut(names, problems.UnreadableNames, &db.unreadableRegistered, func(name string) bool { return !utf8.ValidString(name) },
		"registered names that are not valid UTF-8 are left out")
}

// leaveOut returns names without some, which are counted when there are more than at the last read, and logged when there were none.
func (db *DB) leaveOut(
	names []string, why problems.Kind, last *atomic.Int64, isLeftOut func(string) bool, message string, fields ...zap.Field,
) []string {
	all := len(names)
	names = slices.DeleteFunc(names, isLeftOut)
	n := int64(all - len(names))
	before := last.Swap(n)
	if n > before {
		db.onIgnored(why, int(n-before))
	}
	if before == 0 && n > 0 {
		db.logger.Warn(message, append(fields, zap.Int64("names", n))...)
	}
	return names
}
