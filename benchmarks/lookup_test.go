// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"
)

// connections is the size of the pools, the default of ours.
const connections = 4

// BenchmarkLookup measures batches of 1,000 keys that nobody has asked for yet, and that Postgres does not know: as one batch of ours,
// and as a query for each key over a pool of the same size, one after the other, as a processor does that looks up span by span. The
// queries are sent as ours are, in the mode that is safe behind a pooler; prepared ones, and as many at once as the pool has
// connections, stand beside it.
func BenchmarkLookup(b *testing.B) {
	b.Run("row=unknown/who=ours", benchmarkBatchOfUnknown)
	b.Run("row=unknown/who=query_per_key", func(b *testing.B) { benchmarkQueryPerKey(b, pgx.QueryExecModeExec, 1) })
	b.Run("row=unknown/who=prepared_query_per_key", func(b *testing.B) { benchmarkQueryPerKey(b, pgx.QueryExecModeCacheStatement, 1) })
	b.Run(fmt.Sprintf("row=unknown/who=prepared_query_per_key_by_%d", connections), func(b *testing.B) {
		benchmarkQueryPerKey(b, pgx.QueryExecModeCacheStatement, connections)
	})
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

// roundTripsOf counts those of a batch at the wire, after one that connects. It is not what is timed, which has no tap in between.
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

func benchmarkQueryPerKey(b *testing.B, mode pgx.QueryExecMode, atOnce int) {
	dsn, _ := newDatabase(b, 1000)
	cfg, err := pgxpool.ParseConfig(dsn)
	require.NoError(b, err)
	cfg.MaxConns, cfg.ConnConfig.DefaultQueryExecMode = connections, mode
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	require.NoError(b, queryEach(b.Context(), pool, tasksOf(unknownTasks()), atOnce)) // connects, and prepares
	var spent time.Duration
	for b.Loop() {
		keys := tasksOf(unknownTasks())
		began := time.Now()
		if err := queryEach(b.Context(), pool, keys, atOnce); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(began)
	}
	report(b, spent)
}

func report(b *testing.B, spent time.Duration) {
	b.Helper()
	perBatch := float64(spent.Nanoseconds()) / float64(b.N)
	b.ReportMetric(perBatch, "ns/op")
	b.ReportMetric(perBatch/float64(standardSpans.items), "ns/item")
}

// namespaceOfTask is what ours asks for tasks, for one of them.
const namespaceOfTask = `SELECT n.name FROM tasker.tasks t JOIN tasker.named_tasks m ON m.named_task_uuid = t.named_task_uuid ` +
	`JOIN tasker.task_namespaces n ON n.task_namespace_uuid = m.task_namespace_uuid WHERE t.task_uuid = $1::text::uuid`

// queryEach asks for each key, with so many under way at once.
func queryEach(ctx context.Context, pool *pgxpool.Pool, keys []string, atOnce int) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range atOnce {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(keys)); i = next.Add(1) - 1 {
				var name string
				if err := pool.QueryRow(ctx, namespaceOfTask, keys[i]).Scan(&name); !errors.Is(err, pgx.ErrNoRows) {
					return fmt.Errorf("task %s: want no row: %q, %w", keys[i], name, err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// asked counts the unknown tasks, none of which is ever asked for twice.
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
