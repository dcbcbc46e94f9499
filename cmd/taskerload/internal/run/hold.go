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

// awaitLetGo waits until the collector's own metrics say that no spans are held, but no longer than they may be. It returns how many
// were held at first.
func (r *Runner) awaitLetGo(ctx context.Context) (held int, err error) {
	wait := r.Processor.HoldWait()
	if wait == 0 || r.MetricsURL == "" {
		return 0, nil
	}
	tick, late := time.NewTicker(heldInterval), time.NewTimer(wait+r.Quiet)
	defer tick.Stop()
	defer late.Stop()
	for isFirst := true; ; isFirst = false {
		now, err := r.scrape(ctx)
		if err != nil {
			return 0, err
		}
		if isFirst {
			held = now.Held()
		}
		if now.Held() == 0 {
			return held, nil
		}
		select {
		case <-tick.C:
		case <-late.C:
			return held, nil // the checks say what is wrong
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// quiet is the time without arrivals after which items are missing. Without the collector's own metrics it is not known how long
// spans are held.
func (r *Runner) quiet() time.Duration {
	if r.MetricsURL == "" {
		return r.Processor.HoldWait() + r.Quiet
	}
	return r.Quiet
}
