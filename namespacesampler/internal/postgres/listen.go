// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Reasons why listening is impossible.
var (
	// ErrPooler means that a pooler in transaction mode is in between.
	ErrPooler = errors.New("a pooler between this collector and Postgres does not forward notifications")
	// ErrStandby means that the server is a standby.
	ErrStandby = errors.New("the server is a standby, which does not support notifications")
)

// Listening configures a listener.
type Listening struct {
	Channel string
	// Timeout bounds all that is asked on a new connection before listening begins, and each check of it later. Connecting is bounded as for
	// the pool: each host of the DSN has its own time.
	Timeout time.Duration
	// Check is how often a connection without notifications is checked.
	Check time.Duration
	// Began is called when listening has begun; earlier notifications were missed. Heard is called for every notification.
	Began, Heard func()
}

// Listen listens to a channel over a connection outside the pool, until it breaks or ctx ends. The error is the reason; ErrPooler
// and ErrStandby mean that listening is impossible.
func (db *DB) Listen(ctx context.Context, l Listening) error {
	conn, err := db.connectToListen(ctx, l)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	l.Began()
	for {
		err := l.wait(ctx, conn)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return plainError(err)
		}
	}
}

func (db *DB) connectToListen(ctx context.Context, l Listening) (*pgx.Conn, error) {
	cfg := db.pool.Config().ConnConfig
	db.sockets.track(cfg)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, plainError(err)
	}
	asking, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	if err := beginToListen(asking, conn, l.Channel); err != nil {
		_ = conn.Close(asking)
		return nil, err
	}
	return conn, nil
}

// beginToListen checks that notifications can arrive, and listens. A pooler gives its clients process IDs of its own.
func beginToListen(ctx context.Context, conn *pgx.Conn, channel string) error {
	var pid uint32
	var standby bool
	const who = `SELECT pg_backend_pid()::bigint, pg_is_in_recovery()`
	if err := conn.QueryRow(ctx, who, pgx.QueryExecModeSimpleProtocol).Scan(&pid, &standby); err != nil {
		return plainError(err)
	}
	switch {
	case standby:
		return ErrStandby
	case pid != conn.PgConn().PID():
		return ErrPooler
	}
	if _, err := conn.PgConn().Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()).ReadAll(); err != nil {
		return plainError(err)
	}
	return nil
}

// wait waits for a notification. If none arrives, it checks the connection, which may have broken silently.
func (l *Listening) wait(ctx context.Context, conn *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, l.Check)
	defer cancel()
	_, err := conn.WaitForNotification(waiting)
	if err == nil {
		l.Heard()
		return nil
	}
	if waiting.Err() == nil || conn.IsClosed() {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	return conn.Ping(asking)
}
