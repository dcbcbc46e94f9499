// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// figures are the numbers of a point: integers, counts and buckets, which add up exactly, and floats, which do so nearly.
type figures struct {
	whole  []int64
	floats []float64
}

func figuresOf(t testing.TB, p harness.Point) (n figures, start, end pcommon.Timestamp) {
	t.Helper()
	switch dp := p.Data.(type) {
	case pmetric.NumberDataPoint:
		if dp.ValueType() == pmetric.NumberDataPointValueTypeDouble {
			n.floats = []float64{dp.DoubleValue()}
		} else {
			n.whole = []int64{dp.IntValue()}
		}
		return n, dp.StartTimestamp(), dp.Timestamp()
	case pmetric.HistogramDataPoint:
		n.whole = []int64{int64(dp.Count())}
		for _, count := range dp.BucketCounts().All() {
			n.whole = append(n.whole, int64(count))
		}
		require.Equal(t, []float64{5, 10, 25, 50, 100}, dp.ExplicitBounds().AsRaw())
		require.True(t, dp.HasSum())
		n.floats = []float64{dp.Sum()}
		return n, dp.StartTimestamp(), dp.Timestamp()
	}
	require.Failf(t, "a point of a type that nobody sent", "%s", p.Metric.Name())
	return n, 0, 0
}

// plus returns the sum with a multiple of other figures of the same kind, or of none.
func (n figures) plus(sign int, other figures) figures {
	sum := figures{slices.Clone(other.whole), slices.Clone(other.floats)}
	for i := range sum.whole {
		sum.whole[i] *= int64(sign)
		if n.whole != nil {
			sum.whole[i] += n.whole[i]
		}
	}
	for i := range sum.floats {
		sum.floats[i] *= float64(sign)
		if n.floats != nil {
			sum.floats[i] += n.floats[i]
		}
	}
	return sum
}

// falls reports whether any figure is lower than before.
func (n figures) falls(before figures) bool {
	return slices.ContainsFunc(n.plus(-1, before).whole, func(d int64) bool { return d < 0 }) ||
		slices.ContainsFunc(n.plus(-1, before).floats, func(d float64) bool { return d < 0 })
}

// arrived is a series as it arrived: its points by time.
type arrived struct {
	group   string            // what a remainder carries, too
	labels  map[string]string // the same, and the metric's name
	id      string            // of a remainder, else empty
	samples []sampled
}

type sampled struct {
	figures
	start, end pcommon.Timestamp
}

func (s *arrived) last() sampled { return s.samples[len(s.samples)-1] }

// identify returns the attributes of a point and its resource and the metric's name, less those of single tasks, as text too; and what is
// special of the series.
func identify(p harness.Point) (group string, labels map[string]string, task, id string) {
	labels = map[string]string{"metric": p.Metric.Name()}
	for _, attributes := range []pcommon.Map{p.Resource.Attributes(), p.Attributes} {
		for key, v := range attributes.All() {
			switch key {
			case "task_uuid":
				task = v.Str()
			case remainderID:
				id = v.Str()
			default:
				labels[key] = v.AsString()
			}
		}
	}
	return groupBy(labels, keptAttributes...), labels, task, id
}

// keptAttributes are all that a remainder carries besides its own.
var keptAttributes = []string{"service.instance.id", "namespace", "step_name"}

// groupBy returns the values of attributes and the metric, as `sum by` groups by them.
func groupBy(labels map[string]string, by ...string) string {
	values := []string{labels["metric"]}
	for _, key := range by {
		values = append(values, labels[key])
	}
	return strings.Join(values, " ")
}

// seriesOf returns the series of points.
func seriesOf(t testing.TB, points []harness.Point) map[string]*arrived {
	t.Helper()
	all := map[string]*arrived{}
	for _, p := range points {
		group, labels, task, id := identify(p)
		require.Len(t, labels, 1+len(keptAttributes), "no attribute is added or missing: %v", labels)
		require.NotEqual(t, task == "", id == "", "a point is of a task or a remainder: %v", labels)
		key := group + " " + task + " " + id
		s := all[key]
		if s == nil {
			s = &arrived{group: group, labels: labels, id: id}
			all[key] = s
		}
		n, start, end := figuresOf(t, p)
		s.samples = append(s.samples, sampled{n, start, end})
	}
	for _, s := range all {
		slices.SortFunc(s.samples, func(a, b sampled) int { return cmp.Compare(a.end, b.end) })
	}
	return all
}

// requireNoneFalls requires that a consumer never sees a series fall, restart, or two values for one time.
func requireNoneFalls(t testing.TB, all map[string]*arrived) {
	t.Helper()
	for key, s := range all {
		for i := 1; i < len(s.samples); i++ {
			before, after := s.samples[i-1], s.samples[i]
			require.False(t, after.falls(before.figures), "%s falls from %v to %v", key, before, after)
			require.Less(t, before.end, after.end, "%s has two points for one time", key)
			require.Equal(t, before.start, after.start, "%s has one start", key)
		}
	}
}

// totals are figures by metric and values of attributes.
type totals map[string]figures

// growthBy returns what series have grown by, from the first of their points to the last.
func growthBy(all map[string]*arrived, by ...string) totals {
	sums := totals{}
	for _, s := range all {
		key := groupBy(s.labels, by...)
		sums[key] = sums[key].plus(1, s.last().plus(-1, s.samples[0].figures))
	}
	return sums
}

// add adds points, which are deltas, by all that remainders carry.
func (sums totals) add(t testing.TB, points []harness.Point) {
	t.Helper()
	for _, p := range points {
		group, _, _, _ := identify(p)
		n, _, _ := figuresOf(t, p)
		sums[group] = sums[group].plus(1, n)
	}
}

// assertTotals asserts that integers are equal, and floats nearly.
func assertTotals(t testing.TB, want, got totals, what string) {
	t.Helper()
	assert.Len(t, got, len(want), what)
	for key, n := range want {
		assert.Equal(t, n.whole, got[key].whole, "%s: %s", what, key)
		assert.InEpsilonSlice(t, n.floats, got[key].floats, 1e-9, "%s: %s", what, key)
	}
}

// assertCountedApart asserts that the collector counts kept and dropped points as without remainders, and these as they arrived (R8). It returns
// the number of series that are kept, and the remainders by what they carry.
func assertCountedApart(t testing.TB, collector *harness.Collector, got map[string]*arrived, sent int) (kept int, remainders map[string]*arrived) {
	t.Helper()
	keptPoints, remainderPoints := 0, 0
	remainders = map[string]*arrived{}
	for _, s := range got {
		if s.id == "" {
			kept++
			keptPoints += len(s.samples)
			continue
		}
		remainderPoints += len(s.samples)
		assert.NotContains(t, remainders, s.group, "one remainder for all that differs in nothing else")
		remainders[s.group] = s
	}
	assertCountedOnce(t, collector, "datapoints", sent, keptPoints)
	scrape := collector.Scrape()
	assert.EqualValues(t, remainderPoints, scrape.Sum(harness.Prefix+"remainder_datapoints", nil))
	assert.EqualValues(t, len(remainders), scrape.Sum(harness.Prefix+"remainder_series", nil))
	for _, nothing := range []string{"folded_datapoints", "lost_datapoints", "forgotten_series", "resets", "saturated_datapoints"} {
		assert.Zero(t, scrape.Sum(harness.Prefix+"remainder_"+nothing, nil), nothing)
	}
	return kept, remainders
}
