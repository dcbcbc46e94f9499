// SPDX-License-Identifier: Apache-2.0

// Package tracememory remembers what was settled about traces, so that their later spans are decided like their first.
package tracememory

import (
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Config bounds a memory in traces and in time.
type Config struct {
	// MaxTraces is how many traces are remembered; beyond, the one that was quiet for longest is forgotten.
	MaxTraces int
	// TTL is how long a trace is remembered after its last spans.
	TTL time.Duration
}

// Memory maps trace IDs to values of V. It is safe for concurrent use.
//
// The order in which traces are forgotten is that of their last use, not of their number of uses, which most caches go by: an
// active trace is worth more than one that was large and has ended.
type Memory[V any] struct {
	ttl time.Duration
	now func() time.Time

	mu     sync.Mutex
	traces *simplelru.LRU[pcommon.TraceID, *entry[V]]
	early  int // traces that were forgotten before their time since the last session
}

type entry[V any] struct {
	value V
	used  time.Duration // since began
}

// New returns an empty memory. It needs no closing.
func New[V any](cfg Config) (*Memory[V], error) {
	traces, err := simplelru.NewLRU[pcommon.TraceID, *entry[V]](cfg.MaxTraces, nil)
	if err != nil {
		return nil, fmt.Errorf("memory of %d traces: %w", cfg.MaxTraces, err)
	}
	return &Memory[V]{ttl: cfg.TTL, now: time.Now, traces: traces}, nil
}

// began is what times are counted from: a duration takes a third of the memory of a time.
var began = time.Now()

// Session is the memory in the hands of one batch: it is locked once for all traces of it.
type Session[V any] struct {
	memory *Memory[V]
	now    time.Duration
}

// maxForgetting bounds the work of one session on traces whose time is over; Recall does not return them anyway.
const maxForgetting = 1000

// Open begins a session, which must be closed before anything that can wait.
func (m *Memory[V]) Open() Session[V] {
	m.mu.Lock()
	s := Session[V]{memory: m, now: m.now().Sub(began)}
	for range maxForgetting {
		_, oldest, ok := m.traces.GetOldest()
		if !ok || !s.isOver(oldest) {
			break
		}
		m.traces.RemoveOldest()
	}
	return s
}

// Close ends the session and returns how many traces were forgotten in it before their time.
func (s Session[V]) Close() (early int) {
	early, s.memory.early = s.memory.early, 0
	s.memory.mu.Unlock()
	return early
}

// Recall returns what is remembered of a trace, and remembers it for another TTL.
func (s Session[V]) Recall(id pcommon.TraceID) (V, bool) {
	e, ok := s.memory.traces.Get(id)
	if !ok || s.isOver(e) {
		var nothing V
		return nothing, false
	}
	e.used = s.now
	return e.value, true
}

// Peek returns what is remembered of a trace, for no longer than it would be without asking.
func (s Session[V]) Peek(id pcommon.TraceID) (V, bool) {
	e, ok := s.memory.traces.Peek(id)
	if !ok || s.isOver(e) {
		var nothing V
		return nothing, false
	}
	return e.value, true
}

// Remember remembers a value for a trace that Recall has not found in this session.
func (s Session[V]) Remember(id pcommon.TraceID, value V) {
	_, quietest, _ := s.memory.traces.GetOldest()
	if s.memory.traces.Add(id, &entry[V]{value: value, used: s.now}) && !s.isOver(quietest) {
		s.memory.early++
	}
}

func (s Session[V]) isOver(e *entry[V]) bool { return s.now-e.used > s.memory.ttl }
