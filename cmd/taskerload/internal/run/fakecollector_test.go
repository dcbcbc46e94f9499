// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
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
	spoilLogs    func(plog.Logs)

	remainder fakeRemainder

	drawsAt float64 // the rate of all independent draws; 0: that of the record

	mu       sync.Mutex
	counters map[counterOf]int
	faults   map[string]int // of log records
	keys     int
	setAside int

	overruled atomic.Int64
	held      map[pcommon.SpanID]heldSpan
}

// heldSpan is a span that is set aside, and what becomes of it if no request decides it.
type heldSpan struct {
	span    ptrace.Span
	outcome oracle.SpanOutcome
}

// counterOf is a counter of items.
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

func (f *fakeCollector) countFault(fault string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.faults == nil {
		f.faults = map[string]int{}
	}
	f.faults[fault]++
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
	f.in = startReceiver(listener, f.traces, f.metrics, f.logs)
	return nil
}

func (f *fakeCollector) stop() {
	f.in.stop()
	_ = f.out.close()
}

func (f *fakeCollector) traces(request ptrace.Traces) error {
	p := f.oracle.Spans(request)
	f.lookUp(p.Keys)
	for _, resource := range request.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			scope.Spans().RemoveIf(func(span ptrace.Span) bool {
				outcome := p.Spans[0]
				p.Spans = p.Spans[1:]
				if outcome.Held {
					f.hold(span, outcome)
					return true
				}
				return !f.apply(span, &outcome)
			})
		}
	}
	for i := range p.Decided {
		f.letGo(request, p.Decided[i].ID, &p.Decided[i].SpanOutcome)
	}
	if f.spoilTraces != nil {
		f.spoilTraces(request)
	}
	return f.out.sendTraces(context.Background(), request)
}

// apply does to a span what must be done, and reports whether it is kept.
func (f *fakeCollector) apply(span ptrace.Span, outcome *oracle.SpanOutcome) bool {
	f.count("spans", outcome.Counter(), 1)
	if outcome.Overruled && outcome.IsSeen {
		f.overruled.Add(1)
	}
	if outcome.Keep {
		span.TraceState().FromRaw(outcome.Tracestate)
		write(span.Attributes(), outcome.Write)
	}
	return outcome.Keep
}

func (f *fakeCollector) hold(span ptrace.Span, outcome oracle.SpanOutcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := heldSpan{ptrace.NewSpan(), outcome}
	span.CopyTo(one.span)
	if f.held == nil {
		f.held = map[pcommon.SpanID]heldSpan{}
	}
	f.held[span.SpanID()] = one
	f.setAside++
}

// letGo adds a span to a request if it is held and then kept.
func (f *fakeCollector) letGo(request ptrace.Traces, id pcommon.SpanID, outcome *oracle.SpanOutcome) {
	f.mu.Lock()
	one, isHeld := f.held[id]
	delete(f.held, id)
	f.mu.Unlock()
	if isHeld && f.apply(one.span, outcome) {
		one.span.CopyTo(request.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
	}
}

// letAllGo ends the wait of all spans that are held.
func (f *fakeCollector) letAllGo() {
	f.mu.Lock()
	held := maps.Clone(f.held)
	f.mu.Unlock()
	rest := ptrace.NewTraces()
	for id, one := range held {
		f.letGo(rest, id, &one.outcome)
	}
	if rest.SpanCount() > 0 {
		_ = f.out.sendTraces(context.Background(), rest) // the spans would be missing
	}
}

func (f *fakeCollector) metrics(request pmetric.Metrics) error {
	outcomes, keys := f.oracle.Points(request)
	f.lookUp(keys)
	remainders := f.remainder.add(f.oracle, request, outcomes)
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
	remainders.ResourceMetrics().MoveAndAppendTo(request.ResourceMetrics())
	return f.out.sendMetrics(context.Background(), request)
}

func (f *fakeCollector) logs(request plog.Logs) error {
	outcomes, keys := f.oracle.Records(request)
	f.lookUp(keys)
	for _, resource := range request.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				outcome := outcomes[0]
				outcomes = outcomes[1:]
				if outcome.IsDrawn {
					f.draw(&outcome)
				}
				f.count("log_records", outcome.Counter(), 1)
				f.countFault(outcome.Fault)
				if outcome.Keep {
					stamp(record.Attributes(), &outcome.Stamps)
					write(record.Attributes(), outcome.Write)
				}
				return !outcome.Keep
			})
		}
	}
	if f.spoilLogs != nil {
		f.spoilLogs(request)
	}
	return f.out.sendLogs(context.Background(), request)
}

// draw decides a record that nothing connects to others.
func (f *fakeCollector) draw(o *oracle.RecordOutcome) {
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(cmp.Or(f.drawsAt, o.Rate), 4)
	if err != nil {
		panic(err)
	}
	randomness, err := sampling.UnsignedToRandomness(rand.Uint64N(sampling.MaxAdjustedCount))
	if err != nil {
		panic(err)
	}
	if o.Keep = threshold.ShouldSample(randomness); o.Threshold != "" {
		o.Stamps.Randomness = randomness.RValue()
	}
}

func stamp(attributes pcommon.Map, stamps *oracle.Stamps) {
	if stamps.RemovesThreshold {
		attributes.Remove(items.ThresholdAttribute)
	}
	if stamps.Threshold != "" {
		attributes.PutStr(items.ThresholdAttribute, stamps.Threshold)
	}
	if stamps.Randomness != "" {
		attributes.PutStr(items.RandomnessAttribute, stamps.Randomness)
	}
}

func write(attributes pcommon.Map, namespace string) {
	if namespace != "" {
		attributes.PutStr(items.NamespaceAttribute, namespace)
	}
}

// ServeHTTP serves the collector's own metrics. They are read before the load and after it, which ends every wait.
func (f *fakeCollector) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	f.letAllGo()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c, n := range f.counters {
		printf(w, "otelcol_processor_namespace_sampler_%s_total{decision=%q,sampling_namespace=%q,rule=%q} %d\n",
			c.metric, c.Decision, c.Namespace, c.Rule, n)
	}
	for fault, n := range f.faults {
		printf(w, "otelcol_processor_namespace_sampler_log_record_faults_total{fault=%q} %d\n", fault, n)
	}
	printf(w, "otelcol_processor_namespace_sampler_remainder_datapoints_total %d\n", f.remainder.points.Load())
	printf(w, "otelcol_processor_namespace_sampler_held_spans %d\n", len(f.held))
	printf(w, "otelcol_processor_namespace_sampler_tracestate_faults_total{fault=\"malformed\"} 3\n")
	printf(w, "otelcol_processor_namespace_sampler_tracestate_faults_total{fault=\"group_overruled\"} %d\n", f.overruled.Load())
	printf(w, "otelcol_processor_namespace_sampler_set_aside_spans_total %d\n", f.setAside)
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
	tasks := slices.Concat(smallSizes.NewTasks(), workload.Sizes{Workflows: fewWorkflows, Seed: smallSizes.Seed}.NewTasks())
	f := &fakeCollector{oracle: newOracle(processor, tasks)}
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
