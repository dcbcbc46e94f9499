// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

var growingSizes = Sizes{Seed: 1, Tasks: 300, Series: 100, DataPoints: 200}

func TestGrowingSeriesAppearLateAndStartAgain(t *testing.T) {
	t.Parallel()
	type last struct {
		reading items.Reading
		value   float64
		exports int
	}
	series := map[string]*last{}
	exports := map[string][]pcommon.Timestamp{} // of each process
	var late, lower, higher, same int
	for _, request := range growingSizes.GrowingRequests(NewTasks(1, growingSizes.Tasks), testStart) {
		require.Equal(t, 1, request.ResourceMetrics().Len(), "one process")
		instance, _ := request.ResourceMetrics().At(0).Resource().Attributes().Get("service.instance.id")
		seen := 0
		for p := range items.Points(request) {
			seen++
			times := exports[instance.Str()]
			if seen == 1 {
				exports[instance.Str()] = append(times, p.Reading.Time)
			} else {
				require.Equal(t, times[len(times)-1], p.Reading.Time, "all points of an export have one time")
			}
			require.True(t, p.Grows())
			require.True(t, carries(p, "correlation_id"))
			before := series[p.Series()]
			if before == nil {
				before = &last{reading: p.Reading}
				series[p.Series()] = before
				if len(exports[instance.Str()]) > 1 {
					late++
				} else {
					require.Less(t, p.Reading.Start.AsTime(), testStart.Add(-24*time.Hour), "it has counted for long")
				}
			}
			switch {
			case before.exports == 0:
			case p.Reading.Start == before.reading.Start:
				require.GreaterOrEqual(t, p.Numbers[0], before.value)
				if p.Numbers[0] == before.value {
					same++
				}
			default:
				require.Greater(t, p.Reading.Start, before.reading.Time)
				require.Less(t, p.Reading.Start, p.Reading.Time)
				if p.Numbers[0] < before.value {
					lower++
				} else {
					higher++
				}
			}
			before.reading, before.value, before.exports = p.Reading, p.Numbers[0], before.exports+1
		}
		for _, s := range series {
			require.LessOrEqual(t, s.exports, growingExports)
		}
	}
	assert.GreaterOrEqual(t, len(exports), 4)
	for _, times := range exports {
		assert.Len(t, times, growingExports)
		assert.IsIncreasing(t, times)
	}
	assert.Greater(t, len(series), 250)
	for what, n := range map[string]int{"late": late, "lower": lower, "higher": higher, "same": same} {
		assert.Greater(t, n, 10, what)
	}
}

func carries(p *items.Point, name string) bool {
	_, ok := p.Attributes.Get(name)
	return ok
}

func TestGrowingSeriesAreOthersInEachRun(t *testing.T) {
	t.Parallel()
	all := map[string]bool{}
	tasks := NewTasks(1, growingSizes.Tasks)
	for _, start := range []time.Time{testStart, testStart.Add(time.Second)} {
		own := map[string]bool{}
		for _, request := range growingSizes.GrowingRequests(tasks, start) {
			for p := range items.Points(request) {
				own[p.Series()] = true
			}
		}
		for key := range own {
			require.False(t, all[key], key)
			all[key] = true
		}
	}
	assert.NotEmpty(t, all)
}

func TestOnlyLoadsOfSingleTasksWithDataPointsGrow(t *testing.T) {
	t.Parallel()
	assert.Empty(t, Sizes{Seed: 1, Tasks: 10, Spans: 10}.GrowingRequests(NewTasks(1, 10), testStart))
	assert.Empty(t, someWorkflows.GrowingRequests(someWorkflows.NewTasks(), testStart))
	few := Sizes{Seed: 1, Tasks: 1, Series: 1, DataPoints: 1}
	assert.NotEmpty(t, few.GrowingRequests(few.NewTasks(), testStart), "one task")
}
