// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// usage is when a connection was opened and last used. It is part of the connection's custom data.
type usage struct{ opened, used time.Time }

const usageKey = "usage"

func usageOf(conn *pgx.Conn) *usage {
	return conn.PgConn().CustomData()[usageKey].(*usage)
}

// noteUsage has a pool note when its connections are opened and used.
func noteUsage(pool *pgxpool.Config) {
	pool.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		now := time.Now()
		conn.PgConn().CustomData()[usageKey] = &usage{now, now}
		return nil
	}
	// It is asked for each use, and not for checks. Pinging a connection that was idle would cost a second round trip. One that is
	// dead is replaced instead (Lookup, read).
	pool.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		usageOf(p.Conn).used = time.Now()
		return false
	}
}

// check checks idle connections at intervals, until ctx ends. pgxpool alone does not notice that a connection has ended: with the
// server, by idle_session_timeout, or because it was silent for too long on its way. The pool opens others in place of those that are
// closed here, before a batch has to wait for one.
func (db *DB) check(ctx context.Context) {
	cfg := db.pool.Config()
	ticker := time.NewTicker(cfg.HealthCheckPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			db.checkIdle(ctx, cfg)
		}
	}
}

// checkIdle closes the connections that have ended, and those that are more than the standing ones and idle for too long. For the pool,
// which closes such connections itself, a check would be a use.
func (db *DB) checkIdle(ctx context.Context, cfg *pgxpool.Config) {
	surplus := db.pool.Stat().TotalConns() - cfg.MinConns
	for _, conn := range db.pool.AcquireAllIdle(ctx) {
		isOver := hasEnded(ctx, conn.Conn())
		if !isOver && surplus > 0 && time.Since(usageOf(conn.Conn()).used) > cfg.MaxConnIdleTime {
			isOver = true
			db.idleCloses.Add(1)
		}
		if isOver {
			surplus--
			_ = conn.Conn().Close(ctx)
		}
		conn.Release()
	}
}

// hasEnded reports whether an idle connection has been ended. It takes no round trip, and a millisecond at most, as long as which the
// connection is kept from loads: a server that has sent anything has usually said why it ends the connection.
func hasEnded(ctx context.Context, conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, _ = conn.PgConn().ReceiveMessage(ctx)
	return conn.IsClosed()
}
