// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// MaxRows is the maximum number of rows that are read from a table.
const MaxRows = 10_000

// ReadError is the reason why a table could not be read. It contains no part of the DSN.
type ReadError struct {
	// State is the SQLSTATE if the statement or its result was refused, and empty if the server could not be asked.
	State string
	err   error
}

func (e *ReadError) Error() string { return e.err.Error() }
func (e *ReadError) Unwrap() error { return e.err }

func readError(err error, from origin) *ReadError {
	var refused *ReadError
	if errors.As(err, &refused) {
		return refused
	}
	e := &ReadError{err: plainError(err)}
	if isRefusal(err) {
		e.State = sqlState(err)
		e.err = from.explain(e.err, e.State)
	}
	return e
}

// read reads all rows of a statement in one round trip. collect closes them, and may refuse them with a *ReadError. If the connection
// is dead, another one is tried. Refusals by the server are explained by the origin of the statement.
func read[T any](ctx context.Context, db *DB, sql string, collect func(pgx.Rows) ([]T, error), from origin) ([]T, error) {
	return readWith(ctx, db, sql, nil, collect, from)
}

// readWith is read for a statement with arguments, which can be repeated if it changes something.
func readWith[T any](
	ctx context.Context, db *DB, sql string, args []any, collect func(pgx.Rows) ([]T, error), from origin,
) ([]T, error) {
	once := func() ([]T, error) {
		rows, err := db.pool.Query(ctx, sql, args...)
		if err != nil {
			return nil, err
		}
		return collect(rows)
	}
	all, err := once()
	var connecting *pgconn.ConnectError
	if err != nil && ctx.Err() == nil && !isRefusal(err) && !errors.As(err, &connecting) {
		db.pool.Reset() // the other connections are probably dead too
		all, err = once()
	}
	if err != nil {
		return nil, readError(err, from)
	}
	return all, nil
}
