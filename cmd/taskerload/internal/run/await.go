// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

const (
	// reachableWithin is how long a collector that has just been started may take to listen.
	reachableWithin = 10 * time.Second
	pollInterval    = 50 * time.Millisecond
)

// awaitReachable waits until the address accepts connections.
func awaitReachable(ctx context.Context, address string, within time.Duration) error {
	trying, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not within %s", within))
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	reason := errors.New("no answer")
	for {
		conn, err := new(net.Dialer).DialContext(trying, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() { // a timeout does not say why
			reason = err
		}
		select {
		case <-tick.C:
		case <-trying.Done():
			return fmt.Errorf("--endpoint: the address accepts no connections: %w: %w", context.Cause(trying), reason)
		}
	}
}

// progressReporter is a ledger.
type progressReporter interface{ Progress() ledger.Progress }

// awaitSilence waits until nothing has arrived for the quiet time or, if nothing is missing, for a tenth of it, in which
// items that should not arrive still can. It returns the time of the last arrival.
func awaitSilence(ctx context.Context, quiet time.Duration, ledgers ...progressReporter) (time.Time, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	seen, last := -1, time.Now()
	for {
		arrived, outstanding := 0, 0
		for _, l := range ledgers {
			p := l.Progress()
			arrived += p.Arrived
			outstanding += p.Outstanding
		}
		if arrived != seen {
			seen, last = arrived, time.Now()
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
