// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// TestHostilePointsHarmNoRemainder drops points with times, values, buckets and scales at the ends of their ranges, and such as contradict each other.
// Nothing panics, no remainder falls, and times rise.
func TestHostilePointsHarmNoRemainder(t *testing.T) { // R3, R4, R5
	times := []pcommon.Timestamp{0, 1, 999_999, 1_000_000, 2_000_000, 60 * second, 61 * second, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1, math.MaxUint64}
	ints := []int64{0, 1, -1, 100, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}
	doubles := []float64{0, 1, -1, 0.1, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324}
	counts := []uint64{0, 1, 2, 1000, math.MaxUint64, math.MaxUint64 - 1, math.MaxInt64}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := newScene(t, limited(20, 100))
		last := map[string]observed{}
		for range 60 {
			md := pmetric.NewMetrics()
			metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
			dated := func(attributes pcommon.Map, setStart, setTime func(pcommon.Timestamp)) {
				attributes.PutInt("task_uuid", r.Int64N(5))
				attributes.PutStr("namespace", "dropped")
				setStart(times[r.IntN(len(times))])
				setTime(times[r.IntN(len(times))])
			}
			list := func(most int) (all []uint64) {
				for range r.IntN(most) {
					all = append(all, counts[r.IntN(len(counts))])
				}
				return all
			}
			temporality := pmetric.AggregationTemporality(1 + r.IntN(2))
			for range 5 {
				m := metrics.AppendEmpty()
				switch r.IntN(3) {
				case 0:
					m.SetName("sum " + temporality.String())
					m.SetEmptySum().SetIsMonotonic(true)
					m.Sum().SetAggregationTemporality(temporality)
					dp := m.Sum().DataPoints().AppendEmpty()
					dated(dp.Attributes(), dp.SetStartTimestamp, dp.SetTimestamp)
					if r.IntN(2) == 0 {
						dp.SetIntValue(ints[r.IntN(len(ints))])
					} else {
						dp.SetDoubleValue(doubles[r.IntN(len(doubles))])
					}
				case 1:
					m.SetName("histogram " + temporality.String())
					m.SetEmptyHistogram().SetAggregationTemporality(temporality)
					dp := m.Histogram().DataPoints().AppendEmpty()
					dated(dp.Attributes(), dp.SetStartTimestamp, dp.SetTimestamp)
					dp.ExplicitBounds().FromRaw([]float64{math.NaN(), 1, -1}[:r.IntN(3)])
					dp.BucketCounts().FromRaw(list(4))
					dp.SetCount(counts[r.IntN(len(counts))])
					dp.SetSum(doubles[r.IntN(len(doubles))])
				default:
					m.SetName("exponential " + temporality.String())
					m.SetEmptyExponentialHistogram().SetAggregationTemporality(temporality)
					dp := m.ExponentialHistogram().DataPoints().AppendEmpty()
					dated(dp.Attributes(), dp.SetStartTimestamp, dp.SetTimestamp)
					dp.SetScale([]int32{0, 20, -10, 1000, -1000, math.MaxInt32, math.MinInt32}[r.IntN(7)])
					dp.Positive().SetOffset([]int32{0, math.MaxInt32, math.MinInt32, -1}[r.IntN(4)])
					dp.Negative().SetOffset([]int32{0, math.MaxInt32, math.MinInt32, -1}[r.IntN(4)])
					dp.Positive().BucketCounts().FromRaw(list(300))
					dp.Negative().BucketCounts().FromRaw(list(300))
					dp.SetZeroThreshold(doubles[r.IntN(len(doubles))])
					dp.SetZeroCount(counts[r.IntN(len(counts))])
				}
			}
			for _, o := range observe(s.ConsumeMetrics(md)) {
				before, isKnown := last[o.series]
				last[o.series] = o
				require.GreaterOrEqual(t, o.at, o.start)
				if !isKnown {
					continue
				}
				require.GreaterOrEqual(t, o.at, before.at)
				if o.start != before.at { // not a delta
					require.GreaterOrEqual(t, o.numbers[0], before.numbers[0], "seed %d: %v after %v", seed, o, before)
				}
			}
		}
	}
}
