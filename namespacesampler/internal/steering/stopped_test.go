// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/clocktest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// A read takes as long as the process is stopped, or the database hangs: a minute, in which it should be repeated every ten seconds and
// somebody notifies all the time.
func TestAWatchThatIsStoppedForAMinuteReadsOnceAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, notified, ended := time.Now(), make(chan struct{}, 1), make(chan struct{})
		var reads []time.Duration
		go func() {
			defer close(ended)
			poll(ctx, 10*time.Second, notified, func() bool {
				reads = append(reads, time.Since(began))
				if len(reads) == 2 {
					time.Sleep(time.Minute)
				}
				return true
			})
		}()
		time.Sleep(15 * time.Second)
		for range 50 {
			select {
			case notified <- struct{}{}:
			default: // a read is pending already
			}
			time.Sleep(time.Second)
		}
		time.Sleep(30 * time.Second)
		cancel()
		<-ended
		assert.Equal(t, []time.Duration{0, 10 * time.Second, 70 * time.Second, 80 * time.Second, 90 * time.Second}, reads,
			"once at its end, and then every ten seconds")
	})
}

// When a process goes on that was stopped, its timer fires late and once, whatever has ended meanwhile.
func TestRatesThatAreStoppedForAMinuteAreReplacedOnceAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock clocktest.Clock
		cfg := RatesConfig{Global: 0.1}
		for i := range 50 {
			cfg.Overrides = append(cfg.Overrides, rate.Override{
				Key: string(rune('a' + i)), Signal: rate.All, Source: rate.SharedOverride, Until: clock.Now().Add(time.Duration(10+i) * time.Second),
			})
		}
		r, _, reads := startRatesBy(t, &clock, cfg)
		time.Sleep(5*time.Second + time.Millisecond)
		before := reads.Load()
		clock.Pass(time.Minute) // in which no timer fires
		time.Sleep(clockCheck)
		synctest.Wait()
		assert.Empty(t, r.InForce().Overrides)
		assert.Equal(t, before+1, reads.Load())
	})
}
