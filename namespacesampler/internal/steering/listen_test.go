// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"context"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// listener returns the address of a server, and its listener, which ends with the test.
func listener(t *testing.T) (string, net.Listener) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), l
}

// behind returns the DSN with another host in front of its own.
func behind(t *testing.T, host, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Host = host + "," + u.Host
	return u.String()
}

const notListening = "not listening for changes of runtime overrides; until that works, they apply after the interval"

// A first host that takes connections and never answers must not use up the time of the second one.
func TestOverridesAreNotifiedThoughTheFirstHostOfTheDSNHangs(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	hanging, _ := listener(t)
	s := d.steer(options{rates: RatesConfig{Global: 0.1}, dsn: behind(t, hanging, d.dsn), timeout: 500 * time.Millisecond})
	eventually(t, func() bool { return s.logged(listening) > 0 && s.reads.Load() > 0 }, "listening")
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 1)`)
	eventually(t, func() bool { return s.spanRate("payments").Rule != rate.Global }, "in force")
}

// dropping is a server that closes each connection. It returns how many there were.
func dropping(t *testing.T) (host string, connections *atomic.Int64) {
	t.Helper()
	host, l := listener(t)
	connections = new(atomic.Int64)
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		accepting.Wait()
	})
	return host, connections
}

func TestAFailureToListenIsLoggedOnceFromTheStart(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	host, connections := dropping(t)
	s := d.steer(options{dsn: "postgres://postgres@" + host + "/none?sslmode=disable&pool_min_conns=0"})
	eventually(t, func() bool { return s.logged(notListening) > 0 }, "the first attempt has failed")
	before := connections.Load()
	eventually(t, func() bool { return connections.Load() >= before+4 }, "several more attempts")
	logged := s.logs.FilterMessage(notListening).All()
	require.Len(t, logged, 1)
	assert.Equal(t, "info", logged[0].Level.String(), "a failure to read is the warning")
	assert.NotEmpty(t, logged[0].ContextMap()["error"], "with the reason")
}

func TestAFailureToListenIsLoggedOnceEachTimeThatItLasts(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{dsn: d.dsn + "&pool_min_conns=0"})
	s.awaitListening()
	for n := range 2 {
		require.NoError(t, d.cluster.Crash())
		eventually(t, func() bool { return s.logged(notListening) == n+1 }, "it broke, and cannot be restored")
		require.NoError(t, d.cluster.Restart(t.Context()))
		eventually(t, func() bool { return s.logged(listening) == n+2 }, "it is restored")
	}
	assert.Equal(t, 2, s.logged(notListening))
}

// One line tells of an outage and what it causes (C8).
func TestInAnOutageThatIsLoggedNothingIsLoggedOfItsConsequences(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	var isOutage atomic.Bool
	s := d.steer(options{dsn: d.dsn + "&pool_min_conns=0", interval: 20 * time.Millisecond, isOutage: isOutage.Load})
	s.awaitListening()
	eventually(t, func() bool { return s.Overrides.State().Err == nil }, "the table is read")
	before := s.logs.FilterLevelExact(zap.InfoLevel).Len()
	isOutage.Store(true)
	require.NoError(t, d.cluster.Crash())
	eventually(t, func() bool { return s.logs.FilterMessageSnippet("the listening connection broke").Len() == 1 }, "it broke")
	eventually(t, func() bool { return s.Overrides.State().Err != nil }, "the table cannot be read")
	eventually(t, func() bool { return s.logged("not listening because of the outage") > 0 }, "it cannot be restored")
	require.NoError(t, d.cluster.Restart(t.Context()))
	eventually(t, func() bool { return s.Overrides.State().Err == nil }, "the table can be read again")
	conn, err := pgx.Connect(t.Context(), d.dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	eventually(t, func() bool {
		var listeners int
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND state = 'idle'
			AND datname = current_database()`).Scan(&listeners))
		return listeners == 1
	}, "it listens again")
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 1)`)
	eventually(t, func() bool { return s.logged("an override is in force") == 1 }, "which is the next line")
	d.exec(`ALTER TABLE namespace_sampling_overrides RENAME TO elsewhere`)
	eventually(t, func() bool { return s.logged(unreadable) == 1 }, "a refusal is no consequence of an outage")
	assert.Equal(t, before+1, s.logs.FilterLevelExact(zap.InfoLevel).Len())
	assert.Equal(t, 1, s.logs.FilterLevelExact(zap.WarnLevel).Len())
}
