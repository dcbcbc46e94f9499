// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"encoding/binary"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// soakItems is how many spans TestSoak sends: 200,000, or as many as the environment says.
func soakItems(t *testing.T) int {
	t.Helper()
	value := os.Getenv("SOAK_ITEMS")
	if value == "" {
		return 200_000
	}
	items, err := strconv.Atoi(strings.ReplaceAll(value, "_", ""))
	require.NoError(t, err, "SOAK_ITEMS")
	return items
}

// TestSoak sends spans of which each ten carry a key that nobody has seen before, many times as many keys as the cache holds.
// Memory is bounded by what the cache holds, and goroutines stay as many as they are.
func TestSoak(t *testing.T) {
	const batchItems, itemsPerKey, senders = 1_000, 10, 4
	items := soakItems(t)
	keys := items / itemsPerKey
	entries := max(1_000, keys/20)
	dsn := samplertest.NewDatabase(t, 100).DSN
	h := samplertest.StartWith(t, samplertest.Load(t, samplertest.WithPostgres(dsn, map[string]any{
		"cache": map[string]any{"max_entries": entries, "negative_ttl": "1h"},
	}, map[string]any{"sample_rate": 0.1, "namespaces": map[string]any{"ns-0": 1}})), func(set *processor.Settings) {
		set.TracerProvider = noop.NewTracerProvider() // the test's own keeps all spans of loads
	})

	send := func(number int) {
		td := ptrace.NewTraces()
		spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		spans.EnsureCapacity(batchItems)
		for i := range batchItems {
			s := spans.AppendEmpty()
			s.SetTraceID(samplertest.RandomID())
			key := number*batchItems/itemsPerKey + i/itemsPerKey
			s.Attributes().PutStr("task_uuid", soakKey(key))
		}
		assert.NoError(t, h.Traces.ConsumeTraces(context.Background(), td))
		h.Spans.Reset() // which keeps what comes out
	}
	var next, heapMost, goroutinesMost atomic.Int64
	batches := items / batchItems
	run := func(until int) {
		var all sync.WaitGroup
		for range senders {
			all.Go(func() {
				for {
					number := int(next.Add(1)) - 1
					if number >= until {
						next.Add(-1)
						return
					}
					send(number)
					goroutinesMost.Store(max(goroutinesMost.Load(), int64(goruntime.NumGoroutine())))
				}
			})
		}
		all.Wait()
		heapMost.Store(max(heapMost.Load(), samplertest.LiveHeap()))
	}

	began := time.Now()
	run(batches / 5) // by then the cache has been full for long
	warm, goroutines := samplertest.LiveHeap(), goroutinesMost.Load()
	for part := 2; part <= 5; part++ {
		run(batches * part / 5)
		t.Logf("%d of %d spans: live heap %.1f MiB, at most %d goroutines", batches*part/5*batchItems, items,
			float64(samplertest.LiveHeap())/(1<<20), goroutinesMost.Load())
	}
	took := time.Since(began)

	counts := h.Counts("lookup_keys")
	asked := counts["unknown"] + counts["resolved"] + counts["hit"] + counts["unavailable"]
	t.Logf("%d spans, %d keys, cache of %d: %s, %.0f spans a second, %d round trips; %d keys unavailable",
		items, asked, entries, took.Round(time.Millisecond), float64(items)/took.Seconds(), h.Counts("lookup_round_trips")[""],
		counts["unavailable"])
	assert.EqualValues(t, keys, asked)
	var counted int64
	for _, n := range h.Counts("spans") {
		counted += n
	}
	assert.EqualValues(t, batches*batchItems, counted, "every span is counted once (C9)")
	assert.LessOrEqual(t, goroutinesMost.Load(), goroutines+8, "goroutines are as many as ever")
	// The cache may still grow a little, and so may the memory of the Go runtime.
	assert.LessOrEqual(t, heapMost.Load(), warm+int64(entries)*200+3<<19, "memory is bounded by cache::max_entries")
}

// soakKey returns the nth key; those below 100 are tasks that Postgres knows.
func soakKey(n int) string {
	if n < 100 {
		return samplertest.TaskID(n)
	}
	var id pcommon.TraceID
	binary.BigEndian.PutUint64(id[:8], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	hex := id.String()
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}
