// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// CreateDatabase creates a database with a unique name, runs the scripts in it in order, and returns its DSN. A script may
// contain many statements; they form one transaction unless the script says otherwise.
func (c *Cluster) CreateDatabase(ctx context.Context, scripts ...string) (string, error) {
	return c.createDatabase(ctx, "", scripts)
}

// createDatabase creates a database with options of CREATE DATABASE.
func (c *Cluster) createDatabase(ctx context.Context, options string, scripts []string) (string, error) {
	name := fmt.Sprintf("db%d", c.databases.Add(1))
	if err := run(ctx, c.DSN("postgres"), "CREATE DATABASE "+name+options); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	dsn := c.DSN(name)
	if err := run(ctx, dsn, scripts...); err != nil {
		return "", fmt.Errorf("fill database %s: %w", name, err)
	}
	return dsn, nil
}

// NewDatabase is like CreateDatabase but fails the test on an error. The database is removed with the cluster.
func (c *Cluster) NewDatabase(t TB, sql ...string) string {
	t.Helper()
	dsn, err := c.CreateDatabase(t.Context(), sql...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return dsn
}

// NewEncodedDatabase is like NewDatabase for a database in an encoding other than UTF8, such as LATIN1. Unless they set another
// client_encoding, scripts are taken to be in that encoding, too: write é as E'\xe9'.
func (c *Cluster) NewEncodedDatabase(t TB, encoding string, sql ...string) string {
	t.Helper()
	options := fmt.Sprintf(" ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", encoding)
	dsn, err := c.createDatabase(t.Context(), options, sql)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return dsn
}

// run executes scripts on a new connection with the simple protocol, the only one that allows several statements.
func run(ctx context.Context, dsn string, scripts ...string) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for i, script := range scripts {
		if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return fmt.Errorf("script %d: %w", i+1, err)
		}
	}
	return nil
}
