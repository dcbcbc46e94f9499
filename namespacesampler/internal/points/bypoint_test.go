// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// byPoint returns settings that draw each point independently.
func byPoint(rate any, metrics map[string]any) map[string]any {
	section := map[string]any{"by": "point"}
	for key, value := range metrics {
		section[key] = value
	}
	return map[string]any{"sample_rate": rate, "metrics": section}
}

var rescaling = map[string]any{"rescale_delta": true}

// oneSeries returns n points of one series of the namespace "orders".
func oneSeries(typ pmetric.MetricType, n int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("work")
	for range n {
		samplertest.AppendPoint(m, typ).PutStr("namespace", "orders")
	}
	return md
}

func TestPointsOfASeriesAreDrawnIndependently(t *testing.T) { // M6, M10
	const n, rate = 5000, 0.3
	for _, typ := range samplertest.PointTypes {
		s := samplertest.Start(t, byPoint(rate, nil))
		out := s.ConsumeMetrics(oneSeries(typ, n))
		require.NotNil(t, out)
		kept := out.DataPointCount()
		assert.InDelta(t, n*rate, kept, 7*math.Sqrt(n*rate*(1-rate)), typ) // fails by chance once in 10¹¹
		assert.Equal(t, map[string]int64{
			"kept orders global": int64(kept), "dropped orders global": int64(n - kept),
		}, s.Counts("datapoints"))
	}
}

// Cumulative points, gauges and summaries are never rescaled (M1). Nor are points at rate 1, nor any points without rescale_delta.
func TestOnlyDeltaPointsAreRescaled(t *testing.T) {
	marshal := func(md pmetric.Metrics) []byte {
		encoded, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
		require.NoError(t, err)
		return encoded
	}
	for _, typ := range samplertest.PointTypes {
		t.Run(typ.String(), func(t *testing.T) {
			cumulative, delta := oneSeries(typ, 200), oneSeries(typ, 200)
			samplertest.SetDelta(samplertest.MetricOf(delta))
			for _, tt := range []struct {
				name     string
				settings map[string]any
				in       pmetric.Metrics
			}{
				{"cumulative", byPoint(0.5, rescaling), cumulative},
				{"delta at rate 1", byPoint(1, rescaling), delta},
				{"delta without rescaling", byPoint(0.5, nil), delta},
			} {
				in := pmetric.NewMetrics()
				tt.in.CopyTo(in)
				out := samplertest.Start(t, tt.settings).ConsumeMetrics(in)
				require.NotNil(t, out, tt.name)
				same := oneSeries(typ, out.DataPointCount()) // all points are alike
				if samplertest.MetricOf(tt.in) == samplertest.MetricOf(delta) {
					samplertest.SetDelta(samplertest.MetricOf(same))
				}
				assert.Equal(t, marshal(same), marshal(*out), tt.name)
			}
		})
	}
}

func TestPointsWithoutRecordedValueAreAlwaysKeptByPoint(t *testing.T) { // M8, M7
	for _, typ := range samplertest.PointTypes {
		s := samplertest.Start(t, byPoint(0, rescaling))
		md := oneSeries(typ, 3)
		samplertest.SetDelta(samplertest.MetricOf(md))
		appendFlagged(samplertest.MetricOf(md))
		out := s.ConsumeMetrics(md)
		require.NotNil(t, out, typ)
		assert.Equal(t, 1, out.DataPointCount(), typ)
		assert.Equal(t, map[string]int64{"kept orders passed": 1, "dropped orders global": 3}, s.Counts("datapoints"))
	}
}

// appendFlagged appends a point without a recorded value.
func appendFlagged(m pmetric.Metric) {
	flags := pmetric.DefaultDataPointFlags.WithNoRecordedValue(true)
	samplertest.AppendPoint(m, m.Type()).PutStr("namespace", "orders")
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().At(m.Gauge().DataPoints().Len() - 1).SetFlags(flags)
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().At(m.Sum().DataPoints().Len() - 1).SetFlags(flags)
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().At(m.Histogram().DataPoints().Len() - 1).SetFlags(flags)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().At(m.ExponentialHistogram().DataPoints().Len() - 1).SetFlags(flags)
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().At(m.Summary().DataPoints().Len() - 1).SetFlags(flags)
	case pmetric.MetricTypeEmpty:
	}
}

func TestOnFailureKeepChangesNothing(t *testing.T) { // M7: kept with certainty, it stands for itself alone
	s := samplertest.Start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "keep", "wait": "0s"},
		byPoint(0.5, rescaling)))
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	for i := range 50 {
		samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("task_uuid", taskID(i))
	}
	samplertest.SetDelta(m)
	out := s.ConsumeMetrics(md)
	require.Equal(t, 50, out.DataPointCount())
	for _, dp := range samplertest.MetricOf(*out).Sum().DataPoints().All() {
		assert.EqualValues(t, 7, dp.IntValue())
	}
}

func TestADryRunCountsPointsAndChangesNone(t *testing.T) {
	settings := byPoint(0.5, map[string]any{"rescale_delta": true, "exemplars": "sampled"})
	settings["dry_run"], settings["tracing"] = true, map[string]any{"sample_rate": 0}
	s := samplertest.Start(t, settings)
	batch := func() pmetric.Metrics {
		md := oneSeries(pmetric.MetricTypeHistogram, 400)
		samplertest.SetDelta(samplertest.MetricOf(md))
		samplertest.ExemplarsOf(samplertest.MetricOf(md)).AppendEmpty().SetTraceID(samplertest.LowID)
		return md
	}
	want, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(batch())
	require.NoError(t, err)
	got, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(*s.ConsumeMetrics(batch()))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotZero(t, s.Counts("datapoints")["dropped orders global"])
}
