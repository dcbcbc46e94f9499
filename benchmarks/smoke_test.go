// SPDX-License-Identifier: Apache-2.0

//go:build unix && !race

package benchmarks

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestTheFloorKeepsWhatOursKeeps: it is a floor only if it does the same work.
func TestTheFloorKeepsWhatOursKeeps(t *testing.T) {
	for _, row := range spanRows() {
		t.Run(row.name, func(t *testing.T) {
			data := row.shape.batch()
			putEdges(data, row.shape)
			kept := map[string][]any{}
			for _, c := range row.contenders[:2] {
				batch := spanSignal.copyOf(data)
				c.Start(t)(batch)
				for _, id := range spanIDs(batch) {
					kept[c.Name()] = append(kept[c.Name()], id)
				}
			}
			require.NotEmpty(t, kept["ours"])
			require.Less(t, len(kept["ours"]), data.SpanCount())
			assert.Equal(t, kept["floor"], kept["ours"])
		})
	}
}

// putEdges has the first two spans right at the threshold and right below it, and the last trace, which any rate below 1 drops, in the
// namespace that is kept.
func putEdges(td ptrace.Traces, shape spanShape) {
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i, randomness := range []uint64{floorThreshold, floorThreshold - 1} {
		id := pcommon.TraceID{0: 1}
		binary.BigEndian.PutUint64(id[8:], randomness)
		spans.At(i).SetTraceID(id)
	}
	if shape.place == byTask {
		return // a task in that namespace would be another row
	}
	for i := shape.items - shape.spansPerTrace; i < shape.items; i++ {
		spans.At(i).SetTraceID(pcommon.TraceID{0: 2})
		spans.At(i).Attributes().PutStr("namespace", keptNamespace)
	}
}

// mostAllocations are the budgets that do not depend on the machine.
var mostAllocations = map[string]allocs{
	"ratio":         {},
	"remembered_1":  {},
	"remembered_20": {},
	"stamped":       {perItem: 1, perKept: 1},
	"resolved_1":    {perItem: 1, perKept: 2}, // of which one is the growth of the attributes
	"resolved_20":   {perItem: 1, perKept: 2},
}

func TestAllocationsAreWithinTheBudgets(t *testing.T) {
	for _, row := range spanRows() {
		t.Run(row.name, func(t *testing.T) {
			found := allocationsOf(t, spanSignal, row.contenders[0], row.shape.batch(),
				row.shape.with(func(s *spanShape) { s.items *= 2 }).batch())
			most, ok := mostAllocations[row.name]
			require.True(t, ok, "every row has a budget")
			assert.LessOrEqual(t, found.perItem, most.perItem, "an item")
			assert.LessOrEqual(t, found.perKept, most.perKept, "an item that is kept")
		})
	}
}

func TestAllocationsOfPointsAreWithinTheBudget(t *testing.T) {
	found := allocationsOf(t, pointSignal, oursOnPoints(nil), standardPoints.batch(),
		standardPoints.with(func(s *pointShape) { s.items *= 2 }).batch())
	assert.Zero(t, found.perItem)
}

func allocationsOf[D any](t *testing.T, s signal[D], c contender[D], data, twice D) allocs {
	t.Helper()
	return s.allocations(t, c.Start(t), data, twice)
}
