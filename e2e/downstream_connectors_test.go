// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// countingConnectors count spans by namespace and whether they failed. service_graph counts requests, with a namespace on each side.
const countingConnectors = `
connectors:
  span_metrics:
    dimensions: [{name: namespace}, {name: failed}]
    metrics_flush_interval: 200ms
  signal_to_metrics:
    spans:
      - {name: as_float, attributes: &attributes [{key: namespace}, {key: failed}], sum: {value: AdjustedCount(), monotonic: true}}
      - {name: as_int, attributes: *attributes, sum: {value: Int(AdjustedCount()), monotonic: true}}
  service_graph:
    dimensions: [namespace, failed]
    metrics_flush_interval: 200ms
  count:
    spans:
      counted: {attributes: *attributes}
service:
  pipelines:
    metrics/computed: {receivers: [span_metrics, signal_to_metrics, service_graph, count], exporters: [otlp_grpc]}
`

// countingConnector is a connector of countingConnectors.
type countingConnector struct {
	name, metric string
	isCumulative bool
	namespace    string // the attribute that has the namespace
	failed       string // the attribute that says whether the span failed
	perTrace     int    // what it counts of a trace
	counts       func(p float64) float64
}

var connectors = []countingConnector{
	{"`span_metrics`", "traces.span.metrics.calls", true, "namespace", "failed", spansOfExchange, func(float64) float64 { return 1 }},
	{"`signal_to_metrics`, `AdjustedCount()`", "as_float", false, "namespace", "failed", spansOfExchange, func(float64) float64 { return 1 }},
	{
		"`signal_to_metrics`, `Int(AdjustedCount())`", "as_int", false, "namespace", "failed", spansOfExchange,
		func(p float64) float64 { return p * math.Trunc(1/p) },
	},
	{"`service_graph`", "traces_service_graph_request_total", true, "client_namespace", "client_failed", 1, func(p float64) float64 { return p }},
	{"`count`", "counted", false, "namespace", "failed", spansOfExchange, func(p float64) float64 { return p }},
}

// tryConnectors runs all connectors in one collector.
func tryConnectors(b *testing.B, load []spreadTrace, keep bool) (lines []downstreamLine) {
	b.Helper()
	sink := harness.NewSink(b)
	collector := startDownstream(b, keep, countingConnectors, harness.Options{
		SpanExporter: "span_metrics, signal_to_metrics, service_graph, count", Sink: sink,
	})
	sendSpread(b, harness.NewClient(b, collector), load)
	for i := range connectors {
		c := &connectors[i]
		got := c.read(b, sink)
		for _, rate := range downstreamRates {
			p := probabilityOf(b, rate)
			assertCounted(b, c.name, got, rate, false, c.counts(p), p)
			if keep {
				assertCounted(b, c.name, got, rate, true, 1, 1)
			} else {
				assertCounted(b, c.name, got, rate, true, c.counts(p), p)
			}
		}
		lines = append(lines, downstreamLine{c.name, got})
	}
	collector.Stop()
	return lines
}

// read returns what the connector has counted. Of cumulative counts it reads the latest, of which the export began after everything was sent.
func (c *countingConnector) read(b *testing.B, sink *harness.Sink) reading {
	b.Helper()
	exports := exportsOf(sink, c.metric)
	if c.isCumulative {
		before := len(exports)
		require.True(b, harness.Eventually(time.Minute, func() bool { return len(exportsOf(sink, c.metric)) >= before+2 }), c.metric)
		exports = exportsOf(sink, c.metric)
		exports = exports[len(exports)-1:]
	}
	all := reading{}
	for _, md := range exports {
		for _, p := range harness.PointsOf(md) {
			if p.Metric.Name() != c.metric {
				continue
			}
			namespace, _ := p.Attributes.Get(c.namespace)
			failed, _ := p.Attributes.Get(c.failed)
			all.add(namespace.Str(), failed.AsString() == "true", numberOf(p.Data.(pmetric.NumberDataPoint)), c.perTrace)
		}
	}
	assert.Len(b, all, len(downstreamRates), c.name)
	return all
}

// exportsOf returns the exports that have a metric.
func exportsOf(sink *harness.Sink, metric string) (exports []pmetric.Metrics) {
	for _, md := range sink.Metrics() {
		for _, p := range harness.PointsOf(md) {
			if p.Metric.Name() == metric {
				exports = append(exports, md)
				break
			}
		}
	}
	return exports
}

func numberOf(p pmetric.NumberDataPoint) float64 {
	if p.ValueType() == pmetric.NumberDataPointValueTypeDouble {
		return p.DoubleValue()
	}
	return float64(p.IntValue())
}
