// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// closeTimeout bounds the orderly closing of connections.
const closeTimeout = time.Second

// Config configures a database.
type Config struct {
	Pool    PoolConfig
	Queries []Query
	// Cooldown is how long a query that the server refuses is paused.
	Cooldown time.Duration
	// QueryTimeout bounds each retry of a refused query. If it is 0, there are none: only loads notice that the query works again.
	QueryTimeout time.Duration
	Logger       *zap.Logger
	Telemetry    Telemetry
	// GroupOf returns the group of a key that a query returns in its third column. It is nil if items have no groups.
	GroupOf func(key string) group.Group
	// Ignored is called with the number of keys or namespaces that were read and are ignored, and why: problems.UnreadableNames or
	// problems.LongNames.
	Ignored func(why problems.Kind, names int)
}

// DB is a namespace.Source. It is safe for concurrent use.
type DB struct {
	pool      *pgxpool.Pool
	sockets   *sockets
	queries   []*pausable // by kind
	isSimple  bool        // statements are sent by the simple protocol
	now       func() time.Time
	tracer    trace.Tracer
	unobserve func() error // unregisters the metrics of the pool
	logger    *zap.Logger
	groupOf   func(key string) group.Group

	onIgnored            func(why problems.Kind, names int)
	unreadableRegistered atomic.Int64 // of the last read
	longRegistered       atomic.Int64 // of the last read

	checks     sync.WaitGroup // of idle connections and refused queries
	stopChecks context.CancelFunc
	idleCloses atomic.Int64 // connections that checks closed because they were idle for too long

	retryTimeout time.Duration
	scheduled    chan struct{} // a retry of a refused query has been scheduled
}

var _ namespace.Source = (*DB)(nil)

// Open returns a database, which must be closed. It connects in the background, and when it is used. An error reports an invalid DSN.
func Open(cfg Config) (*DB, error) {
	pool, all, err := open(cfg.Pool, cfg.Telemetry)
	if err != nil {
		return nil, err
	}
	db := &DB{
		pool: pool, sockets: all, now: time.Now, tracer: cfg.Telemetry.Tracer.Tracer(scope), logger: cfg.Logger, groupOf: cfg.GroupOf,
		onIgnored: cfg.Ignored, retryTimeout: cfg.QueryTimeout, scheduled: make(chan struct{}, 1),
	}
	db.isSimple = pool.Config().ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol
	checking, stop := context.WithCancel(context.Background())
	db.stopChecks = stop
	db.checks.Go(func() { db.watchIdle(checking) })
	if db.unobserve, err = db.observePool(cfg.Telemetry); err != nil {
		return nil, errors.Join(err, db.Close(context.Background()))
	}
	for _, q := range cfg.Queries {
		db.queries = append(db.queries, &pausable{
			Query: q, cooldown: cfg.Cooldown, logger: cfg.Logger.With(zap.String("lookup", q.Name)), onIgnored: cfg.Ignored,
			isRetried: cfg.QueryTimeout > 0 && cfg.Cooldown > 0, scheduled: db.scheduled,
		})
	}
	db.checks.Go(func() { db.watchRefused(checking) })
	return db, nil
}

// Close closes all connections: in order if possible, by force after a second or when ctx ends. Loads should have ended before.
func (db *DB) Close(ctx context.Context) error {
	return errors.Join(db.unobserve(), db.close(ctx))
}

func (db *DB) close(ctx context.Context) error {
	closed := make(chan struct{})
	db.stopChecks()
	db.sockets.giveUp()
	go func() {
		db.checks.Wait()
		db.pool.Close()
		close(closed)
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-closed:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	db.sockets.close()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
