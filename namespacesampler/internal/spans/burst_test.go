// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// together calls f n times at once.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	release := make(chan struct{})
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-release
			f(i)
		})
	}
	ready.Wait()
	close(release)
	done.Wait()
}

// lookupCalls returns how many statements of lookups the server has run.
func lookupCalls(t *testing.T, conn *pgx.Conn) (calls int64) {
	t.Helper()
	all, err := pgtest.StatementCalls(t.Context(), conn)
	require.NoError(t, err)
	for statement, n := range all {
		if strings.Contains(statement, "ANY($1::text[]") {
			calls += n
		}
	}
	return calls
}

func connectTo(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

// TestAThousandSmallRequestsCostFewStatements: distinct keys that nobody knows, all at once, 20 ms away from the server.
func TestAThousandSmallRequestsCostFewStatements(t *testing.T) {
	database := samplertest.NewDatabase(t, 1)
	cluster, dsn := database.Cluster, database.DSN
	conn := connectTo(t, dsn)
	tap := pgtest.NewTap(t, cluster.Addr())
	tap.Delay(20 * time.Millisecond)
	h := samplertest.Start(t, samplertest.WithPostgres(tap.DSN(dsn), nil, nil))
	require.Zero(t, lookupCalls(t, conn)) // makes the extension

	batches := make([]ptrace.Traces, 1_000)
	for i := range batches {
		batches[i] = samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(1_000 + i)}})
	}
	together(len(batches), func(i int) { assert.NoError(t, h.Traces.ConsumeTraces(t.Context(), batches[i])) })

	assert.Equal(t, map[string]int64{"unknown": 1_000}, h.Counts("lookup_keys"))
	calls := lookupCalls(t, conn)
	t.Logf("1,000 requests with a key each: %d statements", calls)
	assert.LessOrEqual(t, calls, int64(50))
	assert.LessOrEqual(t, tap.Connections(), int64(4))
}

// TestManyBatchesThatMissTheSameKeysAskForEachOnce: the query itself notes what it is asked for.
func TestManyBatchesThatMissTheSameKeysAskForEachOnce(t *testing.T) {
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t, `CREATE TABLE asked (key text);
		CREATE FUNCTION note(keys text[]) RETURNS TABLE (key text, namespace text) LANGUAGE sql VOLATILE AS
		'INSERT INTO asked SELECT unnest(keys) RETURNING asked.key, ''ns-0'''`)
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, map[string]any{"lookups": []any{
		map[string]any{"attribute": "order", "query": "SELECT key, namespace FROM note($1)"},
	}}, nil))
	const batches, keys = 64, 1_000
	all := make([]ptrace.Traces, batches)
	for b := range all {
		spans := make([]samplertest.Span, keys)
		for i := range spans {
			spans[i].Attributes = map[string]any{"order": fmt.Sprint("order ", (i+b)%keys)}
		}
		all[b] = samplertest.TracesOf(t, spans...)
	}
	together(batches, func(i int) { assert.NoError(t, h.Traces.ConsumeTraces(t.Context(), all[i])) })

	var asked, distinct int
	require.NoError(t, connectTo(t, dsn).QueryRow(t.Context(), `SELECT count(*), count(DISTINCT key) FROM asked`).Scan(&asked, &distinct))
	assert.Equal(t, keys, distinct)
	assert.Equal(t, keys, asked, "each once")
	counts := h.Counts("lookup_keys")
	assert.EqualValues(t, batches*keys, counts["resolved"]+counts["hit"])
	assert.Equal(t, batches*keys, h.Spans.SpanCount())
}
