// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"math"
	"time"
	"unique"

	"github.com/maypok86/otter/v2"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
)

// CacheConfig bounds the cache in entries and in time.
type CacheConfig struct {
	MaxEntries  int
	TTL         time.Duration // of resolved keys
	NegativeTTL time.Duration // of unknown keys
	// RefreshAfter is the age at which a resolved key is refreshed while it is still used; 0, and TTL or more, mean never.
	RefreshAfter time.Duration
}

// cache stores the answers of Postgres. An entry without a name is evidence that its key was answered without a namespace: the
// key is Unknown until the entry is due, and asked for again after that. If it then resolves, it resolves late (M5).
//
// Entries without a name live as long as others. They do not displace the resolved keys that are in use: the cache admits a new
// key in place of an old one only if the new one was asked for more often.
type cache struct {
	cfg     CacheConfig
	clock   *otter.CoarseClock
	began   time.Time
	entries *otter.Cache[Key, entry]
}

// entry is a namespace, interned because there are few namespaces and many keys. No key resolves to the empty name.
type entry struct {
	name  unique.Handle[string]
	due   int64 // time from which the key is to be asked for again, as cache.now
	group group.Group
}

// clockResolution is the precision of expiry. Reading the exact time would take a third of the time of a lookup in the cache.
const clockResolution = 100 * time.Millisecond

var noName = unique.Make("")

// never is the due time of entries that are not refreshed.
const never = math.MaxInt64

func newCache(cfg CacheConfig) (*cache, error) {
	clock := otter.NewCoarseClock(clockResolution)
	entries, err := otter.New(&otter.Options[Key, entry]{
		MaximumSize: cfg.MaxEntries,
		Clock:       clock,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, entry]) time.Duration {
			if e.Value.name == noName {
				return max(cfg.TTL, cfg.NegativeTTL)
			}
			return cfg.TTL
		}),
	})
	if err != nil {
		clock.Stop()
		return nil, fmt.Errorf("namespace cache: %w", err)
	}
	return &cache{cfg: cfg, clock: clock, began: time.Now(), entries: entries}, nil
}

// now returns the monotonic time in nanoseconds, so that a step of the wall clock neither keeps an unknown key unknown nor makes all keys due.
func (c *cache) now() int64 { return int64(time.Since(c.began)) }

// in returns the time after a duration, without overflow.
func (c *cache) in(d time.Duration) int64 {
	now := c.now()
	return now + min(int64(d), never-now)
}

// get returns the answer that is stored for a key, and when it is due for a refresh. ok is false if the key must be asked for; the
// answer is Unavailable then, but may tell what it was before.
func (c *cache) get(key Key, now int64) (answer Answer, due int64, ok bool) {
	e, ok := c.entries.GetIfPresent(key)
	switch {
	case !ok:
		return Answer{}, never, false
	case e.name == noName && now >= e.due:
		return Answer{WasUnknown: e.due != 0, Group: e.group}, never, false // without a due time it was Unavailable
	case e.name == noName:
		return Answer{Outcome: Unknown, Group: e.group}, never, true
	}
	return Answer{Name: e.name.Value(), Outcome: Resolved, Group: e.group}, e.due, true
}

// put stores an answer, unless it is Unavailable. It reports whether the key resolved late: items were decided without its
// namespace or its group before. The key must not share memory with telemetry.
func (c *cache) put(key Key, answer Answer) (late bool) {
	switch answer.Outcome {
	case Unavailable:
	case Unknown:
		old, isNew := c.entries.Set(key, entry{noName, c.in(c.cfg.NegativeTTL), answer.Group})
		return !isNew && old.learnsGroup(answer)
	case Resolved:
		old, isNew := c.entries.Set(key, entry{unique.Make(answer.Name), c.nextRefresh(), answer.Group})
		return !isNew && (old.name == noName || old.learnsGroup(answer))
	}
	return false
}

// learnsGroup reports whether an answer has the group that the entry lacks.
func (e entry) learnsGroup(answer Answer) bool { return !e.group.IsKnown() && answer.Group.IsKnown() }

// refresh stores the answer to a key that was due. If its row is gone, or has not reached a replica, the entry is kept until its
// TTL ends: the namespace of a key does not change (M5).
func (c *cache) refresh(key Key, answer Answer) (late bool) {
	old, ok := c.entries.GetEntryQuietly(key)
	if answer.Outcome != Unknown || !ok || old.Value.name == noName {
		return c.put(key, answer)
	}
	ends := old.ExpiresAfter()
	c.entries.Set(key, entry{old.Value.name, c.nextRefresh(), old.Value.group})
	c.entries.SetExpiresAfter(key, ends)
	return false
}

func (c *cache) nextRefresh() int64 {
	if c.cfg.RefreshAfter <= 0 || c.cfg.RefreshAfter >= c.cfg.TTL {
		return never
	}
	return c.in(c.cfg.RefreshAfter)
}

// miss notes that a key is answered without a namespace. If a load has resolved the key meanwhile, miss returns that answer
// instead. Either the load finds the note or miss finds its answer, so that no late key is missed.
func (c *cache) miss(key Key, answer Answer) Answer {
	if e, isNew := c.entries.SetIfAbsent(key.detached(), entry{name: noName}); !isNew && e.name != noName {
		return Answer{Name: e.name.Value(), Outcome: Resolved, Group: e.group}
	}
	return answer
}

// close stops the background work of the cache.
func (c *cache) close() {
	c.entries.StopAllGoroutines()
	c.clock.Stop()
}
