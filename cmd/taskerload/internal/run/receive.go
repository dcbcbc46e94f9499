// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the collector's exporter compresses unless told otherwise
)

// maxMessage is more than any exporter batches.
const maxMessage = 256 << 20

// receiver is an OTLP/gRPC server that hands on what it is sent.
type receiver struct {
	server *grpc.Server
	done   chan struct{}
}

// startReceiver serves on the listener until stop. The functions are called concurrently.
func startReceiver(listener net.Listener, traces func(ptrace.Traces) error, metrics func(pmetric.Metrics) error) *receiver {
	r := &receiver{server: grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage)), done: make(chan struct{})}
	ptraceotlp.RegisterGRPCServer(r.server, &traceServer{receive: traces})
	pmetricotlp.RegisterGRPCServer(r.server, &metricServer{receive: metrics})
	go func() {
		defer close(r.done)
		_ = r.server.Serve(listener) // ends with stop; a broken listener shows as items that do not arrive
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
