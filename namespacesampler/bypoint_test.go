// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// byPoint are settings that draw every point by itself.
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
		appendPoint(m, typ).PutStr("namespace", "orders")
	}
	return md
}

func metricOf(md pmetric.Metrics) pmetric.Metric {
	return md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
}

// setDelta makes a metric one of deltas.
func setDelta(m pmetric.Metric) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	case pmetric.MetricTypeHistogram:
		m.Histogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
	}
}

func TestPointsOfASeriesAreDrawnByThemselves(t *testing.T) { // M6, M10
	const n, rate = 5000, 0.3
	for _, typ := range pointTypes {
		h := start(t, byPoint(rate, nil))
		out := h.consumeMetrics(oneSeries(typ, n))
		require.NotNil(t, out)
		kept := out.DataPointCount()
		assert.InDelta(t, n*rate, kept, 7*math.Sqrt(n*rate*(1-rate)), typ) // by chance 1 in 10¹¹ fails
		assert.Equal(t, map[string]int64{
			"kept orders global": int64(kept), "dropped orders global": int64(n - kept),
		}, h.counts("datapoints"))
	}
}

// M1: what is cumulative, a gauge or a summary is thinned by point, but not rescaled. Nor is what is kept whole, or what
// asks for no rescaling.
func TestPointsThatAreNoDeltasStayWhatTheyAre(t *testing.T) {
	marshal := func(md pmetric.Metrics) []byte {
		encoded, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
		require.NoError(t, err)
		return encoded
	}
	for _, typ := range pointTypes {
		t.Run(typ.String(), func(t *testing.T) {
			cumulative, delta := oneSeries(typ, 200), oneSeries(typ, 200)
			setDelta(metricOf(delta))
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
				out := start(t, tt.settings).consumeMetrics(in)
				require.NotNil(t, out, tt.name)
				same := oneSeries(typ, out.DataPointCount()) // all points are alike
				if metricOf(tt.in) == metricOf(delta) {
					setDelta(metricOf(same))
				}
				assert.Equal(t, marshal(same), marshal(*out), tt.name)
			}
		})
	}
}

func TestPointsWithoutRecordedValueAreAlwaysKeptByPoint(t *testing.T) { // M8, M7
	for _, typ := range pointTypes {
		h := start(t, byPoint(0, rescaling))
		md := oneSeries(typ, 3)
		setDelta(metricOf(md))
		appendFlagged(metricOf(md))
		out := h.consumeMetrics(md)
		require.NotNil(t, out, typ)
		assert.Equal(t, 1, out.DataPointCount(), typ)
		assert.Equal(t, map[string]int64{"kept orders passed": 1, "dropped orders global": 3}, h.counts("datapoints"))
	}
}

// appendFlagged adds a point like the others that has no recorded value.
func appendFlagged(m pmetric.Metric) {
	flags := pmetric.DefaultDataPointFlags.WithNoRecordedValue(true)
	appendPoint(m, m.Type()).PutStr("namespace", "orders")
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

func TestWhatPostgresFailsToTellIsKeptAsItIs(t *testing.T) { // M7: kept with certainty, it stands for itself alone
	h := start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "keep", "wait": "0s"},
		byPoint(0.5, rescaling)))
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	for i := range 50 {
		appendPoint(m, pmetric.MetricTypeSum).PutStr("task_uuid", taskID(i))
	}
	setDelta(m)
	out := h.consumeMetrics(md)
	require.Equal(t, 50, out.DataPointCount())
	for _, dp := range metricOf(*out).Sum().DataPoints().All() {
		assert.EqualValues(t, 7, dp.IntValue())
	}
}

func TestADryRunCountsPointsAndChangesNone(t *testing.T) {
	settings := byPoint(0.5, map[string]any{"rescale_delta": true, "exemplars": "sampled"})
	settings["dry_run"], settings["tracing"] = true, map[string]any{"sample_rate": 0}
	h := start(t, settings)
	batch := func() pmetric.Metrics {
		md := oneSeries(pmetric.MetricTypeHistogram, 400)
		setDelta(metricOf(md))
		exemplarsOf(metricOf(md)).AppendEmpty().SetTraceID(lowID)
		return md
	}
	want, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(batch())
	require.NoError(t, err)
	got, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(*h.consumeMetrics(batch()))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotZero(t, h.counts("datapoints")["dropped orders global"])
}
