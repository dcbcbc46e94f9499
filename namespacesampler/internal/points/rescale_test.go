// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// rescaledBy samples n points that fill appends, with rescaling, and returns those that are kept.
func rescaledBy(t *testing.T, rate float64, n int, fill func(pmetric.Metric)) (*samplertest.Sampler, pmetric.Metric) {
	t.Helper()
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	for range n {
		fill(m)
	}
	samplertest.SetDelta(m)
	s := samplertest.Start(t, byPoint(rate, rescaling))
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	return s, samplertest.MetricOf(*out)
}

// assertAround asserts that got is exact, rounded up or down.
func assertAround[N int64 | uint64](t *testing.T, exact float64, got N, what string) {
	t.Helper()
	assert.True(t, float64(got) == math.Floor(exact+1e-9) || float64(got) == math.Ceil(exact-1e-9), "%s: %v is not next to %v", what, got, exact)
}

const rate30 = 0.3

func TestSumsAreRescaled(t *testing.T) { // M7
	_, m := rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "orders") // 7
	})
	for _, dp := range m.Sum().DataPoints().All() {
		assertAround(t, 7/rate30, dp.IntValue(), "value")
	}
	_, m = rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "orders")
		m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1).SetDoubleValue(-1.5)
	})
	for _, dp := range m.Sum().DataPoints().All() {
		assert.InDelta(t, -1.5/rate30, dp.DoubleValue(), 1e-12)
	}
}

func TestHistogramsAreRescaled(t *testing.T) { // M7
	_, m := rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		samplertest.AppendPoint(m, pmetric.MetricTypeHistogram).PutStr("namespace", "orders")
		dp := m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len() - 1)
		dp.BucketCounts().FromRaw([]uint64{4, 0, 5})
		dp.SetCount(9)
		dp.SetSum(12.5)
		dp.SetMin(0.5)
		dp.SetMax(7)
		dp.SetStartTimestamp(1)
		dp.SetTimestamp(2)
		dp.Exemplars().AppendEmpty().SetDoubleValue(3)
	})
	for _, dp := range m.Histogram().DataPoints().All() {
		counts := dp.BucketCounts()
		assertAround(t, 4/rate30, counts.At(0), "first bucket")
		assert.Zero(t, counts.At(1))
		assertAround(t, 5/rate30, counts.At(2), "last bucket")
		assert.Equal(t, counts.At(0)+counts.At(2), dp.Count(), "the count is the sum of the buckets")
		assert.InDelta(t, 12.5/rate30, dp.Sum(), 1e-9)

		assert.Equal(t, []float64{1, 2}, dp.ExplicitBounds().AsRaw())
		assert.Equal(t, []float64{0.5, 7}, []float64{dp.Min(), dp.Max()}, "single measurements are unchanged")
		assert.EqualValues(t, []int{1, 2}, []int{int(dp.StartTimestamp()), int(dp.Timestamp())})
		assert.InDelta(t, 3, dp.Exemplars().At(0).DoubleValue(), 0)
	}
}

func TestExponentialHistogramsAreRescaled(t *testing.T) { // M7
	_, m := rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		samplertest.AppendPoint(m, pmetric.MetricTypeExponentialHistogram).PutStr("namespace", "orders")
		dp := m.ExponentialHistogram().DataPoints().At(m.ExponentialHistogram().DataPoints().Len() - 1)
		dp.SetScale(3)
		dp.SetZeroThreshold(0.25)
		dp.SetZeroCount(2)
		dp.Positive().SetOffset(-1)
		dp.Positive().BucketCounts().FromRaw([]uint64{1, 0, 4})
		dp.Negative().BucketCounts().FromRaw([]uint64{5})
		dp.SetCount(12)
		dp.SetMin(-9)
	})
	for _, dp := range m.ExponentialHistogram().DataPoints().All() {
		positive, negative := dp.Positive().BucketCounts(), dp.Negative().BucketCounts()
		assertAround(t, 2/rate30, dp.ZeroCount(), "zero count")
		assertAround(t, 1/rate30, positive.At(0), "first bucket")
		assert.Zero(t, positive.At(1))
		assertAround(t, 4/rate30, positive.At(2), "last bucket")
		assertAround(t, 5/rate30, negative.At(0), "negative bucket")
		assert.Equal(t, dp.ZeroCount()+positive.At(0)+positive.At(2)+negative.At(0), dp.Count())
		assert.False(t, dp.HasSum(), "no sum is added")
		assert.Equal(t, []float64{0.25, -9}, []float64{dp.ZeroThreshold(), dp.Min()})
		assert.EqualValues(t, []int32{3, -1}, []int32{dp.Scale(), dp.Positive().Offset()})
	}
}

func TestHistogramsWithoutBucketsAreRescaledByTheirCount(t *testing.T) { // M7
	_, m := rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		samplertest.AppendPoint(m, pmetric.MetricTypeHistogram).PutStr("namespace", "orders") // count 3
		dp := m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len() - 1)
		dp.BucketCounts().FromRaw(nil)
		dp.ExplicitBounds().FromRaw(nil)
	})
	for _, dp := range m.Histogram().DataPoints().All() {
		assertAround(t, 3/rate30, dp.Count(), "count")
		assert.False(t, dp.HasSum())
	}
	_, m = rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		samplertest.AppendPoint(m, pmetric.MetricTypeExponentialHistogram).PutStr("namespace", "orders")
		m.ExponentialHistogram().DataPoints().At(m.ExponentialHistogram().DataPoints().Len() - 1).Positive().BucketCounts().FromRaw(nil)
	})
	for _, dp := range m.ExponentialHistogram().DataPoints().All() {
		assertAround(t, 3/rate30, dp.Count(), "count")
	}
}

func TestSaturatedPointsAreCounted(t *testing.T) { // M7
	for name, fill := range map[string]func(pmetric.Metric){
		"sum": func(m pmetric.Metric) {
			samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "orders")
			m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1).SetIntValue(math.MinInt64)
		},
		"histogram": func(m pmetric.Metric) {
			samplertest.AppendPoint(m, pmetric.MetricTypeHistogram).PutStr("namespace", "orders")
			m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len()-1).BucketCounts().SetAt(1, math.MaxUint64/2)
		},
		"exponential histogram": func(m pmetric.Metric) {
			samplertest.AppendPoint(m, pmetric.MetricTypeExponentialHistogram).PutStr("namespace", "orders")
			m.ExponentialHistogram().DataPoints().At(m.ExponentialHistogram().DataPoints().Len() - 1).SetSum(math.MaxFloat64)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := rescaledBy(t, rate30, 100, fill)
			assert.Equal(t, map[string]int64{"": int64(len(samplertest.MetricAttributes(m)))}, s.Counts("saturated_datapoints"))
		})
	}
	s, _ := rescaledBy(t, rate30, 400, func(m pmetric.Metric) {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "orders")
			m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1).SetDoubleValue(v)
		}
	})
	assert.Empty(t, s.Counts("saturated_datapoints"), "infinities and NaN are not saturated")
}
