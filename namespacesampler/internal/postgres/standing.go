// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Defaults of settings that the DSN lacks.
const (
	// standing is the number of connections that are kept open, so that no batch waits for one to be opened: one, and another that
	// stands while the first is busy or being replaced. More are opened when loads overlap.
	standing = 2
	// checkInterval is how often the standing connections are checked, and opened again if need be.
	checkInterval = 10 * time.Second
	// lifetimeSpread is the part of a connection's lifetime (pool_max_conn_lifetime) by which it may be longer, so that standing
	// connections, which are opened together, are not replaced together.
	lifetimeSpread = 0.1
)

// keepStanding has connections stand before they are needed, unless the parameters of the DSN say otherwise.
func keepStanding(pool *pgxpool.Config, parameters map[string]string) error {
	if _, ok := parameters["pool_min_conns"]; !ok {
		pool.MinConns = standing
	}
	pool.MinConns = min(pool.MinConns, pool.MaxConns)
	pool.MinIdleConns = min(pool.MinIdleConns, pool.MaxConns)
	if _, ok := parameters["pool_health_check_period"]; !ok {
		pool.HealthCheckPeriod = checkInterval
	}
	if pool.HealthCheckPeriod <= 0 { // pgx would panic
		return fmt.Errorf("%s: pool_health_check_period must be above 0, such as 10s", invalidDSN)
	}
	if _, ok := parameters["pool_max_conn_lifetime_jitter"]; !ok {
		pool.MaxConnLifetimeJitter = time.Duration(lifetimeSpread * float64(pool.MaxConnLifetime))
	}
	return nil
}

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
	// This is called for uses only, not for checks. Pinging an idle connection first would cost a second round trip. A dead
	// connection is replaced instead (Lookup, read).
	pool.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		usageOf(p.Conn).used = time.Now()
		return false
	}
}

// watchIdle checks the idle connections at intervals until ctx ends.
func (db *DB) watchIdle(ctx context.Context) {
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

// checkIdle closes the idle connections that have ended, which pgxpool does not notice: because of a restart of the server, its
// idle_session_timeout, or a network that forgot them. The pool then opens others before a batch has to wait for one. checkIdle also
// closes those that no load has used for pool_max_conn_idle_time, as long as enough stand: pgxpool would take a check for a use.
func (db *DB) checkIdle(ctx context.Context, cfg *pgxpool.Config) {
	surplus := db.pool.Stat().TotalConns() - cfg.MinConns
	idle := db.pool.AcquireAllIdle(ctx)
	ended := make([]bool, len(idle))
	var checks sync.WaitGroup
	for i, conn := range idle { // at once, so that loads miss the connections for as short as possible
		checks.Go(func() { ended[i] = hasEnded(ctx, conn.Conn()) })
	}
	checks.Wait()
	for i, conn := range idle {
		isOver := ended[i]
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

// hasEnded reports whether an idle connection has ended. It reads what the server has sent unasked, such as the reason why it closes the
// connection, and pgx closes its side, too. That is no round trip: the connection is kept from loads for a millisecond at most.
func hasEnded(ctx context.Context, conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, _ = conn.PgConn().ReceiveMessage(ctx)
	return conn.IsClosed()
}
