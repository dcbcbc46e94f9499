// SPDX-License-Identifier: Apache-2.0

// Package hold holds spans whose trace no namespace has named yet (T19). They are released to the pipeline that they came by: when a later
// batch settles their trace, when they have waited long enough, when too many of them wait, or when their pipeline stops.
//
// A Parcel collects the spans of a batch, the Store keeps them by trace while they wait, and an Outlet for each pipeline sends them on.
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
	// Wait is how long the spans of a trace wait, from the first of them on.
	Wait time.Duration
	// MaxSpans is the number of spans that wait. Beyond it, the traces that have waited for longest are released.
	MaxSpans int
}

// Store holds the spans of all pipelines of a configuration. It is safe for concurrent use. It is locked for one trace at a time, but when a
// pipeline stops.
type Store struct {
	cfg     Config
	waiting atomic.Int64 // spans
	leaving atomic.Int64 // spans that are released and have not been sent yet

	mu     sync.Mutex // also guards the outlets
	traces map[pcommon.TraceID]*trace
	oldest *trace // has waited for longest
	newest *trace
	timer  *time.Timer // for the oldest trace; nil before the first
	due    []*Outlet   // those with released spans that Send starts to send
}

// trace is a trace with waiting spans.
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

// Spans returns the number of spans that wait, or are released and have not been sent yet.
func (s *Store) Spans() int64 { return s.waiting.Load() + s.leaving.Load() }

// IsEmpty reports whether no spans wait.
func (s *Store) IsEmpty() bool { return s.waiting.Load() == 0 }

// Put holds the spans of a parcel, which came by an outlet from a client. It empties the parcel. Those of an outlet that has been closed
// meanwhile are released.
func (s *Store) Put(p *Parcel, o *Outlet, info client.Info) {
	from := s.origin(o, info, p.spans)
	for i := range p.chunks {
		p.chunks[i].origin = from
		s.put(&p.chunks[i])
	}
	p.reset()
}

func (s *Store) origin(o *Outlet, info client.Info, spans int) *origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.origins.of(o, info, spans)
}

func (s *Store) put(c *chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting.Add(int64(c.spans.Len()))
	if c.origin.outlet.isClosed {
		s.releaseChunk(c, tracememory.Known{}, nil)
		return
	}
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

// Release releases the waiting spans of a trace that has been settled. The receipt tells when those of its outlet have been sent.
func (s *Store) Release(id *pcommon.TraceID, settled tracememory.Known, receipt *Receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.traces[*id]; ok {
		s.release(t, settled, receipt)
	}
}

// ReleaseExcess releases the traces that have waited for longest, until no more spans wait than may, and returns their number.
func (s *Store) ReleaseExcess(receipt *Receipt) (early int) {
	for s.releaseOldest(receipt, func() bool { return s.waiting.Load() > int64(s.cfg.MaxSpans) }) {
		early++
	}
	return early
}

// Send starts to send what has been released, so that what is released in one pass is sent together.
func (s *Store) Send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.due {
		o.start()
	}
	clear(s.due)
	s.due = s.due[:0]
}

// releaseExpired releases the traces whose time is up.
func (s *Store) releaseExpired() {
	for s.releaseOldest(nil, func() bool { return time.Since(s.oldest.since) >= s.cfg.Wait }) {
	}
	s.Send()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.oldest != nil {
		s.schedule()
	}
}

// releaseOldest releases the trace that has waited for longest, if there is one and it is due.
func (s *Store) releaseOldest(receipt *Receipt, isDue func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.oldest == nil || !isDue() {
		return false
	}
	s.release(s.oldest, tracememory.Known{}, receipt)
	return true
}

// releaseAll releases all spans that came by an outlet. The caller holds the lock.
func (s *Store) releaseAll(o *Outlet) {
	for t := s.oldest; t != nil; {
		newer := t.newer
		others := t.chunks[:0]
		for i := range t.chunks {
			if c := &t.chunks[i]; c.origin.outlet == o {
				s.releaseChunk(c, tracememory.Known{}, nil)
			} else {
				others = append(others, *c)
			}
		}
		clear(t.chunks[len(others):])
		if t.chunks = others; len(others) == 0 {
			s.remove(t)
		}
		t = newer
	}
}

// schedule has the oldest trace released when its time is up.
func (s *Store) schedule() {
	left := s.cfg.Wait - time.Since(s.oldest.since)
	if s.timer == nil {
		s.timer = time.AfterFunc(left, s.releaseExpired)
		return
	}
	s.timer.Reset(left)
}

// release removes a trace and gives its spans to their outlets. settled is zero if nothing has settled it; receipt may be nil.
func (s *Store) release(t *trace, settled tracememory.Known, receipt *Receipt) {
	for i := range t.chunks {
		s.releaseChunk(&t.chunks[i], settled, receipt)
	}
	s.remove(t)
}

func (s *Store) releaseChunk(c *chunk, settled tracememory.Known, receipt *Receipt) {
	n := int64(c.spans.Len())
	s.waiting.Add(-n)
	s.leaving.Add(n)
	o := c.origin.outlet
	if !o.isDue {
		o.isDue = true
		s.due = append(s.due, o)
	}
	r := o.add(c, settled)
	if receipt != nil && receipt.outlet == o {
		receipt.left++
		r.receipts = append(r.receipts, receipt)
	}
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
