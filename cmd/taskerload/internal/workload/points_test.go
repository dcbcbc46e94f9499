// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

func TestNoTwoSeriesAreTheSameNorBecomeSoWhenANamespaceIsAdded(t *testing.T) {
	t.Parallel()
	for _, sizes := range []Sizes{{Seed: 1, Tasks: 3000, Series: 6000, DataPoints: 6000}, someWorkflows} {
		with, without := map[string]bool{}, map[string]bool{}
		var first pcommon.Timestamp
		for request := range PointRequests(sizes.NewTasks(), sizes, testStart) {
			for p := range items.Points(request) {
				if first = cmp.Or(first, p.Reading.Time); p.Reading.Time > first {
					break // the second emission
				}
				require.False(t, with[p.Series()], "twice: %s", p)
				with[p.Series()] = true
				if _, present := items.Namespace(p.Attributes); present {
					without[p.SeriesWithoutNamespace()] = true
				}
			}
		}
		assert.Greater(t, len(with), 4000)
		for key := range without {
			require.False(t, with[key], "also there without namespace: %s", key)
		}
	}
}

func TestTheSecondEmissionOfACumulativeSeriesIsLargerAndLater(t *testing.T) {
	t.Parallel()
	tasks := NewTasks(1, 300)
	first := map[string]items.Reading{}
	for request := range PointRequests(tasks, Sizes{Seed: 1, Series: 500, DataPoints: 1000}, testStart) {
		for p := range items.Points(request) {
			before, again := first[p.Series()]
			if !again {
				first[p.Series()] = p.Reading
				continue
			}
			assert.Greater(t, p.Reading.Time, before.Time)
			assert.Equal(t, before.Start, p.Reading.Start)
			assert.NotEqual(t, before.Value, p.Reading.Value)
		}
	}
	assert.Len(t, first, 500)
}
