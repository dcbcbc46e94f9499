// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes and classes (PostgreSQL documentation, appendix A) that lookups tell apart.
const (
	classDataException = "22"    // a key that the query cannot take
	undefinedColumn    = "42703" // one of class 42: what is missing or not permitted, or SQL that is wrong
)

// classesOfTrouble are those by which the server says that it cannot go on, whatever it is asked: connection, rollback,
// resources, state, an operator's intervention, system, internal.
var classesOfTrouble = []string{"08", "40", "53", "55", "57", "58", "XX"}

// troublesOfItsOwn are the states in classesOfTrouble that come of a statement and what it reads: no parameter for the keys, an
// object that is not ready, a lock or an answer that takes too long, damaged data.
var troublesOfItsOwn = []string{"08P01", "55000", "55P03", "57014", "XX001", "XX002"}

// sqlState returns the SQLSTATE of an error that the server answered a statement with, else "". What ends the connection is no
// answer to a statement, whatever its state: a pooler tells by 08P01 that it has lost the server.
func sqlState(err error) string {
	var refused *pgconn.PgError
	var connecting *pgconn.ConnectError
	if errors.As(err, &refused) && !errors.As(err, &connecting) &&
		cmp.Or(refused.SeverityUnlocalized, refused.Severity) == "ERROR" {
		return refused.Code
	}
	return ""
}

// queryError is a fault of a query that shows on this side of a connection that is well.
type queryError struct{ err error }

func (e *queryError) Error() string {
	return "the query must take one parameter and return rows (key text, namespace text): " + e.err.Error()
}
func (e *queryError) Unwrap() error { return e.err }

// isRefusal reports whether a statement failed for a reason of its own, or of its keys, while the server is well.
func isRefusal(err error) bool {
	var query *queryError
	if errors.As(err, &query) {
		return true
	}
	state := sqlState(err)
	isTrouble := slices.ContainsFunc(classesOfTrouble, func(class string) bool { return isClass(state, class) })
	return state != "" && (!isTrouble || slices.Contains(troublesOfItsOwn, state))
}

func isClass(state, class string) bool { return strings.HasPrefix(state, class) }

// refusals are the reasons of servers to refuse a connection, in words of our own: theirs repeat user, database, host or
// settings.
var refusals = map[string]string{
	"28000": "the role may not log in, or not from here",
	"28P01": "password authentication failed",
	"3D000": "the database does not exist",
	"42501": "the role has no CONNECT privilege",
	"53300": "too many connections",
	"57P03": "the server is starting up or shutting down",
}

// plainError says what went wrong without the parts of messages that repeat the DSN (user, database, host): where a
// password is not escaped, they can hold some of it.
func plainError(err error) error {
	var connecting *pgconn.ConnectError
	var refused *pgconn.PgError
	var unresolved *net.DNSError
	var network *net.OpError
	isConnecting := errors.As(err, &connecting)
	switch {
	case errors.As(err, &refused) && isConnecting:
		reason := cmp.Or(refusals[refused.Code], "the server refuses the connection")
		return fmt.Errorf("failed to connect: %s (SQLSTATE %s)", reason, refused.Code)
	case refused != nil:
		return fmt.Errorf("%s (SQLSTATE %s)", refused.Message, refused.Code)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &unresolved):
		return fmt.Errorf("failed to connect: %s", unresolved.Err)
	case isConnecting:
		return fmt.Errorf("failed to connect: %w", innermost(connecting))
	case errors.As(err, &network):
		return fmt.Errorf("connection lost: %w", innermost(network)) // without the addresses of both ends
	}
	return err
}

// innermost follows an error to its cause, through joined errors to their last: for a connection that is mostly the
// system's "connection refused".
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
