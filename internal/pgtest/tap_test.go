// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTapCounts(t *testing.T) {
	t.Parallel()
	dsn := shared.NewDatabase(t, `CREATE TABLE a (n int)`)
	batchOf := func(n int) *pgx.Batch {
		batch := &pgx.Batch{}
		for i := range n {
			batch.Queue(`SELECT $1::int`, i)
		}
		return batch
	}
	type counts struct{ syncs, executes, connections int64 }
	tests := map[string]struct {
		mode pgx.QueryExecMode
		do   func(ctx context.Context, conn *pgx.Conn) error
		want counts
	}{
		"a batch of three is one round trip": {
			pgx.QueryExecModeExec,
			func(ctx context.Context, conn *pgx.Conn) error { return conn.SendBatch(ctx, batchOf(3)).Close() },
			counts{syncs: 1, executes: 3},
		},
		"three queries are three round trips": {
			pgx.QueryExecModeExec,
			func(ctx context.Context, conn *pgx.Conn) error {
				for range 3 {
					if _, err := conn.Exec(ctx, `SELECT $1::int`, 1); err != nil {
						return err
					}
				}
				return nil
			},
			counts{syncs: 3, executes: 3},
		},
		"a query that is described first is two": {
			pgx.QueryExecModeDescribeExec,
			func(ctx context.Context, conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, `SELECT $1::int`, 1)
				return err
			},
			counts{syncs: 2, executes: 1},
		},
		"a query in the simple protocol is one": {
			pgx.QueryExecModeSimpleProtocol,
			func(ctx context.Context, conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, `SELECT $1::int`, 1)
				return err
			},
			counts{syncs: 1, executes: 1},
		},
		"messages larger than any buffer are counted once": {
			pgx.QueryExecModeExec,
			func(ctx context.Context, conn *pgx.Conn) error {
				// The text contains bytes that the tap would take for Sync messages if it lost track of message boundaries.
				_, err := conn.Exec(ctx, `SELECT length($1)`, strings.Repeat("S\x04", 1<<20))
				return err
			},
			counts{syncs: 1, executes: 1},
		},
		"a connection is one more": {
			pgx.QueryExecModeExec,
			func(ctx context.Context, conn *pgx.Conn) error {
				second, err := pgx.ConnectConfig(ctx, conn.Config())
				if err != nil {
					return err
				}
				return second.Close(ctx)
			},
			counts{connections: 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tap := NewTap(t, shared.Addr())
			config, err := pgx.ParseConfig(tap.DSN(dsn))
			require.NoError(t, err)
			config.DefaultQueryExecMode = test.mode
			conn, err := pgx.ConnectConfig(t.Context(), config)
			require.NoError(t, err)
			defer func() { _ = conn.Close(context.Background()) }()
			require.Equal(t, counts{connections: 1}, counts{tap.Syncs(), tap.Executes(), tap.Connections()})
			tap.Reset()

			require.NoError(t, test.do(t.Context(), conn))
			assert.Equal(t, test.want, counts{tap.Syncs(), tap.Executes(), tap.Connections()})
		})
	}
}

func TestTapCountsRoundTripsOfAPipeline(t *testing.T) {
	t.Parallel()
	tap := NewTap(t, shared.Addr())
	conn := connect(t, tap.DSN(shared.DSN("postgres"))).PgConn()
	tap.Delay(50 * time.Millisecond)
	tap.Reset()
	for range 2 {
		pipeline := conn.StartPipeline(t.Context())
		for range 10 {
			pipeline.SendQueryParams(`SELECT 1`, nil, nil, nil, nil)
			pipeline.SendPipelineSync()
		}
		require.NoError(t, pipeline.Flush())
		require.NoError(t, pipeline.Close())
	}
	assert.EqualValues(t, 2, tap.Turns())
	assert.EqualValues(t, 20, tap.Syncs())
}

func TestTapPassesARequestForEncryptionThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	tap := NewTap(t, shared.Addr())
	dsn := strings.Replace(tap.DSN(shared.DSN("postgres")), "sslmode=disable", "sslmode=prefer", 1)
	assert.Equal(t, 1, queryInt(t, dsn, `SELECT 1`))
	assert.EqualValues(t, 1, tap.Connections())
	assert.EqualValues(t, 1, tap.Executes())
}

func TestTapPassesARequestToCancel(t *testing.T) {
	t.Parallel()
	tap := NewTap(t, shared.Addr())
	conn := connect(t, tap.DSN(shared.DSN("postgres")))
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), `SELECT pg_sleep(3600)`)
		failed <- err
	}()
	eventually(t, "the query does not run", func() bool {
		return queryInt(t, shared.DSN("postgres"),
			`SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`) == 1
	})
	require.NoError(t, conn.PgConn().CancelRequest(t.Context()))
	assert.ErrorContains(t, <-failed, "canceling statement due to user request")
	assert.EqualValues(t, 1, tap.Connections(), "a request to cancel is no session")
}

func TestTapOutlivesItsServer(t *testing.T) {
	t.Parallel()
	c := Start(t)
	tap := NewTap(t, c.Addr())
	dsn := tap.DSN(c.DSN("postgres"))
	conn := connect(t, dsn)

	require.NoError(t, c.Crash())
	require.Error(t, conn.Ping(t.Context()))
	_, err := pgx.Connect(t.Context(), dsn)
	require.Error(t, err)

	require.NoError(t, c.Restart(t.Context()))
	assert.Equal(t, 1, queryInt(t, dsn, `SELECT 1`))
}

func TestTapTellsTheClientWhyTheServerCloses(t *testing.T) {
	t.Parallel()
	tap := NewTap(t, shared.Addr())
	conn := connect(t, tap.DSN(shared.DSN("postgres")))
	_, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pg_backend_pid())`)
	assert.ErrorContains(t, err, "terminating connection due to administrator command")
}

func TestTapClosesConnectionsThatAreOpen(t *testing.T) {
	t.Parallel()
	var conn *pgx.Conn
	t.Run("while the tap is open", func(t *testing.T) {
		tap := NewTap(t, shared.Addr())
		var err error
		conn, err = pgx.Connect(t.Context(), tap.DSN(shared.DSN("postgres")))
		require.NoError(t, err)
	})
	assert.Error(t, conn.Ping(t.Context()), "the tap is closed")
	_ = conn.Close(context.Background())
}

func TestTapFailsTheTestOfAClientThatUsesTLS(t *testing.T) {
	t.Parallel()
	r := &recorder{T: t}
	tap := NewTap(r, shared.Addr())
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", tap.Addr())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	_, err = client.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01")) // a TLS client hello
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, client) // until the tap closes the connection
	tap.close()
	require.Len(t, r.errors, 1)
	assert.Contains(t, r.errors[0], "use sslmode=disable")
}

func TestTapDSNRequiresAURL(t *testing.T) {
	t.Parallel()
	r := &recorder{T: t}
	tap := NewTap(r, "127.0.0.1:1")
	assert.Equal(t, "postgres://me@"+tap.Addr()+"/db?sslmode=disable",
		tap.DSN("postgres://me@db.example:5432/db?sslmode=disable"))
	assert.Empty(t, tap.DSN("host=db.example user=me"))
	assert.Len(t, r.fatal, 1)
}
