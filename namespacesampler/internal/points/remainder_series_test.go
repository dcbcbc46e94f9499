// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// dropped sends a batch and returns the points of remainders, by type.
func dropped(s *samplertest.Sampler, md pmetric.Metrics) (numbers []pmetric.NumberDataPoint, histograms []pmetric.HistogramDataPoint, exponentials []pmetric.ExponentialHistogramDataPoint) {
	out := s.ConsumeMetrics(md)
	if out == nil {
		return nil, nil, nil
	}
	for _, rm := range out.ResourceMetrics().All() {
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			switch m.Type() {
			case pmetric.MetricTypeSum:
				for _, dp := range m.Sum().DataPoints().All() {
					numbers = append(numbers, dp)
				}
			case pmetric.MetricTypeHistogram:
				for _, dp := range m.Histogram().DataPoints().All() {
					histograms = append(histograms, dp)
				}
			case pmetric.MetricTypeExponentialHistogram:
				for _, dp := range m.ExponentialHistogram().DataPoints().All() {
					exponentials = append(exponentials, dp)
				}
			}
		}
	}
	return numbers, histograms, exponentials
}

// deltas returns a batch with a metric of delta points, which fill adds. Their namespace is dropped.
func deltas(typ pmetric.MetricType, fill ...func(pcommon.Map, pmetric.Metric)) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("work")
	for i, add := range fill {
		attributes := samplertest.AppendPoint(m, typ)
		attributes.PutStr("namespace", "dropped")
		attributes.PutInt("task_uuid", int64(i))
		add(attributes, m)
	}
	if typ == pmetric.MetricTypeSum {
		m.Sum().SetIsMonotonic(true)
	}
	samplertest.SetDelta(m)
	return md
}

func number(start, at pcommon.Timestamp, value int64) func(pcommon.Map, pmetric.Metric) {
	return func(_ pcommon.Map, m pmetric.Metric) {
		dp := m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1)
		dp.SetStartTimestamp(start)
		dp.SetTimestamp(at)
		dp.SetIntValue(value)
	}
}

const second = pcommon.Timestamp(time.Second)

func TestDroppedDeltasOfABatchAreOnePoint(t *testing.T) { // R2
	s := newScene(t, nil).Sampler
	got, _, _ := dropped(s, deltas(pmetric.MetricTypeSum, number(20*second, 60*second, 3), number(10*second, 70*second, 4)))
	require.Len(t, got, 1)
	assert.Equal(t, []any{10 * second, 70 * second, int64(7)}, []any{got[0].StartTimestamp(), got[0].Timestamp(), got[0].IntValue()})
	got, _, _ = dropped(s, deltas(pmetric.MetricTypeSum, number(60*second, 65*second, 5)))
	require.Len(t, got, 1, "late")
	assert.Equal(t, []any{70 * second, 70*second + pcommon.Timestamp(time.Millisecond), int64(5)}, []any{got[0].StartTimestamp(), got[0].Timestamp(), got[0].IntValue()})
	got, _, _ = dropped(s, deltas(pmetric.MetricTypeSum, number(110*second, 120*second, math.MaxInt64), number(110*second, 120*second, 1)))
	assert.EqualValues(t, math.MaxInt64, got[0].IntValue(), "it stays at the end of its range")
	assert.EqualValues(t, 1, s.AllCounts()["remainder_saturated_datapoints"][""])
}

func TestDoublesAreASeriesOfTheirOwn(t *testing.T) { // R5
	s := newScene(t, nil).Sampler
	double := func(x float64) func(pcommon.Map, pmetric.Metric) {
		return func(_ pcommon.Map, m pmetric.Metric) {
			m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1).SetDoubleValue(x)
		}
	}
	got, _, _ := dropped(s, deltas(pmetric.MetricTypeSum, number(0, second, 3), double(0.5), double(math.NaN()), number(0, second, 4), double(0.25)))
	require.Len(t, got, 2)
	assert.EqualValues(t, 7, got[0].IntValue())
	assert.InDelta(t, 0.75, got[1].DoubleValue(), 0)
	first, _ := got[0].Attributes().Get(remainderID)
	other, _ := got[1].Attributes().Get(remainderID)
	assert.Regexp(t, "^"+first.Str()+"-", other.Str())
}

func bucketed(bounds []float64, counts []uint64, sum, least, most float64) func(pcommon.Map, pmetric.Metric) {
	return func(_ pcommon.Map, m pmetric.Metric) {
		dp := m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len() - 1)
		attributes := pcommon.NewMap()
		dp.Attributes().CopyTo(attributes)
		pmetric.NewHistogramDataPoint().CopyTo(dp)
		attributes.CopyTo(dp.Attributes())
		dp.ExplicitBounds().FromRaw(bounds)
		dp.BucketCounts().FromRaw(counts)
		for _, n := range counts {
			dp.SetCount(dp.Count() + n)
		}
		if !math.IsNaN(sum) {
			dp.SetSum(sum)
		}
		dp.SetTimestamp(second)
		dp.SetMin(least)
		dp.SetMax(most)
	}
}

func TestHistogramsAddUpByTheirBounds(t *testing.T) { // R5
	s := newScene(t, nil).Sampler
	_, got, _ := dropped(s, deltas(pmetric.MetricTypeHistogram,
		bucketed([]float64{1, 5}, []uint64{1, 2, 3}, 20, 0.5, 9), bucketed([]float64{1, 6}, []uint64{1, 0, 0}, 1, 1, 1),
		bucketed([]float64{1, 5}, []uint64{4, 0, 1}, 8, 0.25, 8)))
	require.Len(t, got, 2)
	assert.Equal(t, []uint64{5, 2, 4}, got[0].BucketCounts().AsRaw())
	assert.Equal(t, []float64{1, 5}, got[0].ExplicitBounds().AsRaw())
	assert.EqualValues(t, 11, got[0].Count())
	assert.Equal(t, []float64{28, 0.25, 9}, []float64{got[0].Sum(), got[0].Min(), got[0].Max()})
	assert.Equal(t, []uint64{1, 0, 0}, got[1].BucketCounts().AsRaw())
	first, _ := got[0].Attributes().Get(remainderID)
	other, _ := got[1].Attributes().Get(remainderID)
	assert.Regexp(t, "^"+first.Str()+"-", other.Str())

	_, got, _ = dropped(s, deltas(pmetric.MetricTypeHistogram,
		bucketed([]float64{1, 5}, []uint64{1, 2, 3}, math.NaN(), 1, 9), bucketed([]float64{1, 5}, []uint64{4, 0, 1}, 8, 1, 8)))
	require.Len(t, got, 1)
	assert.False(t, got[0].HasSum(), "one has none")
	assert.EqualValues(t, 11, got[0].Count())
}

func TestCumulativeHistogramsHaveNoExtremes(t *testing.T) { // R5
	s := newScene(t, nil)
	md := deltas(pmetric.MetricTypeHistogram, bucketed([]float64{1, 5}, []uint64{1, 2, 3}, 20, 0.5, 9))
	samplertest.SetTemporality(samplertest.MetricOf(md), pmetric.AggregationTemporalityCumulative)
	dp := samplertest.MetricOf(md).Histogram().DataPoints().At(0)
	dp.SetStartTimestamp(s.time(1))
	dp.SetTimestamp(s.time(60))
	_, got, _ := dropped(s.Sampler, md)
	require.Len(t, got, 2, "a zero comes first")
	assert.Equal(t, []uint64{0, 0, 0}, got[0].BucketCounts().AsRaw())
	assert.True(t, got[0].HasSum())
	assert.Equal(t, []uint64{1, 2, 3}, got[1].BucketCounts().AsRaw())
	assert.False(t, got[1].HasMin() || got[1].HasMax())
}

func TestExponentialDeltasAddUp(t *testing.T) { // R5
	s := newScene(t, nil).Sampler
	fill := func(scale int32) func(pcommon.Map, pmetric.Metric) {
		return func(_ pcommon.Map, m pmetric.Metric) {
			dp := m.ExponentialHistogram().DataPoints().At(m.ExponentialHistogram().DataPoints().Len() - 1)
			dp.SetTimestamp(second)
			dp.SetScale(scale)
			dp.Positive().BucketCounts().FromRaw([]uint64{1, 1})
			dp.SetCount(2)
		}
	}
	_, _, got := dropped(s, deltas(pmetric.MetricTypeExponentialHistogram, fill(1), fill(0)))
	require.Len(t, got, 1)
	assert.EqualValues(t, 4, got[0].Count())
	assert.EqualValues(t, 0, got[0].Scale())
	assert.Equal(t, []uint64{3, 1}, got[0].Positive().BucketCounts().AsRaw())
}

func limited(series, tracked int) map[string]any {
	return map[string]any{"metrics": map[string]any{"remainder": map[string]any{
		"enabled": true, "without": []any{"task_uuid"}, "max_series": series, "max_tracked": tracked,
	}}}
}

func TestTooManyRemaindersAreFoldedByNamespace(t *testing.T) { // R7
	s := newScene(t, limited(2, 100)).Sampler
	queued := func(namespace string, queue int64) func(pcommon.Map, pmetric.Metric) {
		return func(attributes pcommon.Map, m pmetric.Metric) {
			attributes.PutInt("queue", queue)
			attributes.PutStr("namespace", namespace)
			number(0, second, 1)(attributes, m)
		}
	}
	got, _, _ := dropped(s, deltas(pmetric.MetricTypeSum, queued("a", 1), queued("a", 2), queued("a", 3), queued("a", 4), queued("b", 1), queued("c", 1), queued("a", 1)))
	var all []string
	for _, dp := range got {
		own := dp.Attributes().AsRaw()
		delete(own, remainderID)
		all = append(all, fmt.Sprint(own, dp.IntValue()))
	}
	assert.Equal(t, []string{"map[namespace:a queue:1] 2", "map[namespace:a queue:2] 1", "map[namespace:a] 2", "map[namespace:b] 1"}, all)
	counts := s.AllCounts()
	assert.EqualValues(t, 3, counts["remainder_folded_datapoints"][""])
	assert.EqualValues(t, 1, counts["remainder_lost_datapoints"][""], "there is no room for c")
	assert.EqualValues(t, 4, counts["remainder_series"][""])
}

func TestAForgottenSeriesIsWhereCountingBegins(t *testing.T) { // R3, R7
	s := newScene(t, limited(10, 2))
	send := func(at float64, tasks string, value int64) (last int64) {
		var points []counted
		for _, task := range tasks {
			points = append(points, counted{"", string(task), -60, at, value})
		}
		return s.last(t, points...)
	}
	assert.EqualValues(t, 0, send(60, "ab", 100))
	assert.EqualValues(t, 7, send(120, "c", 7), "it is new; there is no room for a any more")
	counts := s.AllCounts()
	assert.EqualValues(t, 1, counts["remainder_forgotten_series"][""])
	assert.EqualValues(t, 2, counts["remainder_tracked_numbers"][""])
	assert.EqualValues(t, 2, counts["remainder_tracked_series"][""])
	assert.EqualValues(t, 7+0, send(180, "a", 900), "it was forgotten, and so may have been anything else")
	assert.EqualValues(t, 7+0+1, send(240, "a", 901))
}

// Series that were quiet for an hour make room for new ones, whose growth stays exact (R7).
func TestSeriesThatHaveEndedMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const live, change, minutes = 100, 10, 180
		s := newScene(t, limited(10, live+62*change)) // those that live, and those that have ended in the last hour
		var want, got int64
		for minute := range minutes {
			var points []counted
			for i := range live {
				points = append(points, counted{"", fmt.Sprint(minute*change + i), -60, float64(60 * minute), 5})
			}
			got = s.last(t, points...)
			if minute > 0 {
				want += 5 * change
			}
			time.Sleep(time.Minute)
		}
		assert.Equal(t, want, got)
		assert.Zero(t, s.AllCounts()["remainder_forgotten_series"][""])
	})
}

func TestARemainderThatNothingFeedsForAnHourBeginsAnew(t *testing.T) { // R7
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		assert.EqualValues(t, 5, s.last(t, counted{"", "a", 1, 60, 5}))
		time.Sleep(59 * time.Minute)
		assert.EqualValues(t, 6, s.last(t, counted{"", "a", 1, 59 * 60, 6}))
		time.Sleep(62 * time.Minute)
		again := s.send(counted{"", "a", 1, 121 * 60, 9})
		require.Len(t, again, 2)
		assert.Zero(t, again[0].IntValue())
		assert.EqualValues(t, 3, again[1].IntValue(), "what came meanwhile is not lost")
		assert.Equal(t, s.time(59*60), again[1].StartTimestamp())
		mark, _ := again[0].Attributes().Get(remainderID)
		_, err := uuid.Parse(mark.Str())
		require.NoError(t, err, "it has the mark that it had")
	})
}

// TestConcurrentBatchesAddUp: values and times rise together, however batches overtake each other (R4).
func TestConcurrentBatchesAddUp(t *testing.T) {
	const senders, batches, points = 4, 200, 20
	s := newScene(t, nil)
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(sender), 0))
			for n := range batches {
				var own []counted
				for i := range points {
					own = append(own, counted{"", fmt.Sprint(sender, i), 1, float64(2 + n + r.IntN(2)*1000*(n%2)), int64(1 + n)})
				}
				_ = s.Metrics.ConsumeMetrics(t.Context(), s.batch(own...))
			}
		})
	}
	all.Wait()
	values := map[pcommon.Timestamp]int64{}
	var last pcommon.Timestamp
	for _, md := range s.Points.AllMetrics() {
		for _, dp := range samplertest.MetricOf(md).Sum().DataPoints().All() {
			_, isThere := values[dp.Timestamp()]
			require.False(t, isThere, "a time comes once")
			values[dp.Timestamp()] = dp.IntValue()
			last = max(last, dp.Timestamp())
		}
	}
	most := int64(0)
	for at, value := range values {
		for other, more := range values {
			if at < other {
				require.LessOrEqual(t, value, more)
			}
		}
		most = max(most, value)
	}
	assert.Equal(t, most, values[last])
}
