// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxMessage is the maximum message size of sinks and clients.
const maxMessage = 64 << 20

// Sink is an OTLP/gRPC server that keeps what it receives.
type Sink struct {
	addr string

	refuses atomic.Bool

	mu      sync.Mutex
	traces  []ptrace.Traces
	metrics []pmetric.Metrics
	logs    []plog.Logs
	// If not nil, called instead of keeping what was received.
	observe        func(ptrace.Traces)
	observeMetrics func(pmetric.Metrics)
	observeLogs    func(plog.Logs)
}

// NewSink starts a sink. It stops when the test ends.
func NewSink(t testing.TB) *Sink {
	t.Helper()
	s := &Sink{}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	ptraceotlp.RegisterGRPCServer(server, &tracesSink{sink: s})
	pmetricotlp.RegisterGRPCServer(server, &metricsSink{sink: s})
	plogotlp.RegisterGRPCServer(server, &logsSink{sink: s})
	s.addr = serve(t, server)
	return s
}

// Addr is the host:port of the sink.
func (s *Sink) Addr() string { return s.addr }

// Refuse has the sink answer that it is unavailable, or no longer.
func (s *Sink) Refuse(refuses bool) { s.refuses.Store(refuses) }

// refusal returns the answer of a sink that is unavailable.
func (s *Sink) refusal() error {
	if s.refuses.Load() {
		return status.Error(codes.Unavailable, "the sink refuses requests")
	}
	return nil
}

// Reset discards what was received so far.
func (s *Sink) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traces, s.metrics, s.logs = nil, nil, nil
}

// Observe passes spans to a function, one request at a time, instead of keeping them.
func (s *Sink) Observe(f func(ptrace.Traces)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe = f
}

// ObserveMetrics passes data points to a function, one request at a time, instead of keeping them.
func (s *Sink) ObserveMetrics(f func(pmetric.Metrics)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observeMetrics = f
}

// ObserveLogs passes log records to a function, one request at a time, instead of keeping them.
func (s *Sink) ObserveLogs(f func(plog.Logs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observeLogs = f
}

// Spans returns the spans received so far, in order.
func (s *Sink) Spans() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	var spans []Span
	for _, td := range s.traces {
		spans = append(spans, SpansOf(td)...)
	}
	return spans
}

// Points returns the data points received so far, in order.
func (s *Sink) Points() []Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	var points []Point
	for _, md := range s.metrics {
		points = append(points, PointsOf(md)...)
	}
	return points
}

// Records returns the log records received so far, in order.
func (s *Sink) Records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var records []Record
	for _, ld := range s.logs {
		records = append(records, RecordsOf(ld)...)
	}
	return records
}

// Metrics returns the metrics requests received so far, in order.
func (s *Sink) Metrics() []pmetric.Metrics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]pmetric.Metrics(nil), s.metrics...)
}

type tracesSink struct {
	ptraceotlp.UnimplementedGRPCServer
	sink *Sink
}

func (s *tracesSink) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	if err := s.sink.refusal(); err != nil {
		return ptraceotlp.NewExportResponse(), err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.observe != nil {
		s.sink.observe(r.Traces())
		return ptraceotlp.NewExportResponse(), nil
	}
	s.sink.traces = append(s.sink.traces, r.Traces())
	return ptraceotlp.NewExportResponse(), nil
}

type metricsSink struct {
	pmetricotlp.UnimplementedGRPCServer
	sink *Sink
}

func (s *metricsSink) Export(_ context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	if err := s.sink.refusal(); err != nil {
		return pmetricotlp.NewExportResponse(), err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.observeMetrics != nil {
		s.sink.observeMetrics(r.Metrics())
		return pmetricotlp.NewExportResponse(), nil
	}
	s.sink.metrics = append(s.sink.metrics, r.Metrics())
	return pmetricotlp.NewExportResponse(), nil
}

type logsSink struct {
	plogotlp.UnimplementedGRPCServer
	sink *Sink
}

func (s *logsSink) Export(_ context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	if err := s.sink.refusal(); err != nil {
		return plogotlp.NewExportResponse(), err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.observeLogs != nil {
		s.sink.observeLogs(r.Logs())
		return plogotlp.NewExportResponse(), nil
	}
	s.sink.logs = append(s.sink.logs, r.Logs())
	return plogotlp.NewExportResponse(), nil
}
