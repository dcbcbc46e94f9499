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

// exportTraces is the OTLP/gRPC method for spans.
const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// rawCodec sends and receives encoded messages, so that clients and sinks spend no time on protobuf: a []byte is sent as it is,
// and a received message is passed to a reader.
type rawCodec struct{}

// reader reads a message. It must not retain it.
type reader func(message []byte) error

// Name implements encoding.CodecV2. It is the name of the protobuf codec, whose wire format this is.
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

// RawClient sends encoded spans.
type RawClient struct{ conn *grpc.ClientConn }

// NewRawClient returns a client of a collector with its own connection. It closes when the test ends.
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

// Traces sends an encoded ExportTraceServiceRequest. If it returns nil, the collector has accepted all of the spans and exported
// those that it kept, and the caller may reuse the bytes.
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
