// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// BenchmarkDropped measures dropped cumulative counters in batches of 1,000, with as many series remembered as each row says. The identities of the
// series are given, as they are without a remainder.
func BenchmarkDropped(b *testing.B) {
	for _, series := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprint("series=", series), func(b *testing.B) {
			r := New(Config{Without: []string{"task_uuid"}, MaxSeries: 1000, MaxTracked: series, NamespaceAttribute: "namespace"})
			md := pmetric.NewMetrics()
			rm := md.ResourceMetrics().AppendEmpty()
			sm := rm.ScopeMetrics().AppendEmpty()
			m := sm.Metrics().AppendEmpty()
			m.SetEmptySum().SetIsMonotonic(true)
			m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			dp := m.Sum().DataPoints().AppendEmpty()
			dp.Attributes().PutStr("task_uuid", "0198f000-0000-7000-8000-000000000000")
			dp.Attributes().PutStr("namespace", "orders")
			attributes := r.hasher.Attributes(dp.Attributes())
			batch, next, export := r.NewBatch(), 0, pcommon.Timestamp(1)
			send := func() {
				batch.Enter(rm, sm, m, 1)
				for range 1000 {
					if next++; next > series {
						next, export = 1, export+1
					}
					dp.SetTimestamp(export * 1_000_000_000)
					dp.SetIntValue(int64(export))
					batch.Number(dp, &Item{Series: decision.Series(0).Join(uint64(next)), Attributes: attributes, Namespace: "orders"})
				}
				batch.Emit(pmetric.NewMetrics())
				batch.Reset()
			}
			for range series / 1000 {
				send()
			}
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/point")
		})
	}
}
