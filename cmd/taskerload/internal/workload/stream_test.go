// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

const streamStep = 250 * time.Millisecond

// batches returns what arrives in some time.
func batches(itemsPerSecond float64, during time.Duration) (all []*Batch) {
	s := NewStream(NewTasks(1, 3000), 1, itemsPerSecond, testStart)
	for until := testStart; until.Before(testStart.Add(during)); {
		until = until.Add(streamStep)
		all = append(all, s.Next(until))
	}
	return all
}

func TestAStreamHasAboutAsManyItemsASecondAsAskedFor(t *testing.T) {
	t.Parallel()
	const perSecond, seconds = 800, 600
	var spans, points, records int
	for _, b := range batches(perSecond, seconds*time.Second) {
		spans, points, records = spans+b.Traces.SpanCount(), points+b.Metrics.DataPointCount(), records+b.Logs.LogRecordCount()
	}
	assert.InEpsilon(t, perSecond*seconds, spans+points+records, 0.05)
	assert.Greater(t, points, 50*seconds)
	assert.Greater(t, records, 50*seconds)
}

func TestWhatArrivesOfANamespaceSwellsAndEbbs(t *testing.T) {
	t.Parallel()
	counts := map[string][]int{} // of spans that name their namespace, in each six seconds
	for i, b := range batches(1500, 2*time.Minute) {
		for s := range items.Spans(b.Traces) {
			if name := named(s.Attributes()); name != "" {
				for len(counts[name]) < 20 {
					counts[name] = append(counts[name], 0)
				}
				counts[name][i/24]++
			}
		}
	}
	require.Len(t, counts, len(namespaces))
	for name, counts := range counts {
		least, most := slices.Min(counts), slices.Max(counts)
		assert.Greater(t, most, least*5/4, name)
		assert.Positive(t, least, name)
	}
}

func TestTheSeriesOfAStreamGrowAndKeepTheirStart(t *testing.T) {
	t.Parallel()
	type last struct {
		at    pcommon.Timestamp
		value float64
	}
	seen := map[string]last{}
	exports := 0
	for _, b := range batches(500, time.Minute) {
		for p := range items.Points(b.Metrics) {
			require.True(t, p.Grows())
			assert.Equal(t, testStart, p.Reading.Start.AsTime())
			if before, again := seen[p.Series()]; again {
				exports++
				assert.Greater(t, p.Numbers[0], before.value)
				assert.Greater(t, p.Reading.Time, before.at)
			}
			seen[p.Series()] = last{p.Reading.Time, p.Numbers[0]}
		}
	}
	assert.Greater(t, exports, 3*len(seen), "a series is exported every ten seconds or so")
}

func TestNoTwoTracesOfAStreamAreTheSame(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	n := 0
	for _, b := range batches(1500, 2*time.Minute) { // more traces than tasks: 5,760
		for s := range items.Spans(b.Traces) {
			seen[s.SpanID().String()] = true
			n++
		}
	}
	assert.Len(t, seen, n)
}

func TestWhatAStreamHasMissedIsNotMadeUpFor(t *testing.T) {
	t.Parallel()
	s := NewStream(NewTasks(1, 3000), 1, 1000, testStart)
	assert.Less(t, s.Next(testStart.Add(time.Hour)).Items(), 2000)
}
