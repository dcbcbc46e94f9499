// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/clocktest"
)

// Entries expire by the clock that the cache gives to otter, and are due, or unknown, by now.
func TestTheClocksOfACacheRunOnThoughTheWallClockIsSet(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"forward": 2 * time.Hour, "back": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour})
			c.close() // so that nobody reads the clocks meanwhile
			for what, clock := range map[string]struct {
				read  func() int64
				noted *time.Time
			}{
				"expiry": {c.clock.NowNano, clocktest.Noted(c, "clock", "precise", "start")},
				"due":    {c.now, &c.began},
			} {
				before := clock.read()
				clocktest.SetFor(clock.noted, by)
				after := clock.read()
				assert.InDelta(t, before, after, float64(time.Minute), "%s: it does not jump", what)
				require.Eventually(t, func() bool { return clock.read() > after }, time.Minute, time.Millisecond, "%s: it does not stop", what)
			}
		})
	}
}

func TestABreakerTriesAgainInTimeThoughTheWallClockIsSet(t *testing.T) {
	t.Parallel()
	opened := func(cooldown time.Duration) *breaker {
		b := newBreaker(BreakerConfig{Failures: 1, Cooldown: cooldown})
		done, ok := b.allow()
		require.True(t, ok)
		done(errors.New("down"))
		return b
	}
	for name, by := range map[string]time.Duration{"forward": 2 * time.Hour, "back": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lasting := opened(time.Hour)
			clocktest.SetFor(clocktest.Noted(lasting, "steps", "cb", "expiry"), by)
			assert.Equal(t, Open, lasting.state(), "not before its time")

			short := opened(time.Millisecond)
			clocktest.SetFor(clocktest.Noted(short, "steps", "cb", "expiry"), by)
			require.Eventually(t, func() bool { return short.state() == HalfOpen }, time.Minute, time.Millisecond, "in time")
		})
	}
}
