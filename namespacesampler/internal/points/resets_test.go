// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// increase returns the increase of a cumulative series as backends compute it: a value below the one before is a restart from zero.
func increase(values []int64) (sum int64) {
	for i := 1; i < len(values); i++ {
		if values[i] >= values[i-1] {
			sum += values[i] - values[i-1]
		} else {
			sum += values[i]
		}
	}
	return sum
}

// By series, the increase of each kept counter is exact, even if the counter restarts. By point, the increase before a restart
// that falls between two kept points is lost, as docs/metrics.md warns (M2, M6).
func TestSamplingByPointLosesIncreaseAtRestarts(t *testing.T) {
	const series, points, restartEvery = 200, 500, 20
	values := func(by namespacesampler.By) map[int64][]int64 {
		s := samplertest.Start(t, map[string]any{"sample_rate": 0.1, "metrics": map[string]any{"by": string(by)}})
		out := map[int64][]int64{}
		for i := range points {
			md := seriesBatch(pmetric.MetricTypeSum, series)
			for _, dp := range samplertest.MetricOf(md).Sum().DataPoints().All() {
				dp.SetTimestamp(pcommon.Timestamp(i))
				dp.SetIntValue(int64(10 * (i%restartEvery + 1)))
			}
			left := s.ConsumeMetrics(md)
			if left == nil {
				continue
			}
			for _, dp := range samplertest.MetricOf(*left).Sum().DataPoints().All() {
				s, _ := dp.Attributes().Get("series")
				out[s.Int()] = append(out[s.Int()], dp.IntValue())
			}
		}
		return out
	}
	const truth = 10 * (points - 1)
	bySeries := values(namespacesampler.BySeries)
	for _, v := range bySeries {
		assert.EqualValues(t, truth, increase(v))
	}
	assert.InDelta(t, series/10, len(bySeries), 14) // 99.9 % of the binomial distribution; the input is fixed
	seen := int64(0)
	thinned := values(namespacesampler.ByPoint)
	for _, v := range thinned {
		seen += increase(v)
	}
	assert.Len(t, thinned, series, "all series are left")
	share := 100 * float64(seen) / (truth * series)
	t.Logf("by series: %d of %d series, each with 100 %% of its growth; by point: %d series, with %.1f %% of it", len(bySeries), series, len(thinned), share)
	assert.Less(t, share, 85.0)
}
