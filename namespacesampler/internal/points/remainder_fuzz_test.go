// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// FuzzRemainderOfHistograms drops delta points with any bounds and counts, also such as contradict each other: for each layout, counts and buckets add
// up (R5).
func FuzzRemainderOfHistograms(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Add(make([]byte, 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := samplertest.Start(t, withRemainder(map[string]any{"sample_rate": 0}))
		next := func() (n uint64) {
			var word [8]byte
			data = data[copy(word[:], data):]
			return binary.LittleEndian.Uint64(word[:])
		}
		type sums struct {
			count   uint64
			buckets []uint64
		}
		want := map[string]*sums{}
		layoutOf := func(dp pmetric.HistogramDataPoint) string {
			text := fmt.Sprint(dp.BucketCounts().Len())
			for _, bound := range dp.ExplicitBounds().AsRaw() {
				text += fmt.Sprintf(" %x", math.Float64bits(bound))
			}
			return text
		}
		var fill []func(pcommon.Map, pmetric.Metric)
		for len(data) > 0 && len(fill) < 50 {
			fill = append(fill, func(_ pcommon.Map, m pmetric.Metric) {
				dp := m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len() - 1)
				var bounds []float64
				var counts []uint64
				for range next() % 4 {
					bounds = append(bounds, math.Float64frombits(next()))
				}
				for range next() % 5 {
					counts = append(counts, next()%1000)
				}
				dp.ExplicitBounds().FromRaw(bounds)
				dp.BucketCounts().FromRaw(counts)
				dp.SetCount(next() % 1000)
				dp.SetSum(math.Float64frombits(next()))
				dp.SetTimestamp(pcommon.Timestamp(next()))
				dp.SetStartTimestamp(pcommon.Timestamp(next()))
				layout := layoutOf(dp)
				if want[layout] == nil {
					want[layout] = &sums{buckets: make([]uint64, len(counts))}
				}
				want[layout].count += dp.Count()
				for i, n := range counts {
					want[layout].buckets[i] += n
				}
			})
			_ = next()
		}
		if len(fill) == 0 {
			return
		}
		_, got, _ := dropped(s, deltas(pmetric.MetricTypeHistogram, fill...))
		require.Len(t, got, len(want))
		for _, dp := range got {
			sum := want[layoutOf(dp)]
			require.NotNil(t, sum)
			require.Equal(t, sum.count, dp.Count())
			for i, n := range sum.buckets {
				require.Equal(t, n, dp.BucketCounts().At(i))
			}
			require.False(t, math.IsNaN(dp.Sum()))
		}
	})
}
