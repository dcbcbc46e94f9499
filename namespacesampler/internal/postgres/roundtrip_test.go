// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// mixed returns n distinct unknown keys, of all kinds in turn.
func mixed(f *fixture, n int) []namespace.Key {
	attributes := []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}
	keys := make([]namespace.Key, n)
	for i := range keys {
		keys[i] = f.key(attributes[i%len(attributes)], fmt.Sprintf("0198f000-0000-7000-8000-%012x", i))
	}
	return keys
}

func TestAThousandKeysOfAllKindsAreOneRoundTripAndAStatementAKind(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openLayout(t, tap.DSN(dsn), Tasker(true))
	observer := connect(t, dsn)
	_, err := pgtest.StatementCalls(t.Context(), observer) // makes the extension
	require.NoError(t, err)
	f.check(ask{"task_uuid", "0198f000-0000-7000-8000-000000000000", unknown}) // connects
	require.NoError(t, pgtest.ResetStatements(t.Context(), observer))
	tap.Reset()

	keys := mixed(f, 1000)
	roundTrips, err := f.Lookup(t.Context(), keys, make([]namespace.Answer, len(keys)))
	require.NoError(t, err)
	assert.Equal(t, 1, roundTrips)
	assert.Equal(t, int64(1), tap.Syncs(), "at the wire")
	assert.Equal(t, int64(3), tap.Executes(), "tasks, steps, correlations")
	calls, err := pgtest.StatementCalls(t.Context(), observer)
	require.NoError(t, err)
	lookups := 0
	for statement, n := range calls {
		if strings.Contains(statement, "task_namespaces") {
			lookups++
			assert.Equal(t, int64(1), n, statement)
		}
	}
	assert.Equal(t, 3, lookups)
}

func TestEveryModeOfExecutionThatTheDSNAsksForWorks(t *testing.T) {
	plain := cluster.NewDatabase(t, taskerdb.Tasker)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, plain), taskerdb.LayoutTasker, taskerdb.Task{
		UUID: "0198f000-0000-7000-8000-00000000000a", Namespace: "payments",
		Steps: []string{"0198f000-1111-7000-8000-00000000000a"},
	}))
	for _, mode := range []string{"exec", "cache_statement", "cache_describe", "describe_exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			dsn := plain + "&default_query_exec_mode=" + mode
			f := openLayout(t, dsn, Tasker(true))
			for range 2 {
				f.check(
					ask{"task_uuid", "0198f000-0000-7000-8000-00000000000A", "payments"},
					ask{"step_uuid", "0198f000-1111-7000-8000-00000000000a", "payments"},
					ask{"correlation_id", "0198f000-0000-7000-8000-00000000000a", unknown},
				)
			}
			broken := Tasker(true)
			broken.Queries[kindStep].SQL = "SELECT id, name FROM missing WHERE id = ANY($1)"
			f = openLayout(t, dsn, broken)
			f.check(
				ask{"task_uuid", "0198f000-0000-7000-8000-00000000000a", "payments"},
				ask{"step_uuid", "0198f000-1111-7000-8000-00000000000a", unavailable},
				ask{"correlation_id", "0198f000-0000-7000-8000-00000000000a", unknown},
			)
		})
	}
}

func TestTheResolverAsksOnceAndFindsWhatIsCommittedLater(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openLayout(t, tap.DSN(dsn), Tasker(true))
	resolver, err := namespace.NewResolver(namespace.ResolverConfig{
		Cache: namespace.CacheConfig{MaxEntries: 1000, TTL: time.Hour, NegativeTTL: 50 * time.Millisecond},
		Wait:  30 * time.Second, LoadTimeout: 30 * time.Second, MaxLoads: 4,
	}, f)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, resolver.Close(context.Background())) })

	const id = "0198f000-0000-7000-8000-00000000000b"
	keys := []namespace.Key{f.key("task_uuid", id)}
	resolve := func() (namespace.Answer, namespace.Counts) {
		answers := make([]namespace.Answer, 1)
		counts := resolver.Resolve(t.Context(), keys, answers)
		return answers[0], counts
	}
	answer, counts := resolve()
	assert.Equal(t, namespace.Unknown, answer.Outcome)
	assert.Equal(t, namespace.Counts{Unknown: 1}, counts)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutTasker,
		taskerdb.Task{UUID: id, Namespace: "orders"}))
	eventually(t, func() bool { answer, _ := resolve(); return answer.Name == "orders" }, "the row is found")

	tap.Reset()
	_, counts = resolve()
	assert.Equal(t, namespace.Counts{Hits: 1}, counts)
	assert.Zero(t, tap.Syncs(), "what is known is not asked for")
}

func TestCloseDoesNotWaitForAQueryThatHangs(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	locker := connect(t, dsn)
	tx, err := locker.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE tasker.tasks IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)

	db, err := Open(Config{
		Pool: PoolConfig{DSN: dsn, MaxConnections: 1, ConnectTimeout: time.Minute}, Queries: Tasker(true).Queries,
		Logger: openLayout(t, dsn, Tasker(true)).queries[0].logger, Telemetry: nowhere,
	})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		key, _ := namespace.NewKey(kindTask, namespace.FormatUUID, "0198f000-0000-7000-8000-00000000000b")
		_, err := db.Lookup(context.Background(), []namespace.Key{key}, make([]namespace.Answer, 1))
		ended <- err
	}()
	observer := connect(t, dsn)
	eventually(t, func() bool {
		var waiting int
		err := observer.QueryRow(context.Background(),
			"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(&waiting)
		return err == nil && waiting == 1
	}, "the query hangs")

	closing, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	_ = db.Close(closing) // may or may not be done in time
	require.Error(t, <-ended, "its socket was closed under it")
	require.NoError(t, db.Close(context.Background()))
	require.NoError(t, tx.Rollback(context.Background()))
}

// TestALoadAfterQuietTimesIsOneRoundTrip: an idle connection is not asked first whether it lives.
func TestALoadAfterQuietTimesIsOneRoundTrip(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, taskerdb.Tasker), Tasker(true))
	conn, err := f.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	assert.False(t, f.pool.Config().ShouldPing(t.Context(), pgxpool.ShouldPingParams{Conn: conn.Conn(), IdleDuration: time.Hour}))
}

func TestConnectionsThatDiedWhileIdleAreReplacedWithinTheLoad(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	f := openLayout(t, dsn+"&pool_min_conns=0", Tasker(true))
	task := ask{"task_uuid", "0198f000-0000-7000-8000-00000000000b", unknown}
	f.check(task)
	exec(t, dsn, endSessions)
	assert.Equal(t, 2, f.check(task), "the dead one is noticed, and another asked")
	assert.Equal(t, 1, f.check(task))
}

func withPassword(t testing.TB, dsn, user, password string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(user, password)
	return u.String()
}

// withHost returns a DSN with another host and port.
func withHost(t testing.TB, dsn, host string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Host = host
	return u.String()
}
