// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestHostileInputPanicsNothingAndLosesNothing keeps all at rate 1 and looks for all of it.
func TestHostileInputPanicsNothingAndLosesNothing(t *testing.T) {
	megabyte := strings.Repeat("x", 1<<20)
	attributes := []map[string]any{
		{"namespace": 5},
		{"namespace": true},
		{"namespace": 1.5},
		{"namespace": []byte{0, 1}},
		{"namespace": nil},
		{"namespace": map[string]any{"a": map[string]any{}}},
		{"namespace": []any{"a", []any{}}},
		{"namespace": megabyte},
		{"other": megabyte},
		{"namespace": "\xff\xfe"},
		{"namespace": "a\x00b"},
		{"task_uuid": megabyte},
		{"task_uuid": "\x00"},
		{"task_uuid": 7},
		{"task_uuid": "\xff"},
		{"task_uuid": "0198f000-0000-7000-8000-00000000000g"},
		{"": "empty key"},
		{},
	}
	settings := samplertest.WithPostgres("postgres://127.0.0.1:1/none", nil, nil)

	t.Run("spans", func(t *testing.T) {
		h := samplertest.Start(t, settings)
		var spans []samplertest.Span
		for _, a := range attributes {
			spans = append(spans, samplertest.Span{Attributes: a})
		}
		for _, tracestate := range []string{",,,", "=", "ot=", "ot", "\x00", "\xff", megabyte, "ot=th:" + megabyte, "ot=rv:;th:"} {
			spans = append(spans, samplertest.Span{Tracestate: tracestate}, samplertest.Span{ID: samplertest.LowID, Tracestate: tracestate})
		}
		td := samplertest.TracesOf(t, spans...)
		none := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty() // no ID at all
		none.TraceState().FromRaw("ot=th:8")
		want, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(t, err)

		require.Len(t, h.ConsumeTraces(td), len(spans)+1)
		got, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(h.Spans.AllTraces()[0])
		require.NoError(t, err)
		assert.Equal(t, want, got, "at rate 1 nothing is touched")
		assertLabels(t, h)
	})
	t.Run("points", func(t *testing.T) {
		h := samplertest.Start(t, settings)
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutEmptyMap("namespace")
		metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
		for _, typ := range samplertest.PointTypes {
			m := metrics.AppendEmpty()
			for _, a := range attributes {
				require.NoError(t, samplertest.AppendPoint(m, typ).FromRaw(a))
			}
		}
		nan := metrics.AppendEmpty().SetEmptyGauge().DataPoints()
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			dp := nan.AppendEmpty()
			dp.SetDoubleValue(v)
			dp.Attributes().PutDouble("value", v)
			dp.Attributes().PutStr("namespace", "orders")
		}
		require.NotNil(t, h.ConsumeMetrics(md))
		assert.Equal(t, len(attributes)*len(samplertest.PointTypes)+3, h.Points.AllMetrics()[0].DataPointCount())
		assertLabels(t, h)
	})
	t.Run("and every rate between decides the same twice", func(t *testing.T) {
		h := samplertest.Start(t, map[string]any{"sample_rate": 0.5})
		batch := func() ptrace.Traces {
			var spans []samplertest.Span
			for i, a := range attributes {
				spans = append(spans, samplertest.Span{ID: pcommon.TraceID{1, 9: byte(i * 14)}, Attributes: a})
			}
			return samplertest.TracesOf(t, spans...)
		}
		assert.Len(t, h.ConsumeTraces(batch()), len(h.ConsumeTraces(batch())))
	})
}

// assertLabels holds the internal metrics to C9: values are bounded and valid UTF-8.
func assertLabels(t *testing.T, h *samplertest.Sampler) {
	t.Helper()
	for _, metric := range []string{"spans", "datapoints"} {
		for key := range h.Counts(metric) {
			assert.True(t, utf8.ValidString(key))
			assert.LessOrEqual(t, len(key), namespace.MaxShownBytes+len("dropped unavailable  "))
		}
	}
}
