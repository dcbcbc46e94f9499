// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// roundRobin sends each request to the next collector that is up, and a request that none has taken again.
const roundRobin = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]
	}}]
}`

// NewBalancedClient returns a client of several collectors behind a load balancer, that of gRPC. It closes when the test ends.
func NewBalancedClient(t testing.TB, collectors ...*Collector) *Client {
	t.Helper()
	addresses := manual.NewBuilderWithScheme("collectors")
	var state resolver.State
	for _, c := range collectors {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: c.Addr()})
	}
	addresses.InitialState(state)
	soon := backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1.6, MaxDelay: 100 * time.Millisecond} // to one that is back
	conn, err := grpc.NewClient("collectors:///", grpc.WithResolvers(addresses), grpc.WithDefaultServiceConfig(roundRobin),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: soon, MinConnectTimeout: sendTimeout}),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		t.Fatalf("connect to the collectors: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Client{t: t, conn: conn}
}
