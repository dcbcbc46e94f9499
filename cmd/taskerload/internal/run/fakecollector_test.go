// SPDX-License-Identifier: Apache-2.0

package run

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

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// fakeCollector does over real sockets what the processor must do, and then introduces a fault.
type fakeCollector struct {
	oracle *oracle.Oracle
	out    *sender
	in     *receiver

	// Called with each request after the decisions, to introduce a fault.
	spoilTraces  func(ptrace.Traces)
	spoilMetrics func(pmetric.Metrics)

	mu       sync.Mutex
	counters map[counterOf]int
	keys     int
}

// counterOf is a counter of spans or data points.
type counterOf struct {
	metric string
	oracle.Counter
}

func (f *fakeCollector) count(metric string, c oracle.Counter, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counters == nil {
		f.counters = map[counterOf]int{}
	}
	f.counters[counterOf{metric, c}] += n
}

func (f *fakeCollector) lookUp(keys oracle.Keys) {
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
	outcomes, keys := f.oracle.Spans(request)
	f.lookUp(keys)
	for _, resource := range request.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			scope.Spans().RemoveIf(func(span ptrace.Span) bool {
				outcome := outcomes[0]
				outcomes = outcomes[1:]
				f.count("spans", outcome.Counter(), 1)
				if outcome.Keep {
					span.TraceState().FromRaw(outcome.Tracestate)
					write(span.Attributes(), outcome.Write)
				}
				return !outcome.Keep
			})
		}
	}
	if f.spoilTraces != nil {
		f.spoilTraces(request)
	}
	return f.out.sendTraces(context.Background(), request)
}

func (f *fakeCollector) metrics(request pmetric.Metrics) error {
	outcomes, keys := f.oracle.Points(request)
	f.lookUp(keys)
	drop := func(attributes pcommon.Map) bool {
		outcome := outcomes[0]
		outcomes = outcomes[1:]
		f.count("datapoints", outcome.Counter(), 1)
		if outcome.Keep {
			write(attributes, outcome.Write)
		}
		return !outcome.Keep
	}
	for _, resource := range request.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
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
		attributes.PutStr(items.NamespaceAttribute, namespace)
	}
}

// ServeHTTP serves the collector's own metrics.
func (f *fakeCollector) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c, n := range f.counters {
		printf(w, "otelcol_processor_namespace_sampler_%s_total{decision=%q,sampling_namespace=%q,rule=%q} %d\n",
			c.metric, c.Decision, c.Namespace, c.Rule, n)
	}
	printf(w, "otelcol_processor_namespace_sampler_lookup_keys_total{outcome=\"hit\"} %d\n", f.keys)
	printf(w, "otelcol_processor_namespace_sampler_lookup_keys_total{outcome=\"malformed\"} 7\n")
}

// collectorMain is the fake collector as a program. It takes the arguments of a real one, --config FILE and --set=KEY=VALUE,
// and the addresses from the environment.
func collectorMain() int {
	if os.Getenv("FAKE_COLLECTOR_FAILS") != "" {
		fmt.Println("Error: bad configuration")
		return 7
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var settings []config.Setting
	for _, arg := range os.Args[3:] {
		key, value, _ := strings.Cut(strings.TrimPrefix(arg, "--set=processors::namespace_sampler::"), "=")
		settings = append(settings, config.Setting{Key: key, Value: value})
	}
	processor, err := config.Read(os.Args[2], settings...)
	if err != nil {
		panic(err)
	}
	f := &fakeCollector{oracle: newOracle(processor, workload.NewTasks(1, smallSizes.Tasks))}
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

func newOracle(p *config.Processor, tasks []workload.Task) *oracle.Oracle {
	return oracle.New(p.Oracle(), workload.Rows(tasks))
}
