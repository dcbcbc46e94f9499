// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"net"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // exporters compress by default
)

// maxMessageSize exceeds the size of any exporter's batch.
const maxMessageSize = 256 << 20

// receiver is an OTLP/gRPC server.
type receiver struct {
	server *grpc.Server
	done   chan struct{}
}

// startReceiver passes requests to the functions, which are called concurrently. It closes the listener when it stops.
func startReceiver(
	listener net.Listener, traces func(ptrace.Traces) error, metrics func(pmetric.Metrics) error, logs func(plog.Logs) error,
) *receiver {
	r := &receiver{server: grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageSize)), done: make(chan struct{})}
	ptraceotlp.RegisterGRPCServer(r.server, &traceServer{receive: traces})
	pmetricotlp.RegisterGRPCServer(r.server, &metricServer{receive: metrics})
	plogotlp.RegisterGRPCServer(r.server, &logServer{receive: logs})
	go func() {
		defer close(r.done)
		_ = r.server.Serve(listener) // a broken listener shows as items that do not arrive
	}()
	return r
}

func (r *receiver) stop() {
	r.server.Stop()
	<-r.done
}

type traceServer struct {
	ptraceotlp.UnimplementedGRPCServer
	receive func(ptrace.Traces) error
}

func (s *traceServer) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	return ptraceotlp.NewExportResponse(), s.receive(r.Traces())
}

type metricServer struct {
	pmetricotlp.UnimplementedGRPCServer
	receive func(pmetric.Metrics) error
}

func (s *metricServer) Export(_ context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	return pmetricotlp.NewExportResponse(), s.receive(r.Metrics())
}

type logServer struct {
	plogotlp.UnimplementedGRPCServer
	receive func(plog.Logs) error
}

func (s *logServer) Export(_ context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), s.receive(r.Logs())
}
