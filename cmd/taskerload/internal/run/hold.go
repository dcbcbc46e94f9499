// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"time"
)

// checkWait refuses a run whose outcome is not known: the spans of a trace may have waited for too long for the request that
// decides them.
func (r *Runner) checkWait(longest time.Duration) error {
	wait := r.Processor.HoldWait()
	if wait == 0 || longest < wait {
		return nil
	}
	return fmt.Errorf("tracing::hold::wait: the machine is too slow for the wait of %s: %s passed until a request was answered that "+
		"decides spans which are held", wait, longest.Round(time.Millisecond))
}

// heldInterval is the time between two readings of the number of spans that are held.
const heldInterval = 5 * pollInterval

// awaitLetGo waits until the collector's own metrics say that no spans are held, but no longer than they may be. It returns the
// time without arrivals after which items are missing.
func (r *Runner) awaitLetGo(ctx context.Context) (quiet time.Duration, err error) {
	wait := r.Processor.HoldWait()
	if wait == 0 {
		return r.Quiet, nil
	}
	if r.MetricsURL == "" {
		return wait + r.Quiet, nil
	}
	tick, late := time.NewTicker(heldInterval), time.NewTimer(wait+r.Quiet)
	defer tick.Stop()
	defer late.Stop()
	for {
		now, err := r.scrape(ctx)
		if err != nil || now.Held() == 0 {
			return r.Quiet, err
		}
		select {
		case <-tick.C:
		case <-late.C:
			return r.Quiet, nil // the checks say what is wrong
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}
