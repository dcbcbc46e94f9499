// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Requests in flight, as if several agents were sending.
const (
	traceRequestsInFlight  = 5
	metricRequestsInFlight = 3
	logRequestsInFlight    = 5
)

// sender is an OTLP/gRPC client.
type sender struct {
	conn    *grpc.ClientConn
	traces  ptraceotlp.GRPCClient
	metrics pmetricotlp.GRPCClient
	logs    plogotlp.GRPCClient
}

func newSender(endpoint string) (*sender, error) {
	// Requests wait for a collector that is still starting, until the context of the run ends.
	conn, err := grpc.NewClient(endpoint,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	return &sender{
		conn: conn, traces: ptraceotlp.NewGRPCClient(conn), metrics: pmetricotlp.NewGRPCClient(conn), logs: plogotlp.NewGRPCClient(conn),
	}, nil
}

func (s *sender) close() error { return s.conn.Close() }

func (s *sender) sendTraces(ctx context.Context, request ptrace.Traces) error {
	spans := request.SpanCount()
	response, err := s.traces.Export(ctx, ptraceotlp.NewExportRequestFromTraces(request))
	if err != nil {
		return fmt.Errorf("send %d spans: %w", spans, err)
	}
	if p := response.PartialSuccess(); p.RejectedSpans() > 0 {
		return fmt.Errorf("send %d spans: %d rejected: %s", spans, p.RejectedSpans(), p.ErrorMessage())
	}
	return nil
}

func (s *sender) sendMetrics(ctx context.Context, request pmetric.Metrics) error {
	points := request.DataPointCount()
	response, err := s.metrics.Export(ctx, pmetricotlp.NewExportRequestFromMetrics(request))
	if err != nil {
		return fmt.Errorf("send %d data points: %w", points, err)
	}
	if p := response.PartialSuccess(); p.RejectedDataPoints() > 0 {
		return fmt.Errorf("send %d data points: %d rejected: %s", points, p.RejectedDataPoints(), p.ErrorMessage())
	}
	return nil
}

func (s *sender) sendLogs(ctx context.Context, request plog.Logs) error {
	records := request.LogRecordCount()
	response, err := s.logs.Export(ctx, plogotlp.NewExportRequestFromLogs(request))
	if err != nil {
		return fmt.Errorf("send %d log records: %w", records, err)
	}
	if p := response.PartialSuccess(); p.RejectedLogRecords() > 0 {
		return fmt.Errorf("send %d log records: %d rejected: %s", records, p.RejectedLogRecords(), p.ErrorMessage())
	}
	return nil
}

// sendAll sends several requests at a time and stops at the first error. It does not retry: the collector may have
// processed a request that failed, and its items would arrive twice.
func sendAll[T any](ctx context.Context, requests iter.Seq[T], inFlight int, send func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan T)
	var workers sync.WaitGroup
	for range inFlight {
		workers.Go(func() {
			for request := range queue {
				if err := send(ctx, request); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	feed(ctx, requests, queue)
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

func feed[T any](ctx context.Context, requests iter.Seq[T], queue chan<- T) {
	for request := range requests {
		select {
		case queue <- request:
		case <-ctx.Done():
			return
		}
	}
}

// concurrently runs the functions at the same time. The first error cancels the others.
func concurrently(ctx context.Context, functions ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, f := range functions {
		wg.Go(func() {
			if err := f(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
