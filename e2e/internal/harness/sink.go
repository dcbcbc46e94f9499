// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

// maxMessage is the maximum message size of sinks and clients.
const maxMessage = 64 << 20

// Sink is an OTLP/gRPC server that keeps what it receives.
type Sink struct {
	addr string

	mu      sync.Mutex
	traces  []ptrace.Traces
	metrics []pmetric.Metrics
	observe func(ptrace.Traces) // if not nil, called instead of keeping them
}

// NewSink starts a sink. It stops when the test ends.
func NewSink(t testing.TB) *Sink {
	t.Helper()
	s := &Sink{}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	ptraceotlp.RegisterGRPCServer(server, &tracesSink{sink: s})
	pmetricotlp.RegisterGRPCServer(server, &metricsSink{sink: s})
	s.addr = serve(t, server)
	return s
}

// Addr is the host:port of the sink.
func (s *Sink) Addr() string { return s.addr }

// Reset discards what was received so far.
func (s *Sink) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traces, s.metrics = nil, nil
}

// Observe passes spans to a function, one request at a time, instead of keeping them.
func (s *Sink) Observe(f func(ptrace.Traces)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe = f
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
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.metrics = append(s.sink.metrics, r.Metrics())
	return pmetricotlp.NewExportResponse(), nil
}
