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
	e := &ReadError{err: plainError(err)}
	if isRefusal(err) {
		e.State = sqlState(err)
		e.err = from.explain(e.err, e.State)
	}
	return e
}

// read reads all rows of a statement in one round trip. If its connection is dead, another one is tried. Refusals are explained by
// the origin of the statement.
func read[T any](ctx context.Context, db *DB, sql string, scan pgx.RowToFunc[T], from origin) ([]T, error) {
	all, _, err := readWithColumns(ctx, db, sql, scan, from)
	return all, err
}

// readWithColumns is read that also returns the descriptions of the columns.
func readWithColumns[T any](
	ctx context.Context, db *DB, sql string, scan pgx.RowToFunc[T], from origin,
) (all []T, columns []pgconn.FieldDescription, err error) {
	once := func() error {
		rows, err := db.pool.Query(ctx, sql)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scan)
		columns = rows.FieldDescriptions()
		return err
	}
	err = once()
	var connecting *pgconn.ConnectError
	if err != nil && ctx.Err() == nil && !isRefusal(err) && !errors.As(err, &connecting) {
		db.pool.Reset() // the other connections are probably dead too
		err = once()
	}
	if err != nil {
		return nil, nil, readError(err, from)
	}
	return all, columns, nil
}
