// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"maps"
	"sync/atomic"
	"time"
)

// Whether the first point of a dropped series counts whole depends on what this collector has seen before (R3). This file holds that.

// moment is when something happened: the number of the batch, and the time.
type moment struct {
	batch uint64
	at    time.Time
}

// maxKnown bounds what is remembered of namespaces, and of metrics of resources: twice as many.
const maxKnown = 100_000

// recent is a map that forgets: when it is full, what was not used since it was full before.
type recent[K comparable, V any] struct {
	now, before map[K]*V
}

// get returns the value of a key, and whether it was there.
func (r *recent[K, V]) get(key K) (v *V, ok bool) {
	if v, ok = r.now[key]; ok {
		return v, true
	}
	if v, ok = r.before[key]; !ok {
		v = new(V)
	}
	if len(r.now) >= maxKnown || r.now == nil {
		r.now, r.before = map[K]*V{}, r.now
	}
	r.now[key] = v
	return v, ok
}

// exports are the last two exports of a metric from a resource: the times of their points, and when the first batch of each came. A batch with
// the times of the last one is part of it.
type exports struct {
	last, before     uint64
	lastAt, beforeAt moment
}

// note notes a batch of an export with the latest time of its points.
func (x *exports) note(points uint64, m moment) {
	if points <= x.last {
		return
	}
	if x.lastAt.batch != m.batch { // a batch is of one export
		x.before, x.beforeAt, x.lastAt = x.last, x.lastAt, m
	}
	x.last = points
}

// standing is the rate of a namespace, and since when this collector has seen it. The time is zero if it has seen no other.
type standing struct {
	threshold uint64
	since     moment
}

// note notes a rate, and reports whether it is another than before. If nothing is known of the namespace any more, it may be.
func (s *standing) note(threshold uint64, isKnown, mayBeForgotten bool, m moment) (isOther bool) {
	isOther = isKnown && s.threshold != threshold || !isKnown && mayBeForgotten
	if isOther {
		s.since = m
	}
	s.threshold = threshold
	return isOther
}

// changed are the namespaces that have had several rates. Batches read them while others are added.
type changed struct {
	names atomic.Pointer[map[string]struct{}]
}

func (c *changed) has(name string) bool {
	names := c.names.Load()
	if names == nil {
		return false
	}
	_, ok := (*names)[name]
	return ok || len(*names) >= maxKnown
}

// add adds namespaces. It must not be called concurrently.
func (c *changed) add(more []string) {
	names := map[string]struct{}{}
	if before := c.names.Load(); before != nil {
		maps.Copy(names, *before)
	}
	for _, name := range more {
		names[name] = struct{}{}
	}
	c.names.Store(&names)
}

// isNew reports whether all that a dropped series has counted until its first point came after what was seen of it before: since it started after
// the collector, or since an earlier export did not have it. If its namespace had another rate meanwhile, it may have been kept; and if series
// were forgotten, it may be one of them. It also returns the time of the earlier export, if that is how it is known.
func isNew(x *exports, s *standing, forgotten, started moment, start, at uint64) (isNew bool, earlier uint64) {
	if start == at {
		return false, 0
	}
	if x.before > 0 && x.before < at && x.beforeAt.batch >= s.since.batch && x.beforeAt.batch > forgotten.batch {
		return true, x.before
	}
	for _, m := range [...]moment{started, s.since, forgotten} {
		if int64(start) <= m.at.UnixNano() && !m.at.IsZero() { //nolint:gosec // until the year 2262
			return false, 0
		}
	}
	return true, 0
}
