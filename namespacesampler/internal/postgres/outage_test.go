// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// silentServer takes connections and never says anything.
func silentServer(t testing.TB) (dsn string) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return "postgres://postgres@" + listener.Addr().String() + "/postgres?sslmode=disable"
}

func TestAServerThatDoesNotAnswer(t *testing.T) {
	for name, test := range map[string]struct{ connect, load time.Duration }{
		"is given up after the time to connect": {20 * time.Millisecond, time.Minute},
		"is given up with the load":             {time.Minute, 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(Config{
				Pool:    PoolConfig{DSN: silentServer(t), MaxConnections: 1, ConnectTimeout: test.connect},
				Queries: Tasker(true).Queries, Logger: zap.NewNop(), Telemetry: nowhere,
			})
			require.NoError(t, err, "a server that is away is no reason not to start")
			key, _ := namespace.NewKey(kindTask, namespace.FormatUUID, id(1))
			answers := make([]namespace.Answer, 1)
			ctx, cancel := context.WithTimeout(t.Context(), test.load)
			defer cancel()
			began := time.Now()
			roundTrips, err := db.Lookup(ctx, []namespace.Key{key}, answers)
			require.ErrorContains(t, err, "no answer in time")
			assert.Equal(t, namespace.Answer{}, answers[0])
			assert.Zero(t, roundTrips)
			require.NoError(t, db.Close(t.Context()))
			assert.Less(t, time.Since(began), 30*time.Second)
		})
	}
}

// TestAStatementThatTimesOutDoesNotAffectOthers: the server is well, and says so by ending the statement alone.
func TestAStatementThatTimesOutDoesNotAffectOthers(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, `CREATE TABLE held (id text, ns text)`)
	slow := byOrder + ` LIMIT (SELECT 1 FROM pg_sleep(60))`
	locked := `SELECT id, ns FROM held WHERE id = ANY($1)`
	tx, err := connect(t, dsn).Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), `LOCK TABLE held`)
	require.NoError(t, err)

	for name, test := range map[string]struct{ query, setting string }{
		"statement_timeout": {slow, "&statement_timeout=50ms"},
		"lock_timeout":      {locked, "&lock_timeout=50ms"},
	} {
		t.Run(name, func(t *testing.T) {
			f := openLayout(t, dsn+test.setting, Custom([]CustomLookup{{"slow", test.query}, {"order", byOrder}}))
			f.check(ask{"slow", "1", unavailable}, ask{"order", "1", "one"})
			assert.Len(t, f.messages(), 1)
			assert.Equal(t, 1, f.check(ask{"slow", "1", unavailable}, ask{"order", "1", "one"}), "it rests")
		})
	}
}

func TestLookupsWorkAgainAfterTheServerWasDown(t *testing.T) {
	own := pgtest.Start(t)
	f := openLayout(t, own.NewDatabase(t, taskerdb.Tasker), Tasker(true))
	task := ask{"task_uuid", id(1), unknown}
	f.check(task)
	require.NoError(t, own.Crash())
	down := task
	down.want = unavailable
	for range 2 {
		_, err := f.lookup(down)
		require.EqualError(t, err, "failed to connect: connection refused")
	}
	require.NoError(t, own.Restart(t.Context()))
	f.check(task)
	assert.Empty(t, f.messages(), "an outage is no refusal of a lookup")
}

func TestConnectionsAreNoMoreThanConfigured(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openLayout(t, tap.DSN(dsn)+"&pool_max_conns=50", Tasker(true))
	var calls sync.WaitGroup
	for range 64 {
		calls.Go(func() { f.check(ask{"task_uuid", id(1), unknown}) })
	}
	calls.Wait()
	assert.LessOrEqual(t, tap.Connections(), int64(4))
	assert.Equal(t, int64(64), tap.Syncs())
}

func TestConnectionsHaveAnApplicationName(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE VIEW me AS SELECT current_setting('application_name') AS ns`)
	layout := Custom([]CustomLookup{{"me", `SELECT k, ns FROM me, unnest($1::text[]) k`}})
	openLayout(t, dsn, layout).check(ask{"me", "1", "namespace_sampler"})
	openLayout(t, dsn+"&application_name=mine", layout).check(ask{"me", "1", "mine"})
}

// TestAFirstHostThatHangs delays the first connections only: each host has its own share of time.
func TestAFirstHostThatHangs(t *testing.T) {
	const timeout = 500 * time.Millisecond
	dsn := cluster.NewDatabase(t, ordersScript)
	real, err := url.Parse(dsn)
	require.NoError(t, err)
	hanging, err := url.Parse(silentServer(t))
	require.NoError(t, err)
	layout := Custom([]CustomLookup{{"order", byOrder}})
	db, err := Open(Config{
		Pool:    PoolConfig{DSN: withHost(t, dsn, hanging.Host+","+real.Host), MaxConnections: 4, ConnectTimeout: timeout},
		Queries: layout.Queries, Logger: zap.NewNop(), Telemetry: nowhere,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	f := &fixture{DB: db, t: t, layout: layout}

	began := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- db.Listen(ctx, Listening{
			Channel: "changes", Timeout: timeout, Check: time.Minute, Began: func() { close(began) }, Heard: func() {},
		})
	}()
	within(t, began)
	stop()
	require.ErrorIs(t, within(t, ended), context.Canceled)

	eventually(t, func() bool { return db.pool.Stat().IdleConns() >= 2 }, "connections stand")
	for range 3 {
		assert.Equal(t, 1, f.check(ask{"order", "1", "one"}))
	}
}

func TestListeningEndsAtOnceWhileAHostHangs(t *testing.T) {
	db, err := Open(Config{
		Pool:   PoolConfig{DSN: silentServer(t) + "&pool_min_conns=0", MaxConnections: 1, ConnectTimeout: time.Hour},
		Logger: zap.NewNop(), Telemetry: nowhere,
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.Listen(ctx, Listening{Channel: "changes", Timeout: time.Hour, Check: time.Hour}) }()
	eventually(t, func() bool {
		db.sockets.mu.Lock()
		defer db.sockets.mu.Unlock()
		return len(db.sockets.open) == 1
	}, "connecting")
	stop()
	require.ErrorIs(t, within(t, ended), context.Canceled)
	require.NoError(t, db.Close(t.Context()))
}
