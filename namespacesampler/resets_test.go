// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// increase is what backends make of a cumulative series: what it grew by, where a value below the one before is taken for a
// restart from zero.
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

// TestResetsBetweenKeptPointsAreLost is the warning of docs/metrics.md: by series, what is left of counters that restart now and then
// grows by just what it grew; by point, growth before an unseen restart is gone (M2, M6).
func TestResetsBetweenKeptPointsAreLost(t *testing.T) {
	const series, points, restartEvery = 200, 500, 20
	values := func(by By) map[int64][]int64 {
		h := start(t, map[string]any{"sample_rate": 0.1, "metrics": map[string]any{"by": string(by)}})
		out := map[int64][]int64{}
		for i := range points {
			md := seriesBatch(pmetric.MetricTypeSum, series)
			for _, dp := range metricOf(md).Sum().DataPoints().All() {
				dp.SetTimestamp(pcommon.Timestamp(i))
				dp.SetIntValue(int64(10 * (i%restartEvery + 1)))
			}
			left := h.consumeMetrics(md)
			if left == nil {
				continue
			}
			for _, dp := range metricOf(*left).Sum().DataPoints().All() {
				s, _ := dp.Attributes().Get("series")
				out[s.Int()] = append(out[s.Int()], dp.IntValue())
			}
		}
		return out
	}
	const truth = 10 * (points - 1)
	bySeries := values(BySeries)
	for _, v := range bySeries {
		assert.EqualValues(t, truth, increase(v))
	}
	assert.InDelta(t, series/10, len(bySeries), 14) // 99.9 % of the binomial distribution; the input is fixed
	seen := int64(0)
	thinned := values(ByPoint)
	for _, v := range thinned {
		seen += increase(v)
	}
	assert.Len(t, thinned, series, "no series less")
	share := 100 * float64(seen) / (truth * series)
	t.Logf("by series: %d of %d series, each with 100 %% of its growth; by point: %d series, with %.1f %% of it", len(bySeries), series, len(thinned), share)
	assert.Less(t, share, 85.0)
}
