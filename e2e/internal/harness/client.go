// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// sendTimeout is far longer than a call takes.
const sendTimeout = 30 * time.Second

// Client sends OTLP over gRPC.
type Client struct {
	t    testing.TB
	conn *grpc.ClientConn
}

// NewClient returns a client of a collector. It closes when the test ends.
func NewClient(t testing.TB, c *Collector) *Client {
	t.Helper()
	conn, err := grpc.NewClient(c.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		t.Fatalf("connect to the collector: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Client{t: t, conn: conn}
}

// Traces sends spans and fails the test if the collector does not accept all of them.
func (c *Client) Traces(td ptrace.Traces) {
	c.t.Helper()
	if err := c.TryTraces(c.t.Context(), td); err != nil {
		c.t.Fatalf("send spans: %v", err)
	}
}

// TryTraces sends spans. It does not modify or retain them.
func (c *Client) TryTraces(ctx context.Context, td ptrace.Traces) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	_, err := ptraceotlp.NewGRPCClient(c.conn).Export(ctx, ptraceotlp.NewExportRequestFromTraces(td))
	return err
}

// Metrics sends data points and fails the test if the collector does not accept all of them.
func (c *Client) Metrics(md pmetric.Metrics) {
	c.t.Helper()
	if err := c.TryMetrics(c.t.Context(), md); err != nil {
		c.t.Fatalf("send data points: %v", err)
	}
}

// TryMetrics sends data points. It does not modify or retain them.
func (c *Client) TryMetrics(ctx context.Context, md pmetric.Metrics) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	_, err := pmetricotlp.NewGRPCClient(c.conn).Export(ctx, pmetricotlp.NewExportRequestFromMetrics(md))
	return err
}

// Logs sends log records and fails the test if the collector does not accept all of them.
func (c *Client) Logs(ld plog.Logs) {
	c.t.Helper()
	if err := c.TryLogs(c.t.Context(), ld); err != nil {
		c.t.Fatalf("send log records: %v", err)
	}
}

// TryLogs sends log records. It does not modify or retain them.
func (c *Client) TryLogs(ctx context.Context, ld plog.Logs) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	_, err := plogotlp.NewGRPCClient(c.conn).Export(ctx, plogotlp.NewExportRequestFromLogs(ld))
	return err
}
