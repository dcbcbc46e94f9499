// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// shard is a part of a memory with a lock of its own: a map to nodes that are linked in order of their last use.
//
// The nodes are elements of one slice, linked by index. This holds two rows of the budgets, spans of a remembered trace and bytes
// a remembered trace: a container of separately allocated entries takes half as much time and memory again.
type shard struct {
	mu      sync.Mutex
	ttl     Instant
	most    int
	indexes map[pcommon.TraceID]int32
	nodes   []node   // the first is the end of the ring, between the newest and the oldest
	free    []int32  // nodes that are not linked
	_       [48]byte // shards do not share cache lines
}

type node struct {
	id           pcommon.TraceID
	known        Known
	used         Instant
	newer, older int32
}

func (s *shard) init(most int, ttl time.Duration) {
	s.ttl, s.most = Instant(ttl), most
	s.indexes = map[pcommon.TraceID]int32{}
	s.nodes = make([]node, 1)
}

func (s *shard) isExpired(n *node, now Instant) bool { return now-n.used > s.ttl }

func (s *shard) recall(id *pcommon.TraceID, now Instant) Known {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.use(id, now)
}

// use returns what is remembered of a trace and makes it the newest one.
func (s *shard) use(id *pcommon.TraceID, now Instant) Known {
	i, ok := s.indexes[*id]
	if !ok {
		return Known{}
	}
	n := &s.nodes[i]
	if s.isExpired(n, now) {
		return Known{}
	}
	n.used = max(n.used, now)
	if s.nodes[0].older != i {
		s.unlink(i)
		s.linkNewest(i)
	}
	return n.known
}

func (s *shard) peek(id *pcommon.TraceID, now Instant) Known {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.indexes[*id]
	if !ok || s.isExpired(&s.nodes[i], now) {
		return Known{}
	}
	return s.nodes[i].known
}

func (s *shard) remember(id *pcommon.TraceID, now Instant, k Known) (remembered Known, early bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.use(id, now)
	if i, ok := s.indexes[*id]; ok {
		if known != (Known{}) {
			s.nodes[i].known = known.with(k)
			return s.nodes[i].known, false
		}
		s.forget(i) // expired
	}
	// A new trace removes up to two expired ones, so that the memory follows the traffic.
	for range 2 {
		if oldest := s.nodes[0].newer; oldest != 0 && s.isExpired(&s.nodes[oldest], now) {
			s.forget(oldest)
		}
	}
	if len(s.indexes) == s.most {
		s.forget(s.nodes[0].newer)
		early = true
	}
	i := s.allocate()
	s.nodes[i] = node{id: *id, known: k, used: now}
	s.linkNewest(i)
	s.indexes[*id] = i
	return k, early
}

func (s *shard) allocate() int32 {
	if last := len(s.free) - 1; last >= 0 {
		i := s.free[last]
		s.free = s.free[:last]
		return i
	}
	s.nodes = append(s.nodes, node{})
	return int32(len(s.nodes) - 1) //nolint:gosec // at most max_traces, which fits
}

func (s *shard) forget(i int32) {
	s.unlink(i)
	delete(s.indexes, s.nodes[i].id)
	s.nodes[i] = node{}
	s.free = append(s.free, i)
}

func (s *shard) unlink(i int32) {
	n := &s.nodes[i]
	s.nodes[n.newer].older = n.older
	s.nodes[n.older].newer = n.newer
}

// linkNewest links a node between the end of the ring and the newest one. Seen from the end, older leads to the newest and newer
// to the oldest.
func (s *shard) linkNewest(i int32) {
	end, n := &s.nodes[0], &s.nodes[i]
	n.newer, n.older = 0, end.older
	s.nodes[end.older].newer = i
	end.older = i
}
