// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// exemplarsOf returns the exemplars of the first point of a metric, whatever its type.
func exemplarsOf(m pmetric.Metric) pmetric.ExemplarSlice {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().At(0).Exemplars()
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeSummary:
	}
	return pmetric.NewExemplarSlice()
}

// pointingAt returns a point of a namespace with an exemplar for each trace.
func pointingAt(typ pmetric.MetricType, namespace string, ids []pcommon.TraceID) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	attributes := appendPoint(m, typ)
	if namespace != "" {
		attributes.PutStr("namespace", namespace)
	}
	for _, id := range ids {
		exemplarsOf(m).AppendEmpty().SetTraceID(id)
	}
	return md
}

// traceIDs returns the traces of what came out.
func traceIDs(t *testing.T, md *pmetric.Metrics) map[pcommon.TraceID]bool {
	t.Helper()
	require.NotNil(t, md)
	out := map[pcommon.TraceID]bool{}
	for _, e := range exemplarsOf(metricOf(*md)).All() {
		out[e.TraceID()] = true
	}
	return out
}

// M11: the exemplars that stay are those whose spans the tracing side keeps. One by one that holds for spans of the point's own
// namespace; with parent_based also for those of other namespaces, as long as their trace is remembered.
func TestExemplarsThatStayPointAtTracesThatAreKept(t *testing.T) {
	namespaces := []string{"orders", "never", "always", "unlisted"}
	for sampler, foreign := range map[Sampler]bool{TraceIDRatio: false, ParentBased: true} {
		h := start(t, map[string]any{
			"metrics": map[string]any{"exemplars": "sampled"},
			"tracing": map[string]any{
				"sampler": string(sampler), "sample_rate": 0.5, "namespaces": map[string]any{"orders": 0.25, "never": 0, "always": 1},
			},
		})
		for n, namespace := range namespaces {
			var (
				ids   []pcommon.TraceID
				spans []span
			)
			for range 300 {
				id := randomID()
				ids, spans = append(ids, id), append(spans, span{id: id, attributes: map[string]any{"namespace": namespace}})
			}
			want := map[pcommon.TraceID]bool{}
			for _, s := range h.consumeTraces(tracesOf(t, spans...)) {
				want[s.TraceID()] = true
			}
			of := namespace
			if foreign {
				of = namespaces[(n+1)%len(namespaces)]
			}
			for _, typ := range pointTypes[:4] { // summaries have none
				got := traceIDs(t, h.consumeMetrics(pointingAt(typ, of, ids)))
				assert.Equal(t, want, got, "%s: %s of %s", sampler, typ, namespace)
			}
		}
	}
}

func TestWhichExemplarsStay(t *testing.T) { // M11
	both := []pcommon.TraceID{lowID, highID}
	tracing := func(section map[string]any) map[string]any {
		return map[string]any{"metrics": map[string]any{"exemplars": "sampled"}, "tracing": section}
	}
	for _, tt := range []struct {
		name      string
		settings  map[string]any
		namespace string
		want      []pcommon.TraceID
	}{
		{"all by default", map[string]any{"tracing": map[string]any{"sample_rate": 0}}, "orders", both},
		{"none where no spans leave", tracing(map[string]any{"enabled": false}), "orders", nil},
		{"all where all spans leave", tracing(map[string]any{"sample_rate": 1}), "orders", both},
		{"those of the rate", tracing(map[string]any{"sample_rate": 0.5}), "orders", both[1:]},
		{"all of metrics that rates do not apply to", tracing(map[string]any{"sample_rate": 0}), "", both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := map[pcommon.TraceID]bool{}
			for _, id := range tt.want {
				want[id] = true
			}
			h := start(t, tt.settings)
			assert.Equal(t, want, traceIDs(t, h.consumeMetrics(pointingAt(pmetric.MetricTypeSum, tt.namespace, both))))
		})
	}
	h := start(t, tracing(map[string]any{"sample_rate": 0}))
	none := h.consumeMetrics(pointingAt(pmetric.MetricTypeSum, "orders", []pcommon.TraceID{{}}))
	assert.Len(t, traceIDs(t, none), 1, "an exemplar without a trace points at nothing")
}

// While Postgres cannot be asked, on_failure decides spans, and so it decides the exemplars that point at them.
func TestExemplarsFollowOnFailure(t *testing.T) {
	for onFailure, want := range map[string]int{"keep": 2, "global_rate": 1} {
		h := start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": onFailure, "wait": "0s"},
			map[string]any{
				"metrics": map[string]any{"exemplars": "sampled"}, "tracing": map[string]any{"sample_rate": 0.5},
			}))
		md := pointingAt(pmetric.MetricTypeHistogram, "", []pcommon.TraceID{lowID, highID})
		metricOf(md).Histogram().DataPoints().At(0).Attributes().PutStr("task_uuid", taskID(1))
		assert.Len(t, traceIDs(t, h.consumeMetrics(md)), want, onFailure)
	}
}
