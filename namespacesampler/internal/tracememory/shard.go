// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// shard is a part of a memory with a lock of its own.
type shard struct {
	mu     sync.Mutex
	ttl    Instant
	traces *simplelru.LRU[pcommon.TraceID, *entry]
	_      [40]byte // shards do not share cache lines
}

type entry struct {
	trace Trace
	used  Instant
}

func (s *shard) init(most int, ttl time.Duration) {
	s.ttl = Instant(ttl)
	s.traces, _ = simplelru.NewLRU[pcommon.TraceID, *entry](most, nil) // most is at least 1
}

func (s *shard) isExpired(e *entry, now Instant) bool { return now-e.used > s.ttl }

func (s *shard) recall(id *pcommon.TraceID, now Instant) (Trace, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.traces.Get(*id)
	if !ok || s.isExpired(e, now) {
		return Trace{}, false
	}
	e.used = max(e.used, now)
	return e.trace, true
}

func (s *shard) peek(id *pcommon.TraceID, now Instant) (Trace, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.traces.Peek(*id)
	if !ok || s.isExpired(e, now) {
		return Trace{}, false
	}
	return e.trace, true
}

func (s *shard) remember(id *pcommon.TraceID, now Instant, t Trace) (remembered Trace, early bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.traces.Get(*id); ok && !s.isExpired(e, now) {
		e.used = max(e.used, now)
		return e.trace, false
	}
	s.removeExpired(now)
	_, oldest, _ := s.traces.GetOldest()
	evicted := s.traces.Add(*id, &entry{trace: t, used: now})
	return t, evicted && !s.isExpired(oldest, now)
}

// removeExpired removes up to two expired traces. Each new trace removes more than it adds, so that memory follows the traffic.
func (s *shard) removeExpired(now Instant) {
	for range 2 {
		if _, oldest, ok := s.traces.GetOldest(); !ok || !s.isExpired(oldest, now) {
			return
		}
		s.traces.RemoveOldest()
	}
}

func (s *shard) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.traces.Len()
}
