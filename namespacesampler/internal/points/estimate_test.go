// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// total is what a backend adds up over all points of a metric, with what is needed to say how far an estimate of it may be off.
type total struct {
	name         string
	sum, squares float64
}

// add adds what a point counts.
func (t *total) add(v float64) {
	t.sum += v
	t.squares += v * v
}

// deviation is the standard deviation of the estimate of the total from points that are kept by chance and multiplied by the
// inverse of the rate; a rounded integer adds at most 1/4 for each kept point and part.
func (t *total) deviation(rate float64, rounded int) float64 {
	return math.Sqrt(t.squares*(1-rate)/rate + float64(rounded)*rate/4)
}

// TestTotalsOfRescaledDeltasAreTrue: over many points the totals of what is kept and rescaled are those of all points,
// within what chance allows; without rescaling they are the rate's share, which is far off (M6, M7).
func TestTotalsOfRescaledDeltasAreTrue(t *testing.T) {
	const rate, batch = 0.1, 5000
	points := 50_000
	if os.Getenv("SOAK") != "" {
		points = 1_000_000
	}
	for _, kind := range deltaKinds {
		t.Run(kind.name, func(t *testing.T) {
			estimates := map[string][]*total{}
			var truth []*total
			for _, rescale := range []string{"rescaled", "as they are"} {
				h := samplertest.Start(t, byPoint(rate, map[string]any{"rescale_delta": rescale == "rescaled"}))
				rng := rand.New(rand.NewPCG(1, 7))
				var in, out []*total
				for range points / batch {
					md := pmetric.NewMetrics()
					m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
					for range batch {
						kind.fill(m, rng).PutStr("namespace", "orders")
					}
					in = kind.count(m, in)
					kept := h.ConsumeMetrics(md)
					require.NotNil(t, kept)
					out = kind.count(samplertest.MetricOf(*kept), out)
				}
				truth, estimates[rescale] = in, out
				assert.Empty(t, h.Counts("saturated_datapoints"))
			}
			for i, want := range truth {
				deviation := want.deviation(rate, points*kind.parts)
				scaled, thinned := estimates["rescaled"][i], estimates["as they are"][i]
				t.Logf("%d points, %s: truth %.0f; rescaled %+.3f %% (99.9 %% interval ±%.3f %%); without rescaling %.2f %% of the truth",
					points, want.name, want.sum, 100*(scaled.sum/want.sum-1), 100*3.2905*deviation/want.sum, 100*thinned.sum/want.sum)
				assert.InDelta(t, want.sum, scaled.sum, 6*deviation, want.name) // by chance, 1 in 5·10⁸ fails
				assert.InDelta(t, rate*want.sum, thinned.sum, rate*6*deviation, want.name)
			}
		})
	}
}

// deltaKinds are the delta points that are rescaled: how one is made, and what there is to add up.
var deltaKinds = []struct {
	name  string
	parts int // integers that are rounded
	fill  func(pmetric.Metric, *rand.Rand) pcommon.Map
	count func(pmetric.Metric, []*total) []*total
}{
	{"sum of integers", 1, func(m pmetric.Metric, rng *rand.Rand) pcommon.Map {
		dp := deltaSum(m)
		dp.SetIntValue(1 + rng.Int64N(20))
		return dp.Attributes()
	}, countSums},
	{"sum of doubles", 0, func(m pmetric.Metric, rng *rand.Rand) pcommon.Map {
		dp := deltaSum(m)
		dp.SetDoubleValue(rng.ExpFloat64())
		return dp.Attributes()
	}, countSums},
	{"histogram", 5, func(m pmetric.Metric, rng *rand.Rand) pcommon.Map {
		attributes := samplertest.AppendPoint(m, pmetric.MetricTypeHistogram)
		samplertest.SetDelta(m)
		dp := m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len() - 1)
		buckets := make([]uint64, 5)
		sum := 0.0
		for range 1 + rng.IntN(20) {
			v := rng.ExpFloat64()
			buckets[min(int(v), 4)]++
			sum += v
		}
		dp.ExplicitBounds().FromRaw([]float64{1, 2, 3, 4})
		dp.BucketCounts().FromRaw(buckets)
		dp.SetCount(sumOf(buckets))
		dp.SetSum(sum)
		return attributes
	}, func(m pmetric.Metric, totals []*total) []*total {
		totals = totalsNamed(totals, "count", "sum", "observations above 2")
		for _, dp := range m.Histogram().DataPoints().All() {
			totals[0].add(float64(dp.Count()))
			totals[1].add(dp.Sum())
			totals[2].add(float64(sumOf(dp.BucketCounts().AsRaw()[2:])))
		}
		return totals
	}},
	{"exponential histogram", 9, func(m pmetric.Metric, rng *rand.Rand) pcommon.Map {
		attributes := samplertest.AppendPoint(m, pmetric.MetricTypeExponentialHistogram)
		samplertest.SetDelta(m)
		dp := m.ExponentialHistogram().DataPoints().At(m.ExponentialHistogram().DataPoints().Len() - 1)
		positive, negative := make([]uint64, 4), make([]uint64, 4)
		sum := 0.0
		for range 1 + rng.IntN(20) {
			v := rng.NormFloat64()
			sum += v
			switch bucket := min(int(math.Abs(v)), 3); {
			case math.Abs(v) < 0.1:
				dp.SetZeroCount(dp.ZeroCount() + 1)
			case v > 0:
				positive[bucket]++
			default:
				negative[bucket]++
			}
		}
		dp.Positive().BucketCounts().FromRaw(positive)
		dp.Negative().BucketCounts().FromRaw(negative)
		dp.SetCount(dp.ZeroCount() + sumOf(positive) + sumOf(negative))
		dp.SetSum(sum + 10) // so that a share of the total can be told
		return attributes
	}, func(m pmetric.Metric, totals []*total) []*total {
		totals = totalsNamed(totals, "count", "sum", "zero count", "observations below -1")
		for _, dp := range m.ExponentialHistogram().DataPoints().All() {
			totals[0].add(float64(dp.Count()))
			totals[1].add(dp.Sum())
			totals[2].add(float64(dp.ZeroCount()))
			totals[3].add(float64(sumOf(dp.Negative().BucketCounts().AsRaw()[1:])))
		}
		return totals
	}},
}

func deltaSum(m pmetric.Metric) pmetric.NumberDataPoint {
	samplertest.AppendPoint(m, pmetric.MetricTypeSum)
	samplertest.SetDelta(m)
	return m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1)
}

func countSums(m pmetric.Metric, totals []*total) []*total {
	totals = totalsNamed(totals, "value")
	for _, dp := range m.Sum().DataPoints().All() {
		if dp.ValueType() == pmetric.NumberDataPointValueTypeInt {
			totals[0].add(float64(dp.IntValue()))
		} else {
			totals[0].add(dp.DoubleValue())
		}
	}
	return totals
}

// totalsNamed returns totals of these names, those that are there already or fresh ones.
func totalsNamed(totals []*total, names ...string) []*total {
	if totals != nil {
		return totals
	}
	for _, name := range names {
		totals = append(totals, &total{name: name})
	}
	return totals
}

func sumOf(counts []uint64) (sum uint64) {
	for _, v := range counts {
		sum += v
	}
	return sum
}
