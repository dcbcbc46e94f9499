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

// setClock sets the wall clock for a cache that is closed, so that nobody reads its clocks meanwhile.
func (c *cache) setClock(by time.Duration) {
	clocktest.SetFor(&c.began, by)
	clocktest.SetFor(clocktest.Noted(c, "clock", "precise", "start"), by)
}

func TestACacheForgetsInTimeThoughTheWallClockIsSet(t *testing.T) {
	t.Parallel()
	keys := textKeys(t, "resolved", "unknown")
	fill := func(cfg CacheConfig) *cache {
		cfg.MaxEntries = 10
		c := newTestCache(t, cfg)
		c.put(keys[0], Answer{Name: "payments", Outcome: Resolved})
		c.put(keys[1], Answer{Outcome: Unknown})
		c.close()
		return c
	}
	has := func(c *cache, key Key) (has, isDue bool) {
		now := c.now()
		_, due, ok := c.get(key, now)
		return ok, ok && due <= now
	}
	for name, by := range map[string]time.Duration{"forward": 2 * time.Hour, "back": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lasting := fill(CacheConfig{TTL: time.Hour, RefreshAfter: 30 * time.Minute, NegativeTTL: 10 * time.Minute})
			lasting.setClock(by)
			for _, key := range keys {
				ok, isDue := has(lasting, key)
				assert.True(t, ok, "not before its time: %s", key)
				assert.False(t, isDue, "so that not everything is asked for again at once: %s", key)
			}

			short := fill(CacheConfig{TTL: time.Millisecond, NegativeTTL: time.Millisecond})
			short.setClock(by)
			for _, key := range keys {
				require.Eventually(t, func() bool { ok, _ := has(short, key); return !ok }, time.Minute, time.Millisecond, "in time: %s", key)
			}
			due := fill(CacheConfig{TTL: time.Hour, RefreshAfter: time.Millisecond, NegativeTTL: time.Hour})
			due.setClock(by)
			require.Eventually(t, func() bool { _, isDue := has(due, keys[0]); return isDue }, time.Minute, time.Millisecond)
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
