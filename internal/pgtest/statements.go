// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// StatementCalls returns how often each statement ran in the connection's database since the last [ResetStatements],
// by the text that pg_stat_statements keeps: as first sent by a client, with constants replaced by $1, $2 and so on. It omits its
// own statements. It creates the extension if needed, and fails if the extension is not installed.
func StatementCalls(ctx context.Context, conn *pgx.Conn) (map[string]int64, error) {
	if err := createStatements(ctx, conn); err != nil {
		return nil, err
	}
	// A text has one row for each role that ran it.
	rows, err := conn.Query(ctx, `
		SELECT query, sum(calls)::bigint
		FROM pg_stat_statements
		WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND query NOT LIKE '%pg_stat_statements%'
		GROUP BY query`)
	if err != nil {
		return nil, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	calls := make(map[string]int64)
	var query string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&query, &n}, func() error { calls[query] = n; return nil }); err != nil {
		return nil, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	return calls, nil
}

// ResetStatements makes the next [StatementCalls] count from zero. Other databases of the cluster keep their counts.
func ResetStatements(ctx context.Context, conn *pgx.Conn) error {
	if err := createStatements(ctx, conn); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, `
		SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)`)
	if err != nil {
		return fmt.Errorf("reset pg_stat_statements: %w", err)
	}
	return nil
}

func createStatements(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return fmt.Errorf("create the extension pg_stat_statements, which comes with PostgreSQL's contrib modules: %w", err)
	}
	return nil
}
