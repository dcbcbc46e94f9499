// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"net"
	"testing"

	"google.golang.org/grpc"
)

// serve runs a server on a loopback port until the test ends and returns its host:port.
func serve(t testing.TB, server *grpc.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a sink: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("sink: %v", err)
		}
	})
	return listener.Addr().String()
}
