// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const (
	series = 2000 // of each type
	rounds = 3
)

func TestSeriesAreKeptOrDroppedAsAWholeInEveryReplica(t *testing.T) {
	t.Parallel()
	sent := map[seriesKey][]string{}
	for round := range rounds {
		for key, line := range timeline(t, harness.PointsOf(seriesRequest(round, series, nil))) {
			sent[key] = append(sent[key], line...)
		}
	}
	require.Len(t, sent, series*len(pointKinds))

	at30 := keptSeries(t, "0.3", false)
	perKind := map[string]int{}
	for key, line := range at30 {
		assert.Equal(t, sent[key], line, "series %v is whole, and its values are as sent", key)
		perKind[key.metric]++
	}
	for kind := range pointKinds {
		assertShare(t, perKind[kind], series, 0.3, kind)
	}
	drawnApart := 0
	for key := range at30 {
		if _, ok := at30[seriesKey{"tasker.queue.depth", key.id}]; !ok {
			drawnApart++
		}
	}
	assert.NotZero(t, drawnApart, "metrics of one request are sampled independently")

	again := keptSeries(t, "0.3", true)
	assert.Equal(t, at30, again, "another process, and another order of points and attributes")

	at60 := keptSeries(t, "0.6", false)
	assertShare(t, len(at60), len(sent), 0.6, "all")
	for key := range at30 {
		assert.Contains(t, at60, key, "a series kept at 0.3 is kept at 0.6")
	}
}

// keptSeries sends each round through a new collector, as if it were restarted in between, and returns the kept series.
func keptSeries(t *testing.T, rate string, shuffled bool) map[seriesKey][]string {
	t.Helper()
	sink := harness.NewSink(t)
	for round := range rounds {
		collector := harness.Start(t, harness.Options{
			Processor: "{sample_rate: 0, metrics: {namespaces: {orders: " + rate + "}}}", Sink: sink,
		})
		request := seriesRequest(round, series, nil)
		if shuffled {
			request = seriesRequest(round, series, random())
		}
		harness.NewClient(t, collector).Metrics(request)
		collector.Stop()
	}
	return timeline(t, sink.Points())
}

// assertShare asserts that a number of kept items fits a rate: it lies in the interval that all but one in a million fair samples
// fall into.
func assertShare(t testing.TB, got, of int, rate float64, what string) {
	t.Helper()
	mean, deviation := float64(of)*rate, math.Sqrt(float64(of)*rate*(1-rate))
	assert.InDelta(t, mean, got, 4.892*deviation+1, "kept of %s", what)
}

func TestPointsWithoutAnApplicableRatePass(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: "sample_rate: 0", Sink: sink})
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()

	health := metrics.AppendEmpty() // process-level: no namespace, no key
	health.SetName("api_circuit_breaker_state")
	health.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1)
	empty := metrics.AppendEmpty()
	empty.SetName("type empty")
	unspecified := metrics.AppendEmpty()
	unspecified.SetName("temporality unspecified")
	unspecified.SetEmptySum().DataPoints().AppendEmpty().Attributes().PutStr("namespace", "orders")
	unspecified = metrics.AppendEmpty()
	unspecified.SetName("temporality unspecified, histogram")
	unspecified.SetEmptyHistogram().DataPoints().AppendEmpty().Attributes().PutStr("namespace", "orders")
	noPoints := metrics.AppendEmpty()
	noPoints.SetName("no points")
	noPoints.SetEmptyGauge()
	detailed := metrics.AppendEmpty()
	detailed.SetName("detailed")
	detailed.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().PutStr("namespace", "orders")
	harness.NewClient(t, collector).Metrics(md)

	require.Len(t, sink.Metrics(), 1)
	var names []string
	for _, m := range sink.Metrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		names = append(names, m.Name())
	}
	assert.Equal(t, []string{
		"api_circuit_breaker_state", "type empty", "temporality unspecified", "temporality unspecified, histogram", "no points",
	}, names)
	scrape := collector.Scrape()
	assert.EqualValues(t, 3, scrape.Sum(harness.Prefix+"datapoints", harness.Labels{"rule": "passed", "decision": "kept"}))
	assert.EqualValues(t, 1, scrape.Sum(harness.Prefix+"datapoints", harness.Labels{"decision": "dropped"}))
}

func TestEmptyMetricsScopesAndResourcesAreRemoved(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{
		Processor: "{sample_rate: 1, namespaces: {silent: 0}}", Sink: sink,
	}))
	md := pmetric.NewMetrics()
	for _, name := range []string{"silent", "loud"} {
		m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().PutStr("namespace", name)
	}
	client.Metrics(md)
	require.Len(t, sink.Metrics(), 1)
	assert.Equal(t, 1, sink.Metrics()[0].ResourceMetrics().Len())
	sink.Reset()

	md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		m := rm.ScopeMetrics().At(0).Metrics().At(0)
		name, _ := m.Gauge().DataPoints().At(0).Attributes().Get("namespace")
		return name.Str() == "loud"
	})
	client.Metrics(md)
	assert.Empty(t, sink.Metrics(), "an empty request is not exported")
}

func TestDisabledDetailedMetricsKeepTheirOverrides(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Sink: sink, Processor: `
metrics: {detailed: {enabled: false, sample_rate: 1}, namespaces: {payments: 1}}
`}))
	md := pmetric.NewMetrics()
	points := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints()
	points.AppendEmpty().Attributes().PutStr("namespace", "payments")
	points.AppendEmpty().Attributes().PutStr("namespace", "orders")
	points.AppendEmpty().Attributes().PutStr("namespace", "unknown") // one of the missing values
	points.AppendEmpty()
	client.Metrics(md)
	var kept []any
	for _, p := range sink.Points() {
		kept = append(kept, p.Attributes.AsRaw()["namespace"])
	}
	assert.Equal(t, []any{"payments", "unknown", nil}, kept)
}
