// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fromCache is ours where spans have tasks to look their namespace up by, and the cache has them all. The namespace that is kept
// at any rate makes all of them worth a look; without it, only those would be looked up that rate 0.1 can keep.
type fromCache struct {
	keys    settings
	batches int // whose tasks the cache has
}

// Name is that of ours.
func (fromCache) Name() string { return "ours" }

// Start fills the cache, and sees to it that nothing is asked once it is full.
func (c fromCache) Start(tb testing.TB) func(ptrace.Traces) {
	tb.Helper()
	tasks := c.batches * resolvedSpans.items
	dsn, tap := newDatabase(tb, 2*tasks) // allocations are compared to those of a batch of twice the size
	p := ours(c.keys)
	maps.Copy(p.keys, resolving(tap.DSN(dsn)))
	consume := p.Start(tb)
	const atOnce = 2000
	for first := 0; first < 2*tasks; first += atOnce {
		consume(resolvedSpans.with(func(s *spanShape) { s.first, s.items = first, atOnce }).batch())
	}
	assert.Equal(tb, int64(2*tasks/atOnce), tap.Syncs(), "one round trip a batch")
	tap.Reset()
	tb.Cleanup(func() { assert.Zero(tb, tap.Syncs(), "nothing is asked while it is measured") })
	return consume
}

// resolvedSpans is the standard batch, with a task in the place of each namespace.
var resolvedSpans = standardSpans.with(func(s *spanShape) { s.place = byTask })
