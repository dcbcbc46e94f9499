// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// maxIdentifierBytes is the length that Postgres truncates names to.
const maxIdentifierBytes = 63

// Table is the name of a table as a quoted SQL identifier.
type Table struct{ sql string }

// String returns the quoted identifier.
func (t Table) String() string { return t.sql }

// identifierPart matches an SQL identifier, plain (case-insensitive) or quoted.
var identifierPart = regexp.MustCompile(`^(?:([\pL_][\pL\pN_$]*)|"((?:[^"\x00]|"")+)")(?:\.|$)`)

// ParseTable parses the name of a table, with or without a schema, in SQL syntax.
func ParseTable(name string) (Table, error) {
	wrong := fmt.Errorf(`must be the name of a table, such as public.namespace_sampling_overrides or "My Schema"."Overrides", got %q`, name)
	var parts pgx.Identifier
	for rest := name; ; {
		m := identifierPart.FindStringSubmatch(rest)
		if m == nil || len(parts) == 2 {
			return Table{}, wrong
		}
		part := strings.ToLower(m[1])
		if m[1] == "" {
			part = strings.ReplaceAll(m[2], `""`, `"`)
		}
		if len(part) > maxIdentifierBytes {
			return Table{}, fmt.Errorf("must have names of at most %d bytes, got %q", maxIdentifierBytes, part)
		}
		parts = append(parts, part)
		if rest = rest[len(m[0]):]; rest == "" {
			if strings.HasSuffix(m[0], ".") {
				return Table{}, wrong
			}
			return Table{sql: parts.Sanitize()}, nil
		}
		if !strings.HasSuffix(m[0], ".") {
			return Table{}, wrong
		}
	}
}

// ValidateChannel returns an error if a name is not valid for a channel. The name is used literally, as in pg_notify.
func ValidateChannel(name string) error {
	if name == "" || len(name) > maxIdentifierBytes || strings.ContainsRune(name, 0) {
		return fmt.Errorf("must be the name of a channel, of 1 to %d bytes, such as namespace_sampling_overrides, got %q",
			maxIdentifierBytes, name)
	}
	return nil
}
