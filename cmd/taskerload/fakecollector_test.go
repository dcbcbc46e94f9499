// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fakeCollector does over real sockets what the processor should do, and then a fault of the test's choice.
type fakeCollector struct {
	oracle *oracle
	out    *sender
	in     *receiver

	// Faults see each request after the decisions.
	spoilTraces  func(ptrace.Traces)
	spoilMetrics func(pmetric.Metrics)

	spans, points atomic.Int64
}

// start receives on the listener and exports to the address.
func (f *fakeCollector) start(listener net.Listener, export string) error {
	var err error
	if f.out, err = newSender(export); err != nil {
		return err
	}
	f.in = startReceiver(listener, f.traces, f.metrics)
	return nil
}

func (f *fakeCollector) stop() {
	f.in.stop()
	_ = f.out.close()
}

func (f *fakeCollector) traces(request ptrace.Traces) error {
	f.spans.Add(int64(request.SpanCount()))
	for _, resource := range request.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			scope.Spans().RemoveIf(func(span ptrace.Span) bool {
				outcome := f.oracle.span(span, scope.Scope().Attributes(), resource.Resource().Attributes())
				if outcome.keep {
					span.TraceState().FromRaw(outcome.state)
					write(span.Attributes(), outcome.write)
				}
				return !outcome.keep
			})
		}
	}
	if f.spoilTraces != nil {
		f.spoilTraces(request)
	}
	return f.out.sendTraces(context.Background(), request)
}

func (f *fakeCollector) metrics(request pmetric.Metrics) error {
	f.points.Add(int64(request.DataPointCount()))
	for _, resource := range request.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				above := f.oracle.identity.metric(resource.Resource(), scope.Scope(), metric)
				drop := func(item pcommon.Map) bool {
					outcome := f.oracle.point(above, item, scope.Scope().Attributes(), resource.Resource().Attributes())
					if outcome.keep {
						write(item, outcome.write)
					}
					return !outcome.keep
				}
				switch metric.Type() {
				case pmetric.MetricTypeSum:
					metric.Sum().DataPoints().RemoveIf(func(p pmetric.NumberDataPoint) bool { return drop(p.Attributes()) })
				case pmetric.MetricTypeGauge:
					metric.Gauge().DataPoints().RemoveIf(func(p pmetric.NumberDataPoint) bool { return drop(p.Attributes()) })
				case pmetric.MetricTypeHistogram:
					metric.Histogram().DataPoints().RemoveIf(func(p pmetric.HistogramDataPoint) bool { return drop(p.Attributes()) })
				}
			}
		}
	}
	if f.spoilMetrics != nil {
		f.spoilMetrics(request)
	}
	return f.out.sendMetrics(context.Background(), request)
}

func write(attributes pcommon.Map, namespace string) {
	if namespace != "" {
		attributes.PutStr(namespaceAttribute, namespace)
	}
}

// ServeHTTP has the collector's own metrics.
func (f *fakeCollector) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	say(w, "otelcol_processor_namespace_sampler_spans_total{decision=\"kept\"} %d\n", f.spans.Load())
	say(w, "otelcol_processor_namespace_sampler_datapoints_total{decision=\"kept\"} %d\n", f.points.Load())
	say(w, "otelcol_processor_namespace_sampler_lookup_keys_total{outcome=\"hit\"} %d\n", f.spans.Load())
}

// collectorMain is the fake collector as a program. It takes what a real one would: --config FILE, and the addresses
// from the environment.
func collectorMain() int {
	if os.Getenv("FAKE_COLLECTOR_FAILS") != "" {
		fmt.Println("Error: bad configuration")
		return 7
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	config, err := readConfig(os.Args[2])
	if err != nil {
		panic(err)
	}
	f := &fakeCollector{oracle: newOracle(config, newTasks(1, smallSizes.tasks))}
	listener, err := net.Listen("tcp", os.Getenv("OTLP_ENDPOINT"))
	if err != nil {
		panic(err)
	}
	metrics := &http.Server{Addr: net.JoinHostPort(os.Getenv("METRICS_HOST"), os.Getenv("METRICS_PORT")), Handler: f}
	metricsListener, err := net.Listen("tcp", metrics.Addr)
	if err != nil {
		panic(err)
	}
	go func() { _ = metrics.Serve(metricsListener) }()
	if err := f.start(listener, os.Getenv("EXPORT_ENDPOINT")); err != nil {
		panic(err)
	}
	fmt.Println("Everything is ready.")
	<-ctx.Done()
	f.stop()
	_ = metrics.Close()
	return 0
}
