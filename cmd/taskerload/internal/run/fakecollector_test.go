// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
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

	mu       sync.Mutex
	counters map[sentTo]int
	keys     int
}

// sentTo is a counter of one of the two metrics about items.
type sentTo struct {
	metric string
	count
}

func (f *fakeCollector) count(metric string, c count, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counters == nil {
		f.counters = map[sentTo]int{}
	}
	f.counters[sentTo{metric, c}] += n
}

func (f *fakeCollector) lookUp(keys keySet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys += len(keys)
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
	outcomes, keys := f.oracle.spans(request)
	f.lookUp(keys)
	for _, resource := range request.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			scope.Spans().RemoveIf(func(span ptrace.Span) bool {
				outcome := outcomes[0]
				outcomes = outcomes[1:]
				f.count("spans", outcome.count(), 1)
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
	keys := keySet{}
	for _, resource := range request.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				above := f.oracle.identity.metric(resource.Resource(), scope.Scope(), metric)
				drop := func(item pcommon.Map) bool {
					outcome, key := f.oracle.point(above, item, scope.Scope().Attributes(), resource.Resource().Attributes())
					keys.add(key)
					f.count("datapoints", outcome.count(), 1)
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
	f.lookUp(keys)
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
	f.mu.Lock()
	defer f.mu.Unlock()
	for c, n := range f.counters {
		say(w, "otelcol_processor_namespace_sampler_%s_total{decision=%q,namespace=%q,rule=%q} %d\n",
			c.metric, c.decision, c.namespace, c.rule, n)
	}
	say(w, "otelcol_processor_namespace_sampler_lookup_keys_total{outcome=\"hit\"} %d\n", f.keys)
	say(w, "otelcol_processor_namespace_sampler_lookup_keys_total{outcome=\"malformed\"} 7\n")
}

// collectorMain is the fake collector as a program. It takes what a real one would: --config FILE and --set KEY=VALUE, and
// the addresses from the environment.
func collectorMain() int {
	if os.Getenv("FAKE_COLLECTOR_FAILS") != "" {
		fmt.Println("Error: bad configuration")
		return 7
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var settings []setting
	for _, arg := range os.Args[3:] {
		key, value, _ := strings.Cut(strings.TrimPrefix(arg, "--set=processors::namespace_sampler::"), "=")
		settings = append(settings, setting{key, value})
	}
	config, err := readConfig(os.Args[2], settings...)
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
