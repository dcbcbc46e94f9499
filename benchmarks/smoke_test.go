// SPDX-License-Identifier: Apache-2.0

//go:build unix && !race

package benchmarks

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheFloorKeepsWhatOursKeeps: it is a floor only if it does the same work.
func TestTheFloorKeepsWhatOursKeeps(t *testing.T) {
	for _, row := range spanRows() {
		t.Run(row.name, func(t *testing.T) {
			data := row.shape.batch()
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

// mostAllocations are the budgets that do not depend on the machine.
var mostAllocations = map[string]allocs{
	"ratio":         {},
	"remembered_1":  {},
	"remembered_20": {},
	"stamped":       {perItem: 1, perKept: 1},
	"resolved":      {perItem: 1, perKept: 2}, // of which one is the growth of the attributes
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
