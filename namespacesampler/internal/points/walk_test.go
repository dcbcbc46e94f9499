// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// seriesBatch returns one point of each of n series of the namespace "orders".
func seriesBatch(typ pmetric.MetricType, n int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "worker")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("work")
	for i := range n {
		attributes := samplertest.AppendPoint(m, typ)
		attributes.PutInt("series", int64(i))
		attributes.PutStr("namespace", "orders")
	}
	return md
}

// seriesOf returns the values of the attribute "series" that occur in a batch.
func seriesOf(md *pmetric.Metrics) map[int64]bool {
	out := map[int64]bool{}
	if md == nil {
		return out
	}
	for _, attributes := range samplertest.PointAttributes(*md) {
		v, _ := attributes.Get("series")
		out[v.Int()] = true
	}
	return out
}

func TestSeriesOfAllTypesAreKeptWholeOrDroppedWhole(t *testing.T) { // M2, M10
	const series = 2000
	for _, typ := range samplertest.PointTypes {
		t.Run(typ.String(), func(t *testing.T) {
			s := samplertest.Start(t, map[string]any{"sample_rate": 0.3})
			first := seriesOf(s.ConsumeMetrics(seriesBatch(typ, series)))
			assert.InDelta(t, 0.3*series, len(first), 68) // 99.9 % of the binomial distribution
			for range 3 {
				assert.Equal(t, first, seriesOf(s.ConsumeMetrics(seriesBatch(typ, series))))
			}
			replica := samplertest.Start(t, map[string]any{"sample_rate": 0.3})
			assert.Equal(t, first, seriesOf(replica.ConsumeMetrics(seriesBatch(typ, series))))
		})
	}
}

func TestKeptPointsAreUnchanged(t *testing.T) { // M1, M2
	for _, typ := range samplertest.PointTypes {
		s := samplertest.Start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"orders": 1}})
		in, out := seriesBatch(typ, 100), s.ConsumeMetrics(seriesBatch(typ, 100))
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
		s := samplertest.Start(t, map[string]any{"sample_rate": rate})
		kept := seriesOf(s.ConsumeMetrics(seriesBatch(pmetric.MetricTypeSum, 2000)))
		for series := range previous {
			assert.True(t, kept[series], "series %d is kept at a lower rate than %v", series, rate)
		}
		previous = kept
	}
	assert.Len(t, previous, 2000)
}

func TestPointsWithoutNamespaceAndKeyPass(t *testing.T) {
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0,
		"postgres":    map[string]any{"dsn": "postgres://localhost:1/none", "wait": "1ms"},
	})
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("process.health")
	samplertest.AppendPoint(m, pmetric.MetricTypeGauge).PutStr("channel", "a")
	samplertest.AppendPoint(m, pmetric.MetricTypeGauge).PutStr("namespace", "unknown") // counts as absent
	samplertest.AppendPoint(m, pmetric.MetricTypeGauge).PutStr("namespace", "orders")
	samplertest.AppendPoint(m, pmetric.MetricTypeGauge).PutStr("correlation_id", "a lookup attribute, but not a UUID")

	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 2, out.DataPointCount())
	assert.Equal(t, map[string]int64{
		"kept _none passed": 2, "dropped orders global": 1, "dropped _none global": 1,
	}, s.Counts("datapoints"))
	assert.Equal(t, map[string]int64{"malformed": 1}, s.Counts("lookup_keys"))
}

func TestEmptyMetricsAndUnspecifiedTemporalityPass(t *testing.T) { // M8
	s := samplertest.Start(t, map[string]any{"sample_rate": 0})
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	metrics.AppendEmpty().SetName("without a type")
	metrics.AppendEmpty().SetEmptyGauge() // without points
	for _, typ := range []pmetric.MetricType{
		pmetric.MetricTypeSum, pmetric.MetricTypeHistogram, pmetric.MetricTypeExponentialHistogram,
	} {
		m := metrics.AppendEmpty()
		samplertest.AppendPoint(m, typ).PutStr("namespace", "orders")
		samplertest.SetTemporality(m, pmetric.AggregationTemporalityUnspecified)
	}
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 5, out.MetricCount())
	assert.Equal(t, map[string]int64{"kept orders passed": 3}, s.Counts("datapoints"))
}

func TestPointsWithoutRecordedValueFollowTheirSeries(t *testing.T) { // M8
	s := samplertest.Start(t, map[string]any{"sample_rate": 0.5})
	md := seriesBatch(pmetric.MetricTypeGauge, 500)
	dps := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints()
	for _, dp := range dps.All() {
		dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	}
	want := seriesOf(s.ConsumeMetrics(seriesBatch(pmetric.MetricTypeGauge, 500)))
	assert.Equal(t, want, seriesOf(s.ConsumeMetrics(md)))
}

func TestEmptiedMetricsScopesAndResourcesAreRemoved(t *testing.T) { // M9
	s := samplertest.Start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1}})
	md := pmetric.NewMetrics()
	add := func(namespaces ...string) {
		scope := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
		for _, namespace := range namespaces {
			m := scope.Metrics().AppendEmpty()
			m.SetName(namespace)
			samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", namespace)
		}
	}
	add("orders")
	add("orders", "kept")

	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 1, out.ResourceMetrics().Len())
	assert.Equal(t, 1, out.MetricCount())
	assert.Nil(t, s.ConsumeMetrics(seriesBatch(pmetric.MetricTypeSum, 3)), "C5: an empty batch is not passed on")
}

func TestWithoutDetailedMetricsOnlyNamespacesWithAnOverrideAreKept(t *testing.T) {
	s := samplertest.Start(t, map[string]any{"metrics": map[string]any{
		"detailed":   map[string]any{"enabled": false, "sample_rate": 1},
		"namespaces": map[string]any{"payments": 1},
	}})
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "payments")
	samplertest.AppendPoint(m, pmetric.MetricTypeSum).PutStr("namespace", "orders")
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 1, out.DataPointCount())
	assert.Equal(t, map[string]int64{"kept payments exact": 1, "dropped orders global": 1}, s.Counts("datapoints"))
}

func TestPointsOfADisabledSignalAreDroppedAndCounted(t *testing.T) {
	s := samplertest.Start(t, map[string]any{"metrics": map[string]any{"enabled": false}})
	md := seriesBatch(pmetric.MetricTypeSum, 2)
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty().SetName("without a type")
	assert.Nil(t, s.ConsumeMetrics(md))
	assert.Equal(t, map[string]int64{"dropped orders disabled": 2}, s.Counts("datapoints"))
	assert.Len(t, s.Logs.FilterMessageSnippet("metrics::enabled is false").All(), 1)
}

// A missing value such as unknown and an absent namespace make the same series; a real namespace makes another.
func TestMissingNamespacesDoNotChangeTheDecision(t *testing.T) { // M4
	kept := func(namespace string) map[int64]bool {
		s := samplertest.Start(t, map[string]any{
			"sample_rate": 0.5,
			"postgres":    map[string]any{"dsn": "postgres://localhost:1/none", "wait": "0s"},
		})
		md := seriesBatch(pmetric.MetricTypeSum, 500)
		for i, attributes := range samplertest.PointAttributes(md) {
			attributes.Remove("namespace")
			if namespace != "" {
				attributes.PutStr("namespace", namespace)
			}
			attributes.PutStr("task_uuid", fmt.Sprintf("00000000-0000-7000-8000-%012d", i))
		}
		return seriesOf(s.ConsumeMetrics(md))
	}
	assert.Equal(t, kept(""), kept("unknown"))
	assert.NotEqual(t, kept(""), kept("orders"))
}
