// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// keepsGroup reports whether a rate keeps the items of a group.
func keepsGroup(t testing.TB, key string, probability float64) bool {
	r, err := rate.New(probability, 4)
	require.NoError(t, err)
	return decision.KeepGroup(group.Of(key), &r)
}

// A batch of all types of points of a workflow, with different attributes.
func pointsOf(t testing.TB, metrics string, attributes ...map[string]any) pmetric.Metrics {
	md := pmetric.NewMetrics()
	ms := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for i, typ := range []pmetric.MetricType{
		pmetric.MetricTypeGauge, pmetric.MetricTypeSum, pmetric.MetricTypeHistogram, pmetric.MetricTypeExponentialHistogram, pmetric.MetricTypeSummary,
	} {
		m := ms.AppendEmpty()
		m.SetName(fmt.Sprint(metrics, i))
		for _, values := range attributes {
			require.NoError(t, samplertest.AppendPoint(m, typ).FromRaw(values))
			samplertest.SetTemporality(m, pmetric.AggregationTemporalityCumulative)
		}
	}
	return md
}

func TestAllSeriesOfAGroupAreKeptOrDropped(t *testing.T) { // G5, G6, M10
	const workflows = 200
	kept := map[string]bool{}
	for _, probability := range []float64{0.05, 0.1, 0.2} {
		h := samplertest.Start(t, map[string]any{"consistent_by": []any{"workflow"}, "sample_rate": probability})
		for i := range workflows {
			key := fmt.Sprintf("workflow-%d", i)
			md := pointsOf(t, "metric-",
				map[string]any{"namespace": "a", "workflow": key, "step": 1}, map[string]any{"namespace": "b", "workflow": key, "step": 2},
				map[string]any{"namespace": "a", "workflow": key})
			want := 0
			if keepsGroup(t, key, probability) {
				want = 15
			}
			assert.False(t, kept[key] && want == 0, "what a lower rate keeps a higher keeps too")
			kept[key] = want > 0
			if out := h.ConsumeMetrics(md); want > 0 {
				require.Len(t, samplertest.PointAttributes(*out), want)
			} else {
				require.Nil(t, out, key)
			}
		}
	}
	assert.Greater(t, len(kept), 10)
}

func TestWhereTheGroupOfAPointComesFrom(t *testing.T) { // G1, G5
	kept, dropped := "workflow-0", "workflow-0"
	for i := 0; !keepsGroup(t, kept, 0.1); i++ {
		kept = fmt.Sprintf("workflow-%d", i)
	}
	for i := 0; keepsGroup(t, dropped, 0.5); i++ {
		dropped = fmt.Sprintf("workflow-%d", i)
	}
	type values = map[string]any
	for name, tt := range map[string]struct {
		point, scope, resource values
		rate                   float64
		want                   bool
	}{
		"the point":               {point: values{"workflow": kept}, resource: values{"workflow": dropped}, rate: 0.1, want: true},
		"the scope":               {scope: values{"workflow": kept}, rate: 0.1, want: true},
		"the resource":            {resource: values{"workflow": kept}, rate: 0.1, want: true},
		"a group that is dropped": {point: values{"workflow": dropped}, resource: values{"workflow": kept}, rate: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, map[string]any{"consistent_by": []any{"workflow"}, "sample_rate": tt.rate})
			for i := range 20 {
				md := pmetric.NewMetrics()
				rm := md.ResourceMetrics().AppendEmpty()
				require.NoError(t, rm.Resource().Attributes().FromRaw(tt.resource))
				sm := rm.ScopeMetrics().AppendEmpty()
				require.NoError(t, sm.Scope().Attributes().FromRaw(tt.scope))
				attributes := samplertest.AppendPoint(sm.Metrics().AppendEmpty(), pmetric.MetricTypeGauge)
				require.NoError(t, attributes.FromRaw(tt.point))
				attributes.PutStr("namespace", fmt.Sprint("ns-", i))
				require.Equal(t, tt.want, h.ConsumeMetrics(md) != nil)
			}
		})
	}
}

func TestPointsWithoutAGroupAreDecidedByTheirSeries(t *testing.T) { // G5, M2
	grouped := samplertest.Start(t, map[string]any{"consistent_by": []any{"workflow"}, "sample_rate": 0.5})
	plain := samplertest.Start(t, map[string]any{"sample_rate": 0.5})
	for i := range 100 {
		md := pointsOf(t, fmt.Sprint("metric-", i), map[string]any{"namespace": "a", "workflow": 1.5})
		copied := pmetric.NewMetrics()
		md.CopyTo(copied)
		require.Equal(t, plain.ConsumeMetrics(md), grouped.ConsumeMetrics(copied))
	}
}

func TestAGroupAloneMakesNoPointDetailed(t *testing.T) { // G1
	h := samplertest.Start(t, map[string]any{"consistent_by": []any{"workflow"}, "sample_rate": 0})
	md := pointsOf(t, "metric-", map[string]any{"workflow": "a"})
	require.Len(t, samplertest.PointAttributes(*h.ConsumeMetrics(md)), 5)
	assert.Equal(t, map[string]int64{"kept _none passed": 5}, h.Counts("datapoints"))
}

func TestByPointKnowsNoGroups(t *testing.T) { // G5, M6
	h := samplertest.Start(t, map[string]any{"consistent_by": []any{"workflow"}, "sample_rate": 0.5, "metrics": map[string]any{"by": "point"}})
	kept := 0
	for range 200 {
		if out := h.ConsumeMetrics(pointsOf(t, "metric-", map[string]any{"namespace": "a", "workflow": "a"})); out != nil {
			kept += len(samplertest.PointAttributes(*out))
		}
	}
	assert.InDelta(t, 500, kept, 120)
}

func TestExemplarsFollowTheGroupOfTheirPoint(t *testing.T) { // M11, G5
	const workflows = 100
	for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
		for _, by := range []string{"series", "point"} {
			for _, spansFirst := range []bool{false, true} {
				t.Run(fmt.Sprint(sampler, by, spansFirst), func(t *testing.T) {
					h := samplertest.Start(t, map[string]any{
						"consistent_by": []any{"workflow"}, "sample_rate": 1,
						"tracing": map[string]any{"sample_rate": 0.3, "sampler": sampler}, "metrics": map[string]any{"exemplars": "sampled", "by": by},
					})
					for i := range workflows {
						attributes := map[string]any{"namespace": "a", "workflow": fmt.Sprint("workflow-", i)}
						id := samplertest.RandomID()
						spanKept := func() bool {
							return len(h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id, Attributes: attributes}))) == 1
						}
						exemplarKept := func() bool {
							md := pmetric.NewMetrics()
							m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
							require.NoError(t, samplertest.AppendPoint(m, pmetric.MetricTypeSum).FromRaw(attributes))
							samplertest.SetTemporality(m, pmetric.AggregationTemporalityCumulative)
							samplertest.ExemplarsOf(m).AppendEmpty().SetTraceID(id)
							return samplertest.ExemplarsOf(samplertest.MetricOf(*h.ConsumeMetrics(md))).Len() == 1
						}
						var span, exemplar bool
						if spansFirst {
							span, exemplar = spanKept(), exemplarKept()
						} else {
							exemplar, span = exemplarKept(), spanKept()
						}
						require.Equal(t, span, exemplar)
						require.Equal(t, keepsGroup(t, fmt.Sprint("workflow-", i), 0.3), span)
					}
				})
			}
		}
	}
}

// A trace that an earlier sampler has decided is not decided by the group, and neither are its exemplars.
func TestExemplarsOfATraceThatWasSampledBefore(t *testing.T) { // M11, G3
	h := samplertest.Start(t, map[string]any{
		"consistent_by": []any{"workflow"}, "sample_rate": 1, "tracing": map[string]any{"sample_rate": 0.5}, "metrics": map[string]any{"exemplars": "sampled"},
	})
	for i := range 50 {
		attributes := map[string]any{"namespace": "a", "workflow": fmt.Sprint("workflow-", i)}
		for id, want := range map[pcommon.TraceID]int{
			{0: byte(i + 1), 8: 0, 9: 0xf0, 15: 1}: 1, {0: byte(i + 1), 8: 0, 9: 0x10, 15: 1}: 0,
		} {
			h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id, Tracestate: "ot=th:01", Attributes: attributes}))
			md := pmetric.NewMetrics()
			m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
			require.NoError(t, samplertest.AppendPoint(m, pmetric.MetricTypeGauge).FromRaw(attributes))
			samplertest.ExemplarsOf(m).AppendEmpty().SetTraceID(id)
			require.Equal(t, want, samplertest.ExemplarsOf(samplertest.MetricOf(*h.ConsumeMetrics(md))).Len())
		}
	}
}

// Thresholds of spans are rounded to sampling_precision. Those of series are not, but for groups.
func TestSpansAndPointsOfAGroupAreKeptOrDroppedTogether(t *testing.T) { // G6
	for _, probability := range []float64{0.01, 0.1, 1. / 3, 0.7} {
		for _, precision := range []int{1, 4, 14} {
			h := samplertest.Start(t, map[string]any{
				"consistent_by": []any{"workflow"}, "sample_rate": probability, "tracing": map[string]any{"sampling_precision": precision},
			})
			for i := range 300 {
				attributes := map[string]any{"namespace": "a", "workflow": fmt.Sprint("workflow-", i)}
				spanKept := len(h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: attributes}))) == 1
				require.Equal(t, spanKept, h.ConsumeMetrics(pointsOf(t, "metric-", attributes)) != nil, "%v of %d digits, %d", probability, precision, i)
			}
		}
	}
}
