// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// growing is a processor of cumulative counters that gets a later export in each batch. Without that, a remainder would ignore them.
type growing struct{ pointProcessor }

func (g growing) Start(tb testing.TB) func(pmetric.Metrics) {
	tb.Helper()
	consume, at := g.pointProcessor.Start(tb), pcommon.Timestamp(1_800_000_000_000_000_000)
	return func(md pmetric.Metrics) {
		at += 1_000_000_000
		for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			for _, dp := range m.Sum().DataPoints().All() {
				dp.SetTimestamp(at)
			}
		}
		consume(md)
	}
}

// oursWithRemainder returns the processor without a remainder and with one, which does not carry the attributes that differ.
func oursWithRemainder(shape pointShape) []contender[pmetric.Metrics] {
	var without []any
	for i := shape.shared; i < shape.attributes-1; i++ {
		without = append(without, fmt.Sprintf("attribute.%d", i))
	}
	with := oursOnPoints(settings{"metrics": settings{"remainder": settings{"enabled": true, "without": without}}})
	with.name = "ours_remainder"
	return []contender[pmetric.Metrics]{growing{oursOnPoints(nil)}, growing{with}}
}

// remainderRows are the shapes in which the remainder is measured: series that few remainders share, and many.
func remainderRows() map[string]pointShape {
	return map[string]pointShape{
		"remainder":     standardPoints.with(func(s *pointShape) { s.perMetric, s.shared = 1000, 5 }),
		"remainder_120": standardPoints.with(func(s *pointShape) { s.perMetric, s.shared = 100, 5 }),
	}
}
