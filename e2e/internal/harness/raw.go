// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// exportTraces is the method of OTLP/gRPC that takes spans.
const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// rawCodec takes messages as they are on the wire, so that neither end of a measurement spends time on protobuf: what is sent
// is a []byte, and what comes is given to a reader.
type rawCodec struct{}

// reader reads a message, which is not its own afterwards.
type reader func(message []byte) error

// Name implements encoding.CodecV2; the other side is to believe that this is the codec of protobuf.
func (rawCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("a message is %T, want bytes", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(message)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	read, ok := v.(reader)
	if !ok {
		return fmt.Errorf("a message is for %T, want a reader", v)
	}
	message := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer message.Free()
	return read(message.ReadOnlyData())
}

// RawClient sends spans that are encoded already.
type RawClient struct{ conn *grpc.ClientConn }

// NewRawClient returns a client of a collector that closes with the test. Each has a connection of its own.
func NewRawClient(t testing.TB, c *Collector) *RawClient {
	t.Helper()
	conn, err := grpc.NewClient(c.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
	if err != nil {
		t.Fatalf("connect to the collector: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &RawClient{conn: conn}
}

// Traces sends an encoded ExportTraceServiceRequest. The bytes are the caller's again when it returns without an error, which
// says that the collector has taken all of the spans, and passed on those that it kept.
func (c *RawClient) Traces(ctx context.Context, request []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return c.conn.Invoke(ctx, exportTraces, request, reader(func(response []byte) error {
		decoded := ptraceotlp.NewExportResponse()
		if err := decoded.UnmarshalProto(response); err != nil {
			return err
		}
		if partial := decoded.PartialSuccess(); partial.RejectedSpans() != 0 || partial.ErrorMessage() != "" {
			return fmt.Errorf("%d spans were rejected: %s", partial.RejectedSpans(), partial.ErrorMessage())
		}
		return nil
	}))
}
