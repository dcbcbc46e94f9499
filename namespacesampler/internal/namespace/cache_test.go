// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newTestCache(t *testing.T, cfg CacheConfig) *cache {
	c, err := newCache(cfg)
	require.NoError(t, err)
	t.Cleanup(c.close)
	return c
}

func TestCacheStoresResolvedAndUnknownKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: 10 * time.Second})
		keys := textKeys(t, "resolved", "unknown", "unavailable", "never")
		c.put(keys[0], Answer{Name: "payments", Outcome: Resolved})
		c.put(keys[1], Answer{Outcome: Unknown})
		c.put(keys[2], Answer{Outcome: Unavailable})

		for i, want := range []struct {
			answer Answer
			ok     bool
		}{
			{Answer{Name: "payments", Outcome: Resolved}, true},
			{Answer{Outcome: Unknown}, true},
			{}, // Unavailable is no answer
			{},
		} {
			answer, _, ok := c.get(keys[i], c.now())
			assert.Equal(t, want.ok, ok, keys[i].String())
			assert.Equal(t, want.answer, answer, keys[i].String())
		}
	})
}

func TestCacheEntriesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: 10 * time.Second})
		keys := textKeys(t, "resolved", "unknown")
		c.put(keys[0], Answer{Name: "payments", Outcome: Resolved})
		c.put(keys[1], Answer{Outcome: Unknown})
		has := func(key Key) bool {
			_, _, ok := c.get(key, c.now())
			return ok
		}

		time.Sleep(10*time.Second - time.Nanosecond)
		assert.True(t, has(keys[1]), "just before negative_ttl")
		time.Sleep(2 * time.Nanosecond)
		assert.False(t, has(keys[1]), "just after negative_ttl")
		assert.True(t, has(keys[0]))
		time.Sleep(time.Hour - 10*time.Second - 2*time.Nanosecond)
		assert.True(t, has(keys[0]), "just before ttl, however often it was read")
		time.Sleep(2 * time.Nanosecond)
		assert.False(t, has(keys[0]), "just after ttl")

		// What was unknown and is stored again lives by its new outcome.
		c.put(keys[1], Answer{Outcome: Unknown})
		c.put(keys[1], Answer{Name: "payments", Outcome: Resolved})
		time.Sleep(time.Minute)
		assert.True(t, has(keys[1]))
	})
}

func TestCacheInternsNames(t *testing.T) {
	c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour})
	keys := textKeys(t, "a", "b")
	for _, key := range keys {
		c.put(key, Answer{Name: strings.Clone("payments"), Outcome: Resolved})
		for range 3 { // what is interned must outlive collections between two loads
			runtime.GC()
		}
	}
	a, _, _ := c.get(keys[0], c.now())
	b, _, _ := c.get(keys[1], c.now())
	assert.Equal(t, "payments", a.Name)
	assert.Same(t, unsafe.StringData(a.Name), unsafe.StringData(b.Name), "few names, many keys: one copy")
}

func TestCacheIsBoundedInEntries(t *testing.T) {
	c := newTestCache(t, CacheConfig{MaxEntries: 100, TTL: time.Hour, NegativeTTL: time.Hour})
	for _, key := range textKeys(t, numbered("r", 10_000)...) {
		c.put(key, Answer{Name: "payments", Outcome: Resolved})
	}
	c.entries.CleanUp()
	assert.LessOrEqual(t, c.entries.EstimatedSize(), 100)
}

func TestCacheAnswersAfterClose(t *testing.T) {
	c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour})
	key := textKeys(t, "a")[0]
	c.put(key, Answer{Name: "payments", Outcome: Resolved})
	c.close()
	c.close()
	answer, _, ok := c.get(key, c.now())
	assert.True(t, ok)
	assert.Equal(t, "payments", answer.Name)
}

func TestAKeyThatWasAnsweredWithoutANamespaceResolvesLate(t *testing.T) { // M5
	t.Parallel()
	resolved := Answer{Name: "payments", Outcome: Resolved}
	for name, answered := range map[string]Answer{"unknown": {Outcome: Unknown}, "unavailable": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: 10 * time.Second})
				key := textKeys(t, "key")[0]
				c.put(key, answered)
				assert.Equal(t, answered, c.miss(key, answered))
				time.Sleep(time.Minute)
				assert.True(t, c.put(key, resolved), "long after negative_ttl")
				assert.False(t, c.put(key, resolved), "once")
			})
		})
	}
}

func TestAMissFindsWhatALoadHasResolvedMeanwhile(t *testing.T) { // M5: the load does not find the note, so the answer must not be lost
	t.Parallel()
	c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour})
	key, resolved := textKeys(t, "key")[0], Answer{Name: "payments", Outcome: Resolved}
	assert.False(t, c.put(key, resolved))
	assert.Equal(t, resolved, c.miss(key, Answer{}))
	assert.False(t, c.put(key, resolved), "no item was decided without it")
}

func TestAnUnavailableKeyIsAskedForAgainAtOnce(t *testing.T) {
	t.Parallel()
	c := newTestCache(t, CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour})
	key := textKeys(t, "key")[0]
	c.miss(key, Answer{})
	_, _, ok := c.get(key, c.now())
	assert.False(t, ok)
}
