// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// hang has the table locked by others, and the role allowed to read it, so that a retry does not end.
func hang(t testing.TB, dsn string) (release func()) {
	exec(t, dsn, `GRANT SELECT ON orders TO refused`)
	tx, err := connect(t, dsn).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE orders`)
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback(t.Context())) }
}

func TestARetryThatHangsIsGivenUpAndRepeated(t *testing.T) {
	dsn := cluster.NewDatabase(t, roleScript, ordersScript, `REVOKE SELECT ON orders FROM refused`)
	f := openRetrying(t, asRefused(t, dsn), Custom([]CustomLookup{{"order", byOrder}, {"job", byJob}}), never, 50*time.Millisecond)
	f.check(ask{"order", "1", unavailable})
	release := hang(t, dsn)
	f.awaitRetry()
	require.ErrorContains(t, f.state().Err, "permission denied", "the last refusal")
	f.check(ask{"job", id(1), "nightly"})
	release()
	eventually(t, func() bool {
		f.retry()
		return f.state().Err == nil
	}, "it works within the time of a retry")
}

func TestARetryEndsWithTheDatabase(t *testing.T) {
	dsn := cluster.NewDatabase(t, roleScript, ordersScript)
	layout := Custom([]CustomLookup{{"order", byOrder}})
	for name, hangs := range map[string]bool{"while it is scheduled": false, "while it runs": true} {
		t.Run(name, func(t *testing.T) {
			exec(t, dsn, `REVOKE SELECT ON orders FROM refused`)
			db, err := Open(Config{
				Pool:    PoolConfig{DSN: asRefused(t, dsn), MaxConnections: 4, ConnectTimeout: 10 * time.Second},
				Queries: layout.Queries, Cooldown: time.Minute, QueryTimeout: never, Logger: zap.NewNop(), Telemetry: nowhere,
			})
			require.NoError(t, err)
			f := &fixture{DB: db, t: t, layout: layout}
			db.now = func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
			f.check(ask{"order", "1", unavailable})
			require.False(t, db.nextRetry().IsZero())
			if hangs {
				defer hang(t, dsn)()
				f.retry()
				eventually(t, func() bool { return db.pool.Stat().AcquiredConns() == 1 }, "it waits for the lock")
				db.stopChecks() // as Close does first
				eventually(t, func() bool { return db.pool.Stat().AcquiredConns() == 0 }, "it ends before connections are closed by force")
			}
			require.NoError(t, db.Close(t.Context()))
		})
	}
}

func TestRetriesOfAStatementThatTakesLongAreRare(t *testing.T) {
	for _, test := range []struct{ cooldown, took, want time.Duration }{
		{5 * time.Second, 0, 2 * time.Second},
		{5 * time.Second, 400 * time.Millisecond, 2 * time.Second},
		{5 * time.Second, 700 * time.Millisecond, 3500 * time.Millisecond},
		{5 * time.Second, 2 * time.Second, 5 * time.Second},
		{time.Second, 0, time.Second},
		{time.Second, 2 * time.Second, time.Second},
		{time.Minute, 10 * time.Second, 50 * time.Second},
	} {
		assert.Equal(t, test.want, (&pausable{cooldown: test.cooldown}).retryWait(test.took), test)
	}
}
