// SPDX-License-Identifier: Apache-2.0

// Package tracememory remembers what was settled about traces, so that spans that arrive later are sampled like the first ones
// (T16), and log records like their trace (L3).
package tracememory

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Config bounds a memory.
type Config struct {
	// MaxTraces is the number of traces remembered. Beyond it, the trace that was quiet for longest is forgotten.
	MaxTraces int
	// TTL is how long a trace is remembered after its last spans.
	TTL time.Duration
}

// Memory maps trace IDs to traces. It is safe for concurrent use.
//
// Traces are forgotten by last use. Most caches weigh the number of uses, but an active trace is worth more here than a large one
// that has ended.
type Memory struct {
	ttl    time.Duration
	now    func() time.Time
	shards []shard
}

const (
	// maxShards is more than the CPUs that usually work on batches at the same time. Batches lock one shard for one trace at a
	// time.
	maxShards = 64
	// minShardTraces keeps shards so large that they fill evenly. A small memory has one shard and forgets in exact order.
	minShardTraces = 1024
)

// New returns an empty memory. It needs no closing.
func New(cfg Config) (*Memory, error) {
	if cfg.MaxTraces < 1 {
		return nil, fmt.Errorf("max_traces must be at least 1, got %d", cfg.MaxTraces)
	}
	n := 1
	for n < maxShards && cfg.MaxTraces/(2*n) >= minShardTraces {
		n *= 2
	}
	m := &Memory{ttl: cfg.TTL, now: time.Now, shards: make([]shard, n)}
	for i := range m.shards {
		most := cfg.MaxTraces / n
		if i < cfg.MaxTraces%n {
			most++
		}
		m.shards[i].init(most, cfg.TTL)
	}
	return m, nil
}

// epoch is the origin of instants, which take a third of the memory of a time.
var epoch = time.Now()

// Instant is a time as the memory counts it. A batch takes it once.
type Instant time.Duration

// Now returns the current instant.
func (m *Memory) Now() Instant { return Instant(m.now().Sub(epoch)) }

// shardOf selects a shard by a hash of the whole ID: either half may be constant, or both may be equal.
func (m *Memory) shardOf(id *pcommon.TraceID) *shard {
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	hash := (bits.RotateLeft64(high, 32) ^ low) * 0x9e3779b97f4a7c15 // Fibonacci hashing: the upper bits are well mixed
	return &m.shards[hash>>32&uint64(len(m.shards)-1)]               //nolint:gosec // at least one shard
}

// Recall returns what is remembered of a trace, and remembers it for another TTL.
func (m *Memory) Recall(id *pcommon.TraceID, now Instant) Known {
	return m.shardOf(id).recall(id, now)
}

// Peek returns what is remembered of a trace, without remembering it for longer.
func (m *Memory) Peek(id *pcommon.TraceID, now Instant) Known {
	return m.shardOf(id).peek(id, now)
}

// Remember remembers something about a trace and returns what is remembered now: if it was remembered before, also what was known then. It
// reports whether another trace was forgotten before its TTL to make room.
func (m *Memory) Remember(id *pcommon.TraceID, now Instant, k Known) (remembered Known, early bool) {
	return m.shardOf(id).remember(id, now, k)
}
