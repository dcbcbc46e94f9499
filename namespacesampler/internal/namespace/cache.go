// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"math"
	"time"
	"unique"

	"github.com/maypok86/otter/v2"
)

// CacheConfig bounds the cache in entries and in time.
type CacheConfig struct {
	MaxEntries  int
	TTL         time.Duration // of resolved keys
	NegativeTTL time.Duration // of unknown keys
	// RefreshAfter is the age from which a resolved key is due to be asked for again, while it is still believed. 0, and TTL
	// or more, mean never.
	RefreshAfter time.Duration
}

// cache stores what Postgres said. Unavailable is no answer, and never stored.
type cache struct {
	cfg     CacheConfig
	clock   *otter.CoarseClock
	entries *otter.Cache[Key, entry]
	// missed are the keys that were answered without a namespace of late: should they resolve, that is late (M5).
	missed *otter.Cache[Key, struct{}]
}

// entry is a name, interned, since there are few names and many keys; the empty name stands for Unknown, and no key resolves
// to it.
type entry struct {
	name unique.Handle[string]
	due  int64 // to be refreshed from then on, in nanoseconds since 1970
}

// maxMissed bounds the keys that are remembered as missed.
const maxMissed = 100_000

// clockResolution is how much sooner or later than they should entries may end, and how often an idle cache wakes a CPU. To read the
// time itself takes a third of a look into the cache.
const clockResolution = 100 * time.Millisecond

var noName = unique.Make("")

func newCache(cfg CacheConfig) (*cache, error) {
	clock := otter.NewCoarseClock(clockResolution) // ends by itself where it is not used
	entries, err := otter.New(&otter.Options[Key, entry]{
		MaximumSize: cfg.MaxEntries,
		Clock:       clock,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, entry]) time.Duration {
			if e.Value.name == noName {
				return cfg.NegativeTTL
			}
			return cfg.TTL
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("namespace cache: %w", err)
	}
	missed, err := otter.New(&otter.Options[Key, struct{}]{MaximumSize: min(maxMissed, cfg.MaxEntries)})
	if err != nil {
		return nil, fmt.Errorf("namespace cache: %w", err)
	}
	return &cache{cfg: cfg, clock: clock, entries: entries, missed: missed}, nil
}

// get returns what is stored for a key, and from when on it is due to be refreshed.
func (c *cache) get(key Key) (answer Answer, due int64, ok bool) {
	e, ok := c.entries.GetIfPresent(key)
	switch {
	case !ok:
		return Answer{}, never, false
	case e.name == noName:
		return Answer{Outcome: Unknown}, never, true
	}
	return Answer{Name: e.name.Value(), Outcome: Resolved}, e.due, true
}

// never is when entries are due that are not to be refreshed.
const never = math.MaxInt64

// put stores an answer and reports whether it comes late: the key was answered without a namespace before. The key must be
// detached from telemetry.
func (c *cache) put(key Key, answer Answer) (late bool) {
	if answer.Outcome == Unavailable {
		return false
	}
	due := int64(never)
	if answer.Outcome == Resolved {
		due = c.nextDue()
	}
	c.entries.Set(key, entry{unique.Make(answer.Name), due})
	if answer.Outcome == Resolved {
		_, late = c.missed.Invalidate(key)
	}
	return late
}

// refresh stores the answer to a key that was due. That its row is gone, or has not reached a replica, changes nothing before the entry
// ends: the namespace of a key that has one never goes (M5).
func (c *cache) refresh(key Key, answer Answer) (late bool) {
	old, ok := c.entries.GetEntryQuietly(key)
	if answer.Outcome != Unknown || !ok || old.Value.name == noName {
		return c.put(key, answer)
	}
	ends := old.ExpiresAfter()
	c.entries.Set(key, entry{old.Value.name, c.nextDue()})
	c.entries.SetExpiresAfter(key, ends)
	return false
}

// nextDue is when a key that is stored now is to be refreshed.
func (c *cache) nextDue() int64 {
	if c.cfg.RefreshAfter <= 0 {
		return never
	}
	return time.Now().Add(c.cfg.RefreshAfter).UnixNano()
}

// miss notes that a key was answered without a namespace.
func (c *cache) miss(key Key) { c.missed.Set(key.detached(), struct{}{}) }

// close ends what the cache runs in the background.
func (c *cache) close() {
	c.entries.StopAllGoroutines()
	c.missed.StopAllGoroutines()
	c.clock.Stop()
}
