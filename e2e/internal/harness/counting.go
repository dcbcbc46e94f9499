// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
)

// CountingSink is an OTLP/gRPC server that counts the spans that it receives without decoding or keeping them.
type CountingSink struct {
	addr  string
	spans atomic.Int64
}

// NewCountingSink starts a sink. It stops when the test ends.
func NewCountingSink(t testing.TB) *CountingSink {
	t.Helper()
	s := &CountingSink{}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.ForceServerCodecV2(rawCodec{}),
		grpc.UnknownServiceHandler(s.export))
	s.addr = serve(t, server)
	return s
}

// Addr is the host:port of the sink.
func (s *CountingSink) Addr() string { return s.addr }

// Spans returns how many spans were received so far.
func (s *CountingSink) Spans() int { return int(s.spans.Load()) }

// export handles calls of all methods.
func (s *CountingSink) export(_ any, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(reader(func(request []byte) error {
		n, err := countSpans(request)
		s.spans.Add(int64(n))
		return err
	})); err != nil {
		return err
	}
	return stream.SendMsg([]byte{})
}

// Field numbers of OTLP: resources with spans in a request, scopes with spans in a resource, and spans in a scope.
var pathToSpans = []protowire.Number{1, 2, 2}

func countSpans(request []byte) (int, error) { return countAt(request, pathToSpans) }

// countAt counts the messages at a path of fields.
func countAt(message []byte, path []protowire.Number) (n int, err error) {
	if len(path) == 0 {
		return 1, nil
	}
	for len(message) > 0 {
		number, typ, size := protowire.ConsumeField(message)
		if size < 0 {
			return 0, errors.Join(errors.New("the request is no OTLP"), protowire.ParseError(size))
		}
		if number == path[0] && typ == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(message)
			inner, _ := protowire.ConsumeBytes(message[tag:])
			below, err := countAt(inner, path[1:])
			if err != nil {
				return 0, err
			}
			n += below
		}
		message = message[size:]
	}
	return n, nil
}
