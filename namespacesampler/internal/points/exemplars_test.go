// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// pointingAt returns a point of a namespace with one exemplar for each trace.
func pointingAt(typ pmetric.MetricType, namespace string, ids []pcommon.TraceID) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	attributes := samplertest.AppendPoint(m, typ)
	if namespace != "" {
		attributes.PutStr("namespace", namespace)
	}
	for _, id := range ids {
		samplertest.ExemplarsOf(m).AppendEmpty().SetTraceID(id)
	}
	return md
}

// traceIDs returns the traces of the exemplars of the first point.
func traceIDs(t *testing.T, md *pmetric.Metrics) map[pcommon.TraceID]bool {
	t.Helper()
	require.NotNil(t, md)
	out := map[pcommon.TraceID]bool{}
	for _, e := range samplertest.ExemplarsOf(samplertest.MetricOf(*md)).All() {
		out[e.TraceID()] = true
	}
	return out
}

// With sampled exemplars, those are kept whose spans are kept. With trace_id_ratio this holds for spans of the point's own
// namespace; with parent_based also for those of other namespaces, while their trace is remembered.
func TestKeptExemplarsPointAtKeptTraces(t *testing.T) { // M11
	namespaces := []string{"orders", "never", "always", "unlisted"}
	for sampler, other := range map[namespacesampler.Sampler]bool{namespacesampler.TraceIDRatio: false, namespacesampler.ParentBased: true} {
		s := samplertest.Start(t, map[string]any{
			"metrics": map[string]any{"exemplars": "sampled"},
			"tracing": map[string]any{
				"sampler": string(sampler), "sample_rate": 0.5, "namespaces": map[string]any{"orders": 0.25, "never": 0, "always": 1},
			},
		})
		for n, namespace := range namespaces {
			var (
				ids   []pcommon.TraceID
				spans []samplertest.Span
			)
			for range 300 {
				id := samplertest.RandomID()
				ids, spans = append(ids, id), append(spans, samplertest.Span{ID: id, Attributes: map[string]any{"namespace": namespace}})
			}
			want := map[pcommon.TraceID]bool{}
			for _, s := range s.ConsumeTraces(samplertest.TracesOf(t, spans...)) {
				want[s.TraceID()] = true
			}
			of := namespace
			if other {
				of = namespaces[(n+1)%len(namespaces)]
			}
			for _, typ := range samplertest.PointTypes[:4] { // summaries have no exemplars
				got := traceIDs(t, s.ConsumeMetrics(pointingAt(typ, of, ids)))
				assert.Equal(t, want, got, "%s: %s of %s", sampler, typ, namespace)
			}
		}
	}
}

func TestWhichExemplarsAreKept(t *testing.T) { // M11
	both := []pcommon.TraceID{samplertest.LowID, samplertest.HighID}
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
		{"none if tracing is disabled", tracing(map[string]any{"enabled": false}), "orders", nil},
		{"all if all spans are kept", tracing(map[string]any{"sample_rate": 1}), "orders", both},
		{"those that the rate keeps", tracing(map[string]any{"sample_rate": 0.5}), "orders", both[1:]},
		{"all of metrics that rates do not apply to", tracing(map[string]any{"sample_rate": 0}), "", both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := map[pcommon.TraceID]bool{}
			for _, id := range tt.want {
				want[id] = true
			}
			s := samplertest.Start(t, tt.settings)
			assert.Equal(t, want, traceIDs(t, s.ConsumeMetrics(pointingAt(pmetric.MetricTypeSum, tt.namespace, both))))
		})
	}
	s := samplertest.Start(t, tracing(map[string]any{"sample_rate": 0}))
	none := s.ConsumeMetrics(pointingAt(pmetric.MetricTypeSum, "orders", []pcommon.TraceID{{}}))
	assert.Len(t, traceIDs(t, none), 1, "exemplars without a trace are kept")
}

// While Postgres cannot be asked, on_failure decides spans, and therefore the exemplars that point at them.
func TestExemplarsFollowOnFailure(t *testing.T) {
	for onFailure, want := range map[string]int{"keep": 2, "global_rate": 1} {
		s := samplertest.Start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": onFailure, "wait": "0s"},
			map[string]any{
				"metrics": map[string]any{"exemplars": "sampled"}, "tracing": map[string]any{"sample_rate": 0.5},
			}))
		md := pointingAt(pmetric.MetricTypeHistogram, "", []pcommon.TraceID{samplertest.LowID, samplertest.HighID})
		samplertest.MetricOf(md).Histogram().DataPoints().At(0).Attributes().PutStr("task_uuid", taskID(1))
		assert.Len(t, traceIDs(t, s.ConsumeMetrics(md)), want, onFailure)
	}
}

func TestExemplarsOfTracesThatAreKeptWholeAreKept(t *testing.T) { // M11, T18
	s := samplertest.Start(t, map[string]any{
		"metrics": map[string]any{"exemplars": "sampled"},
		"tracing": map[string]any{"sample_rate": 0, "always_keep_traces": []any{`span.name == "span 0"`}},
	})
	kept, dropped := samplertest.RandomID(), samplertest.RandomID()
	s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: kept}, samplertest.Span{ID: dropped}))
	md := s.ConsumeMetrics(pointingAt(pmetric.MetricTypeSum, "orders", []pcommon.TraceID{kept, dropped}))
	assert.Equal(t, map[pcommon.TraceID]bool{kept: true}, traceIDs(t, md))
}
