// SPDX-License-Identifier: Apache-2.0

//go:build !race

package namespacesampler

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Allocations do not depend on how fast or busy a machine is, so tests hold the walks to them. The race detector makes
// allocations of its own, and a collection may take the pools' memory: both are kept out.

func TestSpansWithNamespacesAllocateNothing(t *testing.T) {
	p := newTracesProcessor(benchRuntime(t, nil))
	assertAllocates(t, 0, benchSpans, func(td ptrace.Traces) { _, _ = p.process(t.Context(), td) })
}

func TestPointsWithNamespacesAllocateNothing(t *testing.T) {
	for _, settings := range pointSettings {
		for _, typ := range pointTypes {
			t.Run(settings.name+" "+typ.String(), func(t *testing.T) {
				p := newMetricsProcessor(benchRuntime(t, settings.change))
				assertAllocates(t, settings.most[typ], func() pmetric.Metrics { return settings.batch(typ) },
					func(md pmetric.Metrics) { _, _ = p.process(t.Context(), md) })
			})
		}
	}
}

// assertAllocates walks over fresh batches of 1,000 items. What the instruments allocate for a batch is allowed,
// which is far from one allocation per item.
func assertAllocates[D any](t *testing.T, most float64, batch func() D, walk func(D)) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const runs = 20
	batches := make([]D, runs+2) // one to make the working memory, one that AllocsPerRun does not count
	for i := range batches {
		batches[i] = batch()
	}
	next := 0
	step := func() {
		walk(batches[next])
		next++
	}
	step()
	assert.LessOrEqual(t, testing.AllocsPerRun(runs, step), most+1, "for a batch of %d items", benchItems)
}
