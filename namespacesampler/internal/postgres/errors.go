// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes and classes (PostgreSQL documentation, appendix A) that lookups tell apart.
const (
	classDataException = "22" // a key that the query cannot take
	classSyntaxAccess  = "42" // a table, column or permission that is missing, or SQL that is wrong
	undefinedColumn    = "42703"
)

// sqlState returns the SQLSTATE of an error that the server answered a statement with, else "".
func sqlState(err error) string {
	var refused *pgconn.PgError
	var connecting *pgconn.ConnectError
	if errors.As(err, &refused) && !errors.As(err, &connecting) {
		return refused.Code
	}
	return ""
}

// shapeError is a query whose rows are not (key text, namespace text).
type shapeError struct{ err error }

func (e *shapeError) Error() string {
	return "rows must be (key text, namespace text): " + e.err.Error()
}
func (e *shapeError) Unwrap() error { return e.err }

// isRefusal reports whether a statement failed for a reason of its own, or of its keys, while the server is well.
func isRefusal(err error) bool {
	var shape *shapeError
	state := sqlState(err)
	return isClass(state, classSyntaxAccess) || isClass(state, classDataException) || errors.As(err, &shape)
}

func isClass(state, class string) bool { return strings.HasPrefix(state, class) }

// plainError says what went wrong without the parts of pgx's messages that repeat the DSN (user, database, host).
func plainError(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	var connecting *pgconn.ConnectError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &connecting):
		return fmt.Errorf("failed to connect: %w", innermost(connecting))
	}
	return err
}

// innermost follows an error to its cause, through joined errors to their last: for a connection that is the system's
// "connection refused" or "no such host".
func innermost(err error) error {
	for {
		var next error
		switch e := err.(type) { //nolint:errorlint // it is the unwrapping
		case interface{ Unwrap() error }:
			next = e.Unwrap()
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				next = all[len(all)-1]
			}
		}
		if next == nil {
			return err
		}
		err = next
	}
}
