// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"maps"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// awaitStanding waits until n connections are idle, and no others exist.
func (f *fixture) awaitStanding(n int32) {
	f.t.Helper()
	eventually(f.t, func() bool {
		stat := f.pool.Stat()
		return stat.IdleConns() == n && stat.TotalConns() == n
	}, "connections stand")
}

// openSockets returns the network connections that are open.
func (f *fixture) openSockets() map[*socket]struct{} {
	f.sockets.mu.Lock()
	defer f.sockets.mu.Unlock()
	return maps.Clone(f.sockets.open)
}

func TestConnectionsStandBeforeTheFirstLookup(t *testing.T) {
	for setting, want := range map[string]int32{"": 2, "&pool_min_conns=1": 1, "&pool_min_conns=4": 4} {
		t.Run(setting, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, taskerdb.Tasker)
			tap := pgtest.NewTap(t, cluster.Addr())
			f := openLayout(t, tap.DSN(dsn)+setting, Tasker(true))
			f.awaitStanding(want)
			assert.Zero(t, tap.Syncs(), "nothing has been asked")

			assert.Equal(t, 1, f.check(ask{"task_uuid", id(1), unknown}))
			assert.Equal(t, int64(1), tap.Syncs(), "no other round trip comes before the first lookup")
			assert.Equal(t, int64(want), tap.Connections(), "the lookup opens no connection")
		})
	}
}

func TestNoConnectionStandsIfTheDSNSaysSo(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker) + "&pool_min_conns=0&pool_health_check_period=1ms"
	f := openLayout(t, dsn, Tasker(true))
	f.check(ask{"task_uuid", id(1), unknown})
	f.awaitStanding(1)
}

func TestStandingConnectionsAreNoMoreThanTheMaximum(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	for _, setting := range []string{"", "&pool_min_conns=1000000&pool_min_idle_conns=1000000"} {
		pool, err := parsePool(PoolConfig{DSN: dsn + setting, MaxConnections: 1})
		require.NoError(t, err)
		assert.Equal(t, int32(1), pool.MinConns)
		assert.LessOrEqual(t, pool.MinIdleConns, int32(1))
	}
}

// TestConnectionsAreOpenedOnceTheServerIsUp: it may be down when the collector starts.
func TestConnectionsAreOpenedOnceTheServerIsUp(t *testing.T) {
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t, taskerdb.Tasker)
	require.NoError(t, own.Crash())
	f := openLayout(t, dsn+"&pool_health_check_period=10ms", Tasker(true))
	eventually(t, func() bool { return f.pool.Stat().NewConnsCount() > 10 }, "attempts")
	require.NoError(t, own.Restart(t.Context()))
	f.awaitStanding(2)
	assert.Equal(t, 1, f.check(ask{"task_uuid", id(1), unknown}))
}

const endSessions = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'namespace_sampler' ` +
	`AND datname = current_database()`

// TestConnectionsThatEndWhileIdleAreReplacedBeforeTheyAreNeeded by whomever they were ended.
func TestConnectionsThatEndWhileIdleAreReplacedBeforeTheyAreNeeded(t *testing.T) {
	own := pgtest.Start(t)
	for name, end := range map[string]func(dsn string){
		"by an administrator": func(dsn string) { exec(t, dsn, endSessions) },
		"by a restart":        func(string) { require.NoError(t, own.Restart(t.Context())) },
		"by a crash": func(string) {
			require.NoError(t, own.Crash())
			require.NoError(t, own.Restart(t.Context()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := own.NewDatabase(t, taskerdb.Tasker)
			f := openLayout(t, dsn+"&pool_health_check_period=10ms", Tasker(true))
			f.awaitStanding(2)
			before := f.openSockets()
			end(dsn)
			eventually(t, func() bool {
				now := f.openSockets()
				for s := range before {
					if _, ok := now[s]; ok {
						return false
					}
				}
				return true
			}, "they are closed")
			f.awaitStanding(2)
			assert.Equal(t, 1, f.check(ask{"task_uuid", id(1), unknown}))
		})
	}
}

func TestTheServerMayCloseIdleConnections(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	f := openLayout(t, dsn+"&idle_session_timeout=20ms&pool_health_check_period=10ms", Tasker(true))
	eventually(t, func() bool { return f.pool.Stat().NewConnsCount() >= 6 }, "they are opened again")
}

// TestAConnectionThatDiedBeforeItsFirstUseIsReplacedWithinTheLoad, as one that has been used.
func TestAConnectionThatDiedBeforeItsFirstUseIsReplacedWithinTheLoad(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	f := openLayout(t, dsn+"&pool_health_check_period=1h", Tasker(true))
	f.awaitStanding(2)
	exec(t, dsn, endSessions)
	assert.Equal(t, 2, f.check(ask{"task_uuid", id(1), unknown}))
}

// TestConnectionsBeyondTheStandingOnesAreClosedWhenIdle: that they are checked is no use of them.
func TestConnectionsBeyondTheStandingOnesAreClosedWhenIdle(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	f := openTraced(t, dsn+"&pool_health_check_period=10ms&pool_max_conn_idle_time=100ms", Tasker(true))
	var all []*pgxpool.Conn
	for range 4 {
		conn, err := f.pool.Acquire(t.Context())
		require.NoError(t, err)
		all = append(all, conn)
	}
	for _, conn := range all {
		conn.Release()
	}
	require.Equal(t, int32(4), f.pool.Stat().TotalConns())
	f.awaitStanding(2)
	closed := f.metrics()["pgxpool.max_idle_destroys"].Data.(metricdata.Sum[int64]).DataPoints[0]
	assert.GreaterOrEqual(t, closed.Value, int64(2), "and counted; one that is still being closed may count for another")
}

// TestStandingConnectionsAreNotReplacedTogether when their lifetime is over: they were opened together.
func TestStandingConnectionsAreNotReplacedTogether(t *testing.T) {
	const dsn = "postgres://localhost/tasker?pool_max_conn_lifetime=20m"
	pool, err := parsePool(PoolConfig{DSN: dsn, MaxConnections: 4})
	require.NoError(t, err)
	assert.Equal(t, 2*time.Minute, pool.MaxConnLifetimeJitter)
	pool, err = parsePool(PoolConfig{DSN: dsn + "&pool_max_conn_lifetime_jitter=1s", MaxConnections: 4})
	require.NoError(t, err)
	assert.Equal(t, time.Second, pool.MaxConnLifetimeJitter)
}

func TestAPeriodOfChecksThatPgxPanicsOnIsRefused(t *testing.T) {
	for _, period := range []string{"0s", "-1s"} {
		err := ValidateDSN("postgres://user:" + secret + "@localhost/tasker?pool_health_check_period=" + period)
		require.ErrorContains(t, err, "pool_health_check_period must be above 0")
		assert.NotContains(t, err.Error(), secret)
	}
}

// fullServer takes no more connections, so that attempts to connect hang: there is no room for another one in its queue.
func fullServer(t *testing.T) (dsn string) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	last, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = last.Close() })
	return "postgres://postgres@" + address + "/postgres?sslmode=disable"
}

// TestCloseDoesNotWaitForConnectionsThatAreBeingOpened (C3), whether the server does not take them or does not answer.
func TestCloseDoesNotWaitForConnectionsThatAreBeingOpened(t *testing.T) {
	for name, dsn := range map[string]string{"full": fullServer(t), "silent": silentServer(t)} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(Config{
				Pool:    PoolConfig{DSN: dsn + "&connect_timeout=3600", MaxConnections: 4, ConnectTimeout: time.Hour},
				Queries: Tasker(true).Queries, Logger: zap.NewNop(), Telemetry: nowhere,
			})
			require.NoError(t, err)
			eventually(t, func() bool { return db.pool.Stat().ConstructingConns() == 2 }, "connecting")
			require.NoError(t, db.Close(t.Context()))
			assert.Zero(t, db.pool.Stat().TotalConns())
		})
	}
}
