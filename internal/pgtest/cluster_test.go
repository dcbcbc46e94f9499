// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAStoppedClusterLeavesNoProcessAndNoFolder(t *testing.T) {
	c, err := Launch(t.Context())
	require.NoError(t, err)
	conn := connect(t, c.DSN("postgres")) // a backend that does not go by itself
	pids := append(children(c.server.PID()), c.server.PID())
	require.DirExists(t, c.dir)

	require.NoError(t, c.Stop())

	assert.NoDirExists(t, c.dir)
	for _, pid := range pids {
		eventually(t, "a process of the server is still there", func() bool { return !alive(pid) })
	}
	assert.Error(t, conn.Ping(t.Context()))
	assert.Contains(t, c.Log(), "ready to accept connections", "the log outlives the server")
	assert.ErrorContains(t, c.Restart(t.Context()), "the cluster is stopped")
	assert.ErrorContains(t, c.Crash(), "not running")
}

func TestStopMayBeCalledAgainAndByManyAtOnce(t *testing.T) {
	c := Start(t)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			assert.NoError(t, c.Stop())
			assert.NoDirExists(t, c.dir, "Stop returned before the cluster was gone")
		})
	}
	calls.Wait()
	assert.NoError(t, c.Stop())
}

func TestTwoClustersShareNothing(t *testing.T) {
	var a, b *Cluster
	var launches sync.WaitGroup
	launches.Go(func() { a = Start(t) })
	launches.Go(func() { b = Start(t) })
	launches.Wait()

	require.NotEqual(t, a.Addr(), b.Addr())
	a.NewDatabase(t)
	assert.Equal(t, 4, queryInt(t, a.DSN("postgres"), `SELECT count(*) FROM pg_database`))
	assert.Equal(t, 3, queryInt(t, b.DSN("postgres"), `SELECT count(*) FROM pg_database`))
}

func TestAServerThatDoesNotStartIsReportedWithItsLogAndLeavesNothing(t *testing.T) {
	contents := ownTemp(t)
	_, err := Launch(t.Context(), ServerSetting("no_such_setting", "1"))
	require.ErrorContains(t, err, "the server ended while it started")
	require.ErrorContains(t, err, `unrecognized configuration parameter "no_such_setting"`)
	assert.Empty(t, contents())
}

func TestLaunchEndsWithItsContextAndLeavesNothing(t *testing.T) {
	contents := ownTemp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Launch(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, contents())
}

func TestServerSettingWinsOverTheSettingsOfThePackage(t *testing.T) {
	c := Start(t, ServerSetting("work_mem", "77MB"), ServerSetting("timezone", "Asia/Tokyo"))
	conn := connect(t, c.DSN("postgres"))
	for name, want := range map[string]string{
		"work_mem": "77MB", "timezone": "Asia/Tokyo", "fsync": "off", "server_encoding": "UTF8",
	} {
		var got string
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got))
		assert.Equal(t, want, got, name)
	}
}

func TestCommittedDataSurvivesACrash(t *testing.T) {
	c := Start(t)
	dsn := c.NewDatabase(t, `CREATE TABLE kept (n int)`)
	victim := connect(t, dsn)
	_, err := victim.Exec(t.Context(), `INSERT INTO kept SELECT generate_series(1, 1000)`)
	require.NoError(t, err)
	addr, pids := c.Addr(), append(children(c.server.PID()), c.server.PID())

	require.NoError(t, c.Crash())
	for _, pid := range pids {
		assert.False(t, alive(pid), "process %d outlived the crash", pid)
	}
	assert.Error(t, victim.Ping(t.Context()))
	_, err = pgx.Connect(t.Context(), dsn)
	require.Error(t, err, "a crashed server accepts no connections")
	assert.ErrorContains(t, c.Crash(), "not running")

	require.NoError(t, c.Restart(t.Context()))
	assert.Equal(t, addr, c.Addr())
	assert.Equal(t, 1000, queryInt(t, dsn, `SELECT count(*) FROM kept`))
	assert.Contains(t, c.Log(), "automatic recovery in progress", "it was a crash")
}

func TestACrashEndsABackendThatIsBusy(t *testing.T) {
	c := Start(t)
	busy := connect(t, c.DSN("postgres"))
	failed := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), `SELECT count(*) FROM generate_series(1, 1e12::bigint)`)
		failed <- err
	}()
	eventually(t, "the query does not run", func() bool {
		return queryInt(t, c.DSN("postgres"),
			`SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1e12%' AND pid <> pg_backend_pid()`) == 1
	})
	require.NoError(t, c.Crash())
	assert.Error(t, <-failed)
	require.NoError(t, c.Restart(t.Context()))
}

func TestRestartShutsARunningServerDownFirst(t *testing.T) {
	c := Start(t)
	dsn := c.NewDatabase(t, `CREATE TABLE kept AS SELECT 42 AS n`)
	before := connect(t, dsn)

	require.NoError(t, c.Restart(t.Context()))

	assert.Error(t, before.Ping(t.Context()))
	assert.Equal(t, 42, queryInt(t, dsn, `SELECT n FROM kept`))
	assert.NotContains(t, c.Log(), "automatic recovery in progress", "it was no crash")
}

func TestACrashedClusterCanBeStopped(t *testing.T) {
	c := Start(t)
	require.NoError(t, c.Crash())
	require.NoError(t, c.Stop())
	assert.NoDirExists(t, c.dir)
}

func TestAPortThatIsTakenIsToldFromOtherFailures(t *testing.T) {
	c := Start(t)
	require.NoError(t, c.Crash())
	c.port = shared.port
	assert.ErrorIs(t, c.Restart(t.Context()), errPortTaken)
}

func TestStartFailsTheTestWhenTheServerDoesNotStart(t *testing.T) {
	r := &recorder{T: t}
	assert.Nil(t, Start(r, ServerSetting("no_such_setting", "1")))
	require.Len(t, r.fatal, 1)
	assert.Contains(t, r.fatal[0], "no_such_setting")
}
