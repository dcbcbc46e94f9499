// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// reachableWithin is how long a collector may take to listen: one that was started a moment ago.
const reachableWithin = 10 * time.Second

// awaitReachable returns when somebody listens at an address, or says why nobody does.
func awaitReachable(ctx context.Context, address string, within time.Duration) error {
	trying, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not within %s", within))
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	why := errors.New("no answer")
	for {
		conn, err := new(net.Dialer).DialContext(trying, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		var late net.Error
		if !errors.As(err, &late) || !late.Timeout() { // else it only says that there was no time left
			why = err
		}
		select {
		case <-tick.C:
		case <-trying.Done():
			return fmt.Errorf("--endpoint: nothing listens there, %w: %w", context.Cause(trying), why)
		}
	}
}

const pollInterval = 50 * time.Millisecond

// awaitSilence returns when nothing has arrived for the quiet time although something is missing; or, when everything
// expected has arrived, after a tenth of it, which is for what should not arrive at all. It says when the last item
// arrived.
func awaitSilence(ctx context.Context, quiet time.Duration, books ...*book) (time.Time, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	seen, last := -1, time.Now()
	for {
		arrivals, outstanding := 0, 0
		for _, b := range books {
			s := b.standing()
			arrivals += s.arrivals
			outstanding += s.outstanding
		}
		if arrivals != seen {
			seen, last = arrivals, time.Now()
		}
		silence := time.Since(last)
		if outstanding == 0 && silence >= quiet/10 || silence >= quiet {
			return last, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last, context.Cause(ctx)
		}
	}
}
