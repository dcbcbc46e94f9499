// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

var pointTypes = []pmetric.MetricType{
	pmetric.MetricTypeGauge, pmetric.MetricTypeSum, pmetric.MetricTypeHistogram,
	pmetric.MetricTypeExponentialHistogram, pmetric.MetricTypeSummary,
}

// seriesBatch returns one point for each of n series of a type, of the namespace "orders".
func seriesBatch(typ pmetric.MetricType, n int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "worker")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("work")
	for i := range n {
		attributes := appendPoint(m, typ)
		attributes.PutInt("series", int64(i))
		attributes.PutStr("namespace", "orders")
	}
	return md
}

// seriesOf returns the values of the attribute "series" of all points.
func seriesOf(md *pmetric.Metrics) map[int64]bool {
	out := map[int64]bool{}
	if md == nil {
		return out
	}
	for _, attributes := range pointAttributes(*md) {
		v, _ := attributes.Get("series")
		out[v.Int()] = true
	}
	return out
}

// pointAttributes returns the attributes of all points, in order.
func pointAttributes(md pmetric.Metrics) []pcommon.Map {
	var out []pcommon.Map
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				switch m.Type() {
				case pmetric.MetricTypeGauge:
					out = appendAttributes(out, m.Gauge().DataPoints())
				case pmetric.MetricTypeSum:
					out = appendAttributes(out, m.Sum().DataPoints())
				case pmetric.MetricTypeHistogram:
					out = appendAttributes(out, m.Histogram().DataPoints())
				case pmetric.MetricTypeExponentialHistogram:
					out = appendAttributes(out, m.ExponentialHistogram().DataPoints())
				case pmetric.MetricTypeSummary:
					out = appendAttributes(out, m.Summary().DataPoints())
				case pmetric.MetricTypeEmpty:
				}
			}
		}
	}
	return out
}

func appendAttributes[P interface{ Attributes() pcommon.Map }, S points[P]](out []pcommon.Map, ps S) []pcommon.Map {
	for i := range ps.Len() {
		out = append(out, ps.At(i).Attributes())
	}
	return out
}

func TestSeriesOfAllTypesAreKeptWholeOrDroppedWhole(t *testing.T) { // M2, M10
	const series = 2000
	for _, typ := range pointTypes {
		t.Run(typ.String(), func(t *testing.T) {
			h := start(t, map[string]any{"sample_rate": 0.3})
			first := seriesOf(h.consumeMetrics(seriesBatch(typ, series)))
			assert.InDelta(t, 0.3*series, len(first), 68) // 99.9 % of the binomial distribution
			for range 3 {
				assert.Equal(t, first, seriesOf(h.consumeMetrics(seriesBatch(typ, series))))
			}
			replica := start(t, map[string]any{"sample_rate": 0.3})
			assert.Equal(t, first, seriesOf(replica.consumeMetrics(seriesBatch(typ, series))))
		})
	}
}

func TestKeptPointsAreWhatTheyWere(t *testing.T) { // M1, M2
	for _, typ := range pointTypes {
		h := start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"orders": 1}})
		in, out := seriesBatch(typ, 100), h.consumeMetrics(seriesBatch(typ, 100))
		want, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(in)
		require.NoError(t, err)
		got, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(*out)
		require.NoError(t, err)
		assert.Equal(t, want, got, "%s: byte-identical", typ)
	}
}

func TestKeptSeriesNestAcrossRates(t *testing.T) { // M2, T14
	previous := map[int64]bool{}
	for _, rate := range []float64{0, 0.01, 0.1, 0.5, 0.9, 1} {
		h := start(t, map[string]any{"sample_rate": rate})
		kept := seriesOf(h.consumeMetrics(seriesBatch(pmetric.MetricTypeSum, 2000)))
		for series := range previous {
			assert.True(t, kept[series], "series %d is kept at a lower rate than %v", series, rate)
		}
		previous = kept
	}
	assert.Len(t, previous, 2000)
}

func TestMetricsWithoutNamespaceAndKeyPass(t *testing.T) {
	h := start(t, map[string]any{
		"sample_rate": 0,
		"postgres":    map[string]any{"dsn": "postgres://localhost:1/none", "wait": "1ms"},
	})
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("process.health")
	appendPoint(m, pmetric.MetricTypeGauge).PutStr("channel", "a")
	appendPoint(m, pmetric.MetricTypeGauge).PutStr("namespace", "unknown") // a missing value counts as absent
	appendPoint(m, pmetric.MetricTypeGauge).PutStr("namespace", "orders")
	appendPoint(m, pmetric.MetricTypeGauge).PutStr("correlation_id", "no uuid, yet a lookup attribute")

	out := h.consumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 2, out.DataPointCount())
	assert.Equal(t, map[string]int64{
		"kept _none passed": 2, "dropped orders global": 1, "dropped _none global": 1,
	}, h.counts("datapoints"))
	assert.Equal(t, map[string]int64{"malformed": 1}, h.counts("lookup_keys"))
}

func TestEmptyMetricsAndUnspecifiedTemporalityPass(t *testing.T) { // M8
	h := start(t, map[string]any{"sample_rate": 0})
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	metrics.AppendEmpty().SetName("of no type")
	metrics.AppendEmpty().SetEmptyGauge() // without points
	for _, typ := range []pmetric.MetricType{
		pmetric.MetricTypeSum, pmetric.MetricTypeHistogram, pmetric.MetricTypeExponentialHistogram,
	} {
		m := metrics.AppendEmpty()
		appendPoint(m, typ).PutStr("namespace", "orders")
		switch typ {
		case pmetric.MetricTypeSum:
			m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityUnspecified)
		case pmetric.MetricTypeHistogram:
			m.Histogram().SetAggregationTemporality(pmetric.AggregationTemporalityUnspecified)
		default:
			m.ExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityUnspecified)
		}
	}
	out := h.consumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 5, out.MetricCount())
	assert.Equal(t, map[string]int64{"kept orders passed": 3}, h.counts("datapoints"))
}

func TestPointsWithoutRecordedValueFollowTheirSeries(t *testing.T) { // M8
	h := start(t, map[string]any{"sample_rate": 0.5})
	md := seriesBatch(pmetric.MetricTypeGauge, 500)
	dps := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints()
	for _, dp := range dps.All() {
		dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	}
	want := seriesOf(h.consumeMetrics(seriesBatch(pmetric.MetricTypeGauge, 500)))
	assert.Equal(t, want, seriesOf(h.consumeMetrics(md)))
}

func TestEmptiedMetricsScopesAndResourcesGo(t *testing.T) { // M9
	h := start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1}})
	md := pmetric.NewMetrics()
	add := func(namespaces ...string) {
		scope := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
		for _, namespace := range namespaces {
			m := scope.Metrics().AppendEmpty()
			m.SetName(namespace)
			appendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", namespace)
		}
	}
	add("orders")
	add("orders", "kept")

	out := h.consumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 1, out.ResourceMetrics().Len())
	assert.Equal(t, 1, out.MetricCount())
	assert.Nil(t, h.consumeMetrics(seriesBatch(pmetric.MetricTypeSum, 3)), "C5: nothing is left, nothing is passed on")
}

func TestDisabledDetailedMetricsLeaveOnlyWhatHasAnOverride(t *testing.T) {
	h := start(t, map[string]any{"metrics": map[string]any{
		"detailed":   map[string]any{"enabled": false, "sample_rate": 1},
		"namespaces": map[string]any{"payments": 1},
	}})
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	appendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "payments")
	appendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "orders")
	out := h.consumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 1, out.DataPointCount())
	assert.Equal(t, map[string]int64{"kept payments exact": 1, "dropped orders global": 1}, h.counts("datapoints"))
}

func TestPointsOfASignalThatIsOffAreDroppedAndCounted(t *testing.T) {
	h := start(t, map[string]any{"metrics": map[string]any{"enabled": false}})
	md := seriesBatch(pmetric.MetricTypeSum, 2)
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty().SetName("of no type")
	assert.Nil(t, h.consumeMetrics(md))
	assert.Equal(t, map[string]int64{"dropped orders disabled": 2}, h.counts("datapoints"))
	assert.Len(t, h.logs.FilterMessageSnippet("metrics::enabled is false").All(), 1)
}

// TestANamespaceThatIsMissingDrawsLikeNone is M4: `unknown` and no namespace are one series, a real one is another.
func TestANamespaceThatIsMissingDrawsLikeNone(t *testing.T) {
	kept := func(namespace string) map[int64]bool {
		h := start(t, map[string]any{
			"sample_rate": 0.5,
			"postgres":    map[string]any{"dsn": "postgres://localhost:1/none", "wait": "0s"},
		})
		md := seriesBatch(pmetric.MetricTypeSum, 500)
		for i, attributes := range pointAttributes(md) {
			attributes.Remove("namespace")
			if namespace != "" {
				attributes.PutStr("namespace", namespace)
			}
			attributes.PutStr("task_uuid", fmt.Sprintf("00000000-0000-7000-8000-%012d", i))
		}
		return seriesOf(h.consumeMetrics(md))
	}
	assert.Equal(t, kept(""), kept("unknown"))
	assert.NotEqual(t, kept(""), kept("orders"))
}

// TestWhatAWalkIsDoneWithHoldsNoTelemetry, also of metrics that are let pass among those that are read when they are decided (M8).
func TestWhatAWalkIsDoneWithHoldsNoTelemetry(t *testing.T) {
	w := newMetricsWalk(newMetricsProcessor(benchRuntime(t, nil)))
	require.True(t, w.single)
	w.begin()
	w.goBy(w.rates.points)
	w.planLookups()
	md := benchPoints(pmetric.MetricTypeSum) // of the first metrics nobody knows the temporality
	metrics := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	for i := range 10 {
		metrics.At(i).Sum().SetAggregationTemporality(pmetric.AggregationTemporalityUnspecified)
	}
	for i := 10; i < metrics.Len(); i++ {
		setDelta(metrics.At(i))
	}
	w.remove(md)
	w.end(t.Context(), w.rt.telemetry.ProcessorNamespaceSamplerDatapoints)
	items := w.items[:cap(w.items)]
	require.Greater(t, len(items), 10)
	for i := range items {
		require.Zero(t, items[i])
	}
	require.Equal(t, unread, w.alone)
}
