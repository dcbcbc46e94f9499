// SPDX-License-Identifier: Apache-2.0

// Package hold sets spans aside whose trace no namespace has named yet (T19). They leave by the pipeline that they came by: when a later
// batch decides their trace, when they have waited long enough, when there are too many of them, or when their pipeline stops.
//
// A Parcel collects the spans of a batch, a Store keeps them by trace, and an Outlet lets them go.
package hold

import (
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Config bounds a store.
type Config struct {
	// Wait is how long the spans of a trace are held, from the first of them on.
	Wait time.Duration
	// MaxSpans is the number of spans that are held. Beyond it, the traces held for longest are let go.
	MaxSpans int
}

// Store holds the spans of all pipelines of a configuration. It is safe for concurrent use. It is locked for one trace at a time, but when
// a pipeline stops.
//
// If the next component of a pipeline is blocked, spans that are let go collect at its outlet. Once there are more than the store may
// hold, it holds no others, so that the pipelines feel the block instead.
type Store struct {
	cfg Config
	// Spans that are let go count as leaving until they have been delivered.
	waiting, leaving atomic.Int64

	mu     sync.Mutex // also guards changes of waiting
	traces map[pcommon.TraceID]*trace
	oldest *trace // held since the earliest time
	newest *trace
	timer  *time.Timer // for the oldest trace; nil before the first
}

// trace is a trace with held spans.
type trace struct {
	id           pcommon.TraceID
	since        time.Time
	chunks       []chunk
	older, newer *trace
}

// NewStore returns an empty store. It needs no closing if its outlets are closed.
func NewStore(cfg Config) *Store {
	return &Store{cfg: cfg, traces: map[pcommon.TraceID]*trace{}}
}

// Spans returns the number of spans that are held and have not left yet.
func (s *Store) Spans() int64 { return s.waiting.Load() + s.leaving.Load() }

// IsEmpty reports whether there are no traces that can be decided.
func (s *Store) IsEmpty() bool { return s.waiting.Load() == 0 }

// Put holds the spans of a parcel, which came by an outlet from a client. It empties the parcel.
func (s *Store) Put(p *Parcel, o *Outlet, info client.Info) {
	from := o.origins.of(o, info)
	for i := range p.chunks {
		p.chunks[i].origin = from
		s.put(&p.chunks[i])
	}
	p.reset()
}

func (s *Store) put(c *chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int64(c.spans.Len())
	if o := c.origin.outlet; o.isClosed {
		s.leaving.Add(n)
		o.due.add(*c, nil)
		o.wake()
		return
	}
	s.waiting.Add(n)
	t, ok := s.traces[c.id]
	if !ok {
		t = &trace{id: c.id, since: time.Now()}
		s.traces[c.id] = t
		s.linkNewest(t)
		if s.oldest == t {
			s.schedule()
		}
	}
	t.chunks = append(t.chunks, *c)
}

// Decide lets the held spans of a trace go that has been settled. Those that came by an outlet are added to a list, which the caller delivers;
// those of other outlets are delivered asynchronously.
func (s *Store) Decide(id *pcommon.TraceID, settled *tracememory.Trace, own *Outlet, list *List) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.traces[*id]; ok {
		s.letGo(t, settled, own, list)
	}
}

// Excess lets the traces go that are held for longest while more spans are held than allowed, or are leaving by other lists, and returns
// their number. It does with them as Decide does.
func (s *Store) Excess(own *Outlet, list *List) (early int) {
	for s.letOldestGo(own, list) {
		early++
	}
	return early
}

func (s *Store) letOldestGo(own *Outlet, list *List) (isExcess bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := int64(s.cfg.MaxSpans)
	if s.oldest == nil || s.waiting.Load() <= most && s.leaving.Load()-int64(list.spans) <= most {
		return false
	}
	s.letGo(s.oldest, nil, own, list)
	return true
}

// leave lets all spans go that came by an outlet. The caller holds the lock.
func (s *Store) leave(o *Outlet) {
	for t := s.oldest; t != nil; {
		newer := t.newer
		kept := t.chunks[:0]
		for _, c := range t.chunks {
			if c.origin.outlet == o {
				s.isLeaving(&c)
				o.due.add(c, nil)
			} else {
				kept = append(kept, c)
			}
		}
		clear(t.chunks[len(kept):])
		if t.chunks = kept; len(kept) == 0 {
			s.remove(t)
		}
		t = newer
	}
}

// expire lets the traces go whose time is up.
func (s *Store) expire() {
	for s.expireOldest() {
	}
}

func (s *Store) expireOldest() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.oldest == nil:
		return false
	case time.Since(s.oldest.since) < s.cfg.Wait:
		s.schedule()
		return false
	}
	s.letGo(s.oldest, nil, nil, nil)
	return true
}

// schedule calls expire when the time of the oldest trace is up.
func (s *Store) schedule() {
	left := s.cfg.Wait - time.Since(s.oldest.since)
	if s.timer == nil {
		s.timer = time.AfterFunc(left, s.expire)
		return
	}
	s.timer.Reset(left)
}

// letGo removes a trace and gives its spans to own's list, or to their outlets.
func (s *Store) letGo(t *trace, settled *tracememory.Trace, own *Outlet, list *List) {
	for _, c := range t.chunks {
		s.isLeaving(&c)
		if o := c.origin.outlet; o != own {
			o.due.add(c, settled)
			o.wake()
			continue
		}
		list.add(c, settled)
	}
	s.remove(t)
}

// isLeaving counts the spans of a chunk as leaving.
func (s *Store) isLeaving(c *chunk) {
	n := int64(c.spans.Len())
	s.waiting.Add(-n)
	s.leaving.Add(n)
}

func (s *Store) linkNewest(t *trace) {
	t.older = s.newest
	if s.newest != nil {
		s.newest.newer = t
	} else {
		s.oldest = t
	}
	s.newest = t
}

func (s *Store) remove(t *trace) {
	delete(s.traces, t.id)
	if t.older != nil {
		t.older.newer = t.newer
	} else {
		s.oldest = t.newer
	}
	if t.newer != nil {
		t.newer.older = t.older
	} else {
		s.newest = t.older
	}
	if s.oldest == nil {
		s.timer.Stop()
	}
}
