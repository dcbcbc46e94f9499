// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"cmp"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fromCache is the processor with a cache that has the tasks of all spans. Because of the override for keptNamespace, every
// span must be looked up; without it, only the spans that rate 0.1 can keep would be.
type fromCache struct {
	name    string // "ours" if empty
	keys    settings
	batches int // whose tasks are cached
}

// Name implements contender.
func (c fromCache) Name() string { return cmp.Or(c.name, "ours") }

// Start implements contender.
func (c fromCache) Start(tb testing.TB) func(ptrace.Traces) {
	tb.Helper()
	return startCached(tb, c, func(keys settings) contender[ptrace.Traces] { return ours(keys) }, spanShape.batch)
}

// fromCacheOnLogs is fromCache for log records.
type fromCacheOnLogs struct{ fromCache }

func (c fromCache) onLogs() fromCacheOnLogs { return fromCacheOnLogs{c} }

// Name implements contender.
func (c fromCacheOnLogs) Name() string { return onLogs(c.fromCache.Name()) }

// Start implements contender.
func (c fromCacheOnLogs) Start(tb testing.TB) func(plog.Logs) {
	tb.Helper()
	return startCached(tb, c.fromCache, func(keys settings) contender[plog.Logs] { return oursOnLogs(keys) }, spanShape.logs)
}

// startCached fills the cache and checks at the end of the test that Postgres was not asked again.
func startCached[D any](tb testing.TB, c fromCache, processor func(settings) contender[D], batch func(spanShape) D) func(D) {
	tb.Helper()
	tasks := c.batches * resolvedSpans.items
	dsn, tap := newDatabase(tb, 2*tasks) // allocations are also measured with a batch of twice the size
	keys := resolving(tap.DSN(dsn))
	maps.Copy(keys, c.keys)
	consume := processor(keys).Start(tb)
	const atOnce = 2000
	for first := 0; first < 2*tasks; first += atOnce {
		consume(batch(resolvedSpans.with(func(s *spanShape) { s.first, s.items = first, atOnce })))
	}
	assert.Equal(tb, int64(2*tasks/atOnce), tap.Syncs(), "one round trip a batch")
	tap.Reset()
	tb.Cleanup(func() { assert.Zero(tb, tap.Syncs(), "nothing is asked while it is measured") })
	return consume
}

// resolvedSpans is the standard batch with a task in place of each namespace.
var resolvedSpans = standardSpans.with(func(s *spanShape) { s.place = byTask })
