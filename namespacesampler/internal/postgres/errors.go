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

// SQLSTATE codes and classes that lookups distinguish (PostgreSQL documentation, appendix A).
const (
	classDataException = "22"    // a key that the query fails on
	undefinedColumn    = "42703" // of class 42: missing objects, missing privileges, invalid SQL

	// Refusals that a key can cause as well as the query: subqueries with several rows; constraints, such as that of a domain; errors
	// that functions raise; and what functions that parse their arguments report.
	classCardinality = "21"
	classConstraint  = "23"
	classRaised      = "P0"
	syntaxError      = "42601"

	// Of class 22: texts that are not valid in an encoding, or that cannot be converted to the other.
	characterNotInRepertoire = "22021"
	untranslatableCharacter  = "22P05"
)

// outageClasses mean that the server cannot execute any statement: connection exceptions, rollbacks, insufficient resources,
// invalid state, operator intervention, system errors, internal errors.
var outageClasses = []string{"08", "40", "53", "55", "57", "58", "XX"}

// statementStates are the states of outageClasses that are caused by a statement or its data: a missing parameter, an object that
// is not ready, a lock or statement time-out, corrupted data.
var statementStates = []string{"08P01", "55000", "55P03", "57014", "XX001", "XX002"}

// sqlState returns the SQLSTATE of an error that the server answered a statement with, else "". An error that ends the connection
// is no such answer, whatever its state: a pooler reports with 08P01 that it has lost the server.
func sqlState(err error) string {
	var refused *pgconn.PgError
	var connecting *pgconn.ConnectError
	if errors.As(err, &refused) && !errors.As(err, &connecting) &&
		cmp.Or(refused.SeverityUnlocalized, refused.Severity) == "ERROR" {
		return refused.Code
	}
	return ""
}

// queryError is a fault of a query that was found while reading its rows.
type queryError struct{ err error }

func (e *queryError) Error() string {
	return "the query must take one parameter and return rows (key text, namespace text) or (key text, namespace text, group text): " + e.err.Error()
}
func (e *queryError) Unwrap() error { return e.err }

// isRefusal reports whether a statement failed because of itself or its keys, while the server works.
func isRefusal(err error) bool {
	var query *queryError
	var read *ReadError
	if errors.As(err, &query) || errors.As(err, &read) && read.State != "" {
		return true
	}
	state := sqlState(err)
	isOutage := slices.ContainsFunc(outageClasses, func(class string) bool { return isClass(state, class) })
	return state != "" && (!isOutage || slices.Contains(statementStates, state))
}

// mayBeOfKeys reports whether a key may be the reason of a refusal.
func mayBeOfKeys(state string) bool {
	return isClass(state, classCardinality) || isClass(state, classConstraint) || isClass(state, classRaised) || state == syntaxError
}

// isEncodingError reports whether a state is about the encoding of a text.
func isEncodingError(state string) bool {
	return state == characterNotInRepertoire || state == untranslatableCharacter
}

func isClass(state, class string) bool { return strings.HasPrefix(state, class) }

// refusals are the reasons why servers refuse connections. Their own messages repeat user, database, host or settings.
var refusals = map[string]string{
	"28000": "the role may not log in, or not from this host",
	"28P01": "password authentication failed",
	"3D000": "the database does not exist",
	"42501": "the role has no CONNECT privilege",
	"53300": "too many connections",
	"57P03": "the server is starting up or shutting down",
}

// plainError rewords an error without the parts that repeat the DSN (user, database, host), which may contain parts of a password
// that is not escaped.
func plainError(err error) error {
	var connecting *pgconn.ConnectError
	var refused *pgconn.PgError
	var unresolved *net.DNSError
	var network *net.OpError
	isConnecting := errors.As(err, &connecting)
	switch {
	case errors.As(err, &refused) && isConnecting:
		reason := cmp.Or(parameterRefusal(refused, connecting.Config), refusals[refused.Code], "the server refuses the connection")
		return fmt.Errorf("failed to connect: %s (SQLSTATE %s)", reason, refused.Code)
	case refused != nil:
		return fmt.Errorf("%s (SQLSTATE %s)", valid(refused.Message), refused.Code)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &unresolved):
		return fmt.Errorf("failed to connect: %s", unresolved.Err)
	case isConnecting:
		return fmt.Errorf("failed to connect: %w", innermost(connecting))
	case errors.As(err, &network):
		return fmt.Errorf("connection lost: %w", innermost(network)) // without the addresses
	}
	return err
}

// innermost returns the cause of an error; of joined errors, that of the last. For a connection it is usually the system's
// "connection refused".
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
