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
type fromCache struct{ keys settings }

// Name is that of ours.
func (fromCache) Name() string { return "ours" }

// Start fills the cache, and sees to it that nothing is asked once it is full.
func (c fromCache) Start(tb testing.TB) func(ptrace.Traces) {
	tb.Helper()
	shape := resolvedSpans.with(func(s *spanShape) { s.items *= 2 })
	dsn, tap := newDatabase(tb, shape.items)
	p := ours(c.keys)
	maps.Copy(p.keys, resolving(tap.DSN(dsn)))
	consume := p.Start(tb)
	consume(shape.batch())
	assert.Equal(tb, int64(1), tap.Syncs(), "one round trip")
	tap.Reset()
	tb.Cleanup(func() { assert.Zero(tb, tap.Syncs(), "nothing is asked while it is measured") })
	return consume
}

// resolvedSpans is the standard batch, with a task in the place of each namespace.
var resolvedSpans = standardSpans.with(func(s *spanShape) { s.place = byTask })
