// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"time"
)

const (
	// minPause is the least time between two reads because of notifications, since everybody who can connect can notify.
	minPause = time.Second
	// maxReadRetry is the longest time after which a read because of a notification is tried again if it fails. The first is minPause.
	maxReadRetry = 5 * time.Second
)

// poll reads until ctx ends: at once, after each interval, and after notifications. read reports whether it was successful. If it is
// not after a notification, it is tried again soon, since whoever notified waits for it.
func poll(ctx context.Context, interval time.Duration, notified <-chan struct{}, read func() bool) {
	var (
		last  time.Time     // when a notification last caused a read
		retry time.Duration // until such a read is tried again; 0 if it need not be
	)
	for {
		if read() {
			retry = 0
		}
		wait := interval
		if retry > 0 {
			wait, retry = min(retry, interval), min(2*retry, maxReadRetry)
		}
		byNotification, ok := sleep(ctx, wait, notified)
		if byNotification && ok {
			_, ok = sleep(ctx, time.Until(last.Add(minPause)), nil)
			select {
			case <-notified: // part of the burst
			default:
			}
			retry = minPause
		}
		if !ok {
			return
		}
		if retry > 0 {
			last = time.Now()
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
