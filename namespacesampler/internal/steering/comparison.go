// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spelling"
)

// comparison compares the overrides in force with the registered namespaces: it counts the namespaces that no override matches, and warns
// of overrides that match no namespace. It keeps which ones these are, to be shown.
//
// With many names and costly patterns this takes long. It works on a goroutine of its own and holds no lock, so that what it finds out
// delays neither overrides nor questions about them, nor the collection of metrics.
type comparison struct {
	rates    *Rates
	registry *RegistryWatch
	skipped  func() []Rejected // rows of the table of runtime overrides
	logger   *zap.Logger
	woken    chan struct{}
	compile  func(patterns ...string) rate.Patterns
	nearest  func(ctx context.Context, name string, names []string) (string, bool)

	unmatched atomic.Pointer[map[string]string] // nil before overrides were compared

	// What the last pass compared. Only run uses it.
	isCompared bool
	overrides  []rate.Override
	names      []string
	verdicts   map[string]verdict // by the key of an override

	skippedRows   []Rejected
	nearOfSkipped map[string]string // the nearest registered names, by the namespace of a skipped row
}

func newComparison(rates *Rates, registry *RegistryWatch, logger *zap.Logger) *comparison {
	return &comparison{
		rates: rates, registry: registry, logger: logger, woken: make(chan struct{}, 1), compile: rate.Compile, nearest: spelling.Nearest,
		skipped: func() []Rejected { return nil },
	}
}

// wake causes a pass. It is called when tables are replaced and when registered namespaces were read, and does not wait.
func (c *comparison) wake() {
	select {
	case c.woken <- struct{}{}:
	default: // a pass is pending already
	}
}

// run compares when it is woken, until ctx ends.
func (c *comparison) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.woken:
			c.pass(ctx)
		}
	}
}

// pass compares what is in force and registered now, unless the same keys, names and skipped rows were compared before. A pass goes on to
// its end though it may be out of date by then: if changes ended it, nothing would be found out while they follow each other faster than passes.
func (c *comparison) pass(ctx context.Context) {
	tables, registry, skipped := c.rates.InForce(), c.registry.State(), c.skipped()
	if registry.ReadAt.IsZero() {
		return
	}
	names := registry.Names
	if c.isCompared && slices.Equal(names, c.names) && slices.EqualFunc(tables.Overrides, c.overrides, isForTheSame) &&
		slices.Equal(skipped, c.skippedRows) {
		return
	}
	counts, ok := countOnGlobalRate(ctx, tables, names)
	if !ok {
		return
	}
	c.registry.onGlobalRate.Store(&counts)
	if len(names) > 0 {
		c.show(ctx, skipped, names, c.warn(ctx, tables.Overrides, names))
	} else { // there is nothing to compare with
		c.unmatched.Store(nil)
	}
	c.isCompared, c.overrides, c.names, c.skippedRows = true, tables.Overrides, names, skipped
}

// isForTheSame reports whether two overrides differ in nothing but their rates, ends, and authors.
func isForTheSame(a, b rate.Override) bool { return a.ID() == b.ID() }

// onGlobalRate is how many registered namespaces no override of each signal matches.
type onGlobalRate map[rate.Signal]int64

// countOnGlobalRate returns false if ctx ends meanwhile.
func countOnGlobalRate(ctx context.Context, tables *Tables, names []string) (counts onGlobalRate, ok bool) {
	counts = onGlobalRate{}
	for _, s := range rate.Signals {
		counts[s] = 0
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, false
		}
		for _, s := range rate.Signals {
			if tables.Of(s).Peek(name).Rule == rate.Global {
				counts[s]++
			}
		}
	}
	return counts, true
}
