// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkLookup measures batches of 1,000 keys that are not cached and that Postgres does not know: as one batch of the processor,
// and as a query for each key, one after the other, as a processor that looks up span by span does it. The queries use the
// processor's query mode, which is safe with a connection pooler. Prepared queries are measured for comparison.
func BenchmarkLookup(b *testing.B) {
	b.Run("who=ours", benchmarkBatchOfUnknown)
	b.Run("who=query_per_key", func(b *testing.B) { benchmarkQueryPerKey(b, pgx.QueryExecModeExec) })
	b.Run("who=prepared_query_per_key", func(b *testing.B) { benchmarkQueryPerKey(b, pgx.QueryExecModeCacheStatement) })
}

func benchmarkBatchOfUnknown(b *testing.B) {
	dsn, tap := newDatabase(b, 1000)
	roundTrips := roundTripsOf(b, tap.DSN(dsn), tap.Syncs)
	consume := resolvingAtOnce(dsn).Start(b)
	consume(unknownTasks()) // connects
	var spent time.Duration
	for b.Loop() {
		td := unknownTasks()
		began := time.Now()
		consume(td)
		spent += time.Since(began)
	}
	report(b, spent)
	b.ReportMetric(roundTrips, "round-trips/op")
}

// roundTripsOf counts the round trips of a batch on the wire. It uses an instance of its own, because the tap costs time.
func roundTripsOf(tb testing.TB, dsn string, syncs func() int64) float64 {
	tb.Helper()
	consume := resolvingAtOnce(dsn).Start(tb)
	consume(unknownTasks())
	before := syncs()
	consume(unknownTasks())
	return float64(syncs() - before)
}

// resolvingAtOnce looks up every key of a batch.
func resolvingAtOnce(dsn string) spanProcessor {
	p := ours(bySpan())
	maps.Copy(p.keys, resolving(dsn))
	return p
}

func benchmarkQueryPerKey(b *testing.B, mode pgx.QueryExecMode) {
	dsn, _ := newDatabase(b, 1000)
	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(b, err)
	cfg.DefaultQueryExecMode = mode
	conn, err := pgx.ConnectConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, conn.Close(context.Background())) })
	require.NoError(b, queryEach(b.Context(), conn, tasksOf(unknownTasks()))) // prepares, if the mode does
	var spent time.Duration
	for b.Loop() {
		keys := tasksOf(unknownTasks())
		began := time.Now()
		if err := queryEach(b.Context(), conn, keys); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(began)
	}
	report(b, spent)
}

func report(b *testing.B, spent time.Duration) {
	b.Helper()
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/op")
	b.ReportMetric(float64(b.N*resolvedSpans.items)/spent.Seconds(), "keys/s")
}

// namespaceOfTask is the processor's query for tasks, for one task.
const namespaceOfTask = `SELECT n.name FROM tasker.tasks t JOIN tasker.named_tasks m ON m.named_task_uuid = t.named_task_uuid ` +
	`JOIN tasker.task_namespaces n ON n.task_namespace_uuid = m.task_namespace_uuid WHERE t.task_uuid = $1::text::uuid`

// queryEach asks for each key. A key that Postgres knows is an error.
func queryEach(ctx context.Context, conn *pgx.Conn, keys []string) error {
	for _, key := range keys {
		var name string
		if err := conn.QueryRow(ctx, namespaceOfTask, key).Scan(&name); !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("task %s: want no row, got %q, %w", key, name, err)
		}
	}
	return nil
}

// asked counts the unknown tasks. None is asked for twice.
var asked int

// unknownTasks returns the standard batch with a new task in place of each namespace.
func unknownTasks() ptrace.Traces {
	td := resolvedSpans.batch()
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		asked++
		span.Attributes().PutStr("task_uuid", fmt.Sprintf("0198f000-0000-7000-9000-%012x", asked))
	}
	return td
}

func tasksOf(td ptrace.Traces) []string {
	tasks := make([]string, 0, td.SpanCount())
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		task, _ := span.Attributes().Get("task_uuid")
		tasks = append(tasks, task.Str())
	}
	return tasks
}
