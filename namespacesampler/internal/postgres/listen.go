// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Reasons why listening cannot work.
var (
	// ErrPooler means that a pooler stands between, which hands the connection's statements to other sessions.
	ErrPooler = errors.New("a pooler stands between this collector and Postgres, and passes no notifications on")
	// ErrStandby means that the server is a standby.
	ErrStandby = errors.New("the server is a standby, which has no notifications")
)

// Listening configures a listener.
type Listening struct {
	Channel string
	// Timeout bounds connecting, and each answer of the server.
	Timeout time.Duration
	// Check is how often a silent connection is asked whether it lives.
	Check time.Duration
	// Began is called when the listener listens; what was notified before has been missed. Heard is called for every notification.
	Began, Heard func()
}

// Listen listens to a channel over a connection of its own, which is none of the pool's, until that breaks or ctx ends. The error
// says why it ended: ErrPooler and ErrStandby where it cannot work.
func (db *DB) Listen(ctx context.Context, l Listening) error {
	conn, err := db.connectToListen(ctx, l)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
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
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig)
	if err != nil {
		return nil, plainError(err)
	}
	if err := beginToListen(ctx, conn, l.Channel); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

// beginToListen makes sure that notifications can arrive: a pooler gives a process ID of its own to its clients.
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

// wait waits for a notification, and where none comes, asks whether the connection lives: one that broke without a word would be
// silent for ever.
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
