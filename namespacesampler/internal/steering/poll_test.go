// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestABurstOfNotificationsIsOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		notified := make(chan struct{}, 1)
		var reads atomic.Int64
		go poll(ctx, time.Hour, notified, func() { reads.Add(1) })
		synctest.Wait()
		assert.EqualValues(t, 1, reads.Load(), "at once")
		for range 40 {
			select {
			case notified <- struct{}{}:
			default:
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		assert.EqualValues(t, 2, reads.Load())
		time.Sleep(time.Hour)
		assert.EqualValues(t, 3, reads.Load(), "after the interval")
		cancel()
		synctest.Wait()
	})
}
