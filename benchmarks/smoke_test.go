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

	"github.com/otelcol-tasker/otelcol-tasker/benchmarks/internal/verdict"
)

// The floor is comparable only if it does the same work.
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

// The traces of log records are remembered from spans: then the records need not name their namespace.
func TestOursKeepsLogRecordsWithTheirSpans(t *testing.T) {
	for _, row := range spanRows() {
		t.Run(row.name, func(t *testing.T) {
			spans := row.shape.batch()
			putEdges(spans, row.shape)
			logs, c := logsOf(spans), row.onLogs[0]
			if p, ok := c.(logProcessor); ok && p.before != nil {
				p.before = []ptrace.Traces{spanSignal.copyOf(spans)}
				c = p
				for _, record := range recordsOf(logs) {
					record.Attributes().Remove("namespace")
				}
			}
			row.contenders[0].Start(t)(spans)
			c.Start(t)(logs)
			require.NotZero(t, logs.LogRecordCount())
			assert.Equal(t, spanIDs(spans), spanIDsOfRecords(logs))
		})
	}
}

// putEdges puts the first two spans at the threshold and just below it, and the last trace, which any rate below 1 drops, into the
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

func TestAllocationsAreWithinTheBudgets(t *testing.T) {
	for _, row := range spanRows() {
		t.Run(row.name, func(t *testing.T) {
			checkAllocations(t, row.name, spanSignal, row.contenders[0], row.shape.batch(), row.shape.twice().batch())
			checkAllocations(t, row.name, logSignal, row.onLogs[0], row.shape.logs(), row.shape.twice().logs())
		})
	}
	t.Run("points", func(t *testing.T) {
		twice := standardPoints.with(func(s *pointShape) { s.items *= 2 })
		checkAllocations(t, "points", pointSignal, oursOnPoints(nil), standardPoints.batch(), twice.batch())
	})
}

// checkAllocations compares the allocations of a row to its budgets.
func checkAllocations[D any](t *testing.T, row string, s signal[D], c contender[D], data, twice D) {
	t.Helper()
	found := s.allocations(t, c.Start(t), data, twice)
	checked := 0
	for _, budget := range verdict.Budgets {
		if budget.Benchmark != "Row/row="+row+"/who="+c.Name() {
			continue
		}
		switch budget.Unit {
		case "allocs/item":
			assert.True(t, budget.Bound.Holds(found.perItem), "%v allocations an item", found.perItem)
			checked++
		case "allocs/kept":
			assert.True(t, budget.Bound.Holds(found.perKept), "%v allocations an item that is kept", found.perKept)
			checked++
		}
	}
	assert.Equal(t, 1, checked, "budgets of the row for allocations")
}
