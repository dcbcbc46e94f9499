// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"time"
)

// debounce is how long a notified reader waits for further notifications, so that a burst of changes is read once.
const debounce = 50 * time.Millisecond

// poll reads until ctx ends: at once, after each interval, and after notifications.
func poll(ctx context.Context, interval time.Duration, notified <-chan struct{}, read func()) {
	for {
		read()
		byNotification, ok := sleep(ctx, interval, notified)
		if byNotification && ok {
			_, ok = sleep(ctx, debounce, nil)
			select {
			case <-notified: // part of the burst
			default:
			}
		}
		if !ok {
			return
		}
	}
}

// sleep waits for a time, or for a notification. It reports whether it was notified, and whether ctx has not ended.
func sleep(ctx context.Context, d time.Duration, notified <-chan struct{}) (byNotification, ok bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-notified:
		byNotification = true
	case <-timer.C:
	}
	return byNotification, ctx.Err() == nil
}
