// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"time"
	"unique"

	"github.com/maypok86/otter/v2"
)

// CacheConfig bounds the cache in entries and in time.
type CacheConfig struct {
	MaxEntries  int
	TTL         time.Duration // of resolved keys
	NegativeTTL time.Duration // of unknown keys
}

// cache stores what Postgres said. Unavailable is no answer, and never stored. An entry is just the name, interned,
// since there are few names and many keys; the empty name stands for Unknown, and no key resolves to it.
type cache struct {
	entries *otter.Cache[Key, unique.Handle[string]]
	// missed are the keys that were answered without a namespace of late: should they resolve, that is late (M5).
	missed *otter.Cache[Key, struct{}]
}

// maxMissed bounds the keys that are remembered as missed.
const maxMissed = 100_000

var noName = unique.Make("")

func newCache(cfg CacheConfig) (*cache, error) {
	entries, err := otter.New(&otter.Options[Key, unique.Handle[string]]{
		MaximumSize: cfg.MaxEntries,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(entry otter.Entry[Key, unique.Handle[string]]) time.Duration {
			if entry.Value == noName {
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
	return &cache{entries: entries, missed: missed}, nil
}

func (c *cache) get(key Key) (Answer, bool) {
	name, ok := c.entries.GetIfPresent(key)
	switch {
	case !ok:
		return Answer{}, false
	case name == noName:
		return Answer{Outcome: Unknown}, true
	}
	return Answer{Name: name.Value(), Outcome: Resolved}, true
}

// put stores an answer and reports whether it comes late: the key was answered without a namespace before. The key must be
// detached from telemetry.
func (c *cache) put(key Key, answer Answer) (late bool) {
	if answer.Outcome == Unavailable {
		return false
	}
	c.entries.Set(key, unique.Make(answer.Name))
	if answer.Outcome == Resolved {
		_, late = c.missed.Invalidate(key)
	}
	return late
}

// miss notes that a key was answered without a namespace.
func (c *cache) miss(key Key) { c.missed.Set(key.detached(), struct{}{}) }

// close ends what the cache runs in the background.
func (c *cache) close() {
	c.entries.StopAllGoroutines()
	c.missed.StopAllGoroutines()
}
