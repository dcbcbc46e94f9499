// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// isUnlocked reports whether nobody holds the lock of a shard.
func (s *shard) isUnlocked() bool {
	ok := s.mu.TryLock()
	if ok {
		s.mu.Unlock()
	}
	return ok
}

// A batch of 300,000 traces makes as many calls. Another batch may come between any two of them.
func TestNoShardIsLockedBetweenTwoTraces(t *testing.T) {
	t.Parallel()
	m := newMemory(t, 100_000, time.Minute)
	now, trace := m.Now(), &Trace{}
	for n := range 300_000 {
		id := id(n)
		own := m.shardOf(&id)
		for i, call := range []func(){
			func() { m.Peek(&id, now) },
			func() { m.Recall(&id, now) },
			func() { m.Remember(&id, now, Known{Trace: trace}) }, // beyond 100,000, another trace is forgotten
			func() { m.Remember(&id, now, Known{Trace: trace}) },
			func() { m.Peek(&id, now) },
			func() { m.Recall(&id, now) },
		} {
			if call(); !own.isUnlocked() {
				require.Fail(t, "the shard is locked", "trace %d, after call %d", n, i)
			}
		}
		for i := 0; n%1_000 == 0 && i < len(m.shards); i++ {
			require.True(t, m.shards[i].isUnlocked(), "shard %d, after trace %d", i, n)
		}
	}
}

func TestALockedShardHoldsUpItsOwnTracesOnly(t *testing.T) {
	t.Parallel()
	m := newMemory(t, 100_000, time.Minute)
	require.Len(t, m.shards, maxShards)
	locked := &m.shards[0]
	var own, others []pcommon.TraceID
	for n := range 64_000 {
		if id := id(n); m.shardOf(&id) == locked {
			own = append(own, id)
		} else {
			others = append(others, id)
		}
	}
	assert.InDelta(t, 64_000/maxShards, len(own), 250, "one of the shards")

	locked.mu.Lock()
	done := make(chan Known, 1)
	go func() { done <- m.Recall(&own[0], m.Now()) }()
	for i := range others {
		trace := &Trace{}
		remembered, _ := m.Remember(&others[i], m.Now(), Known{Trace: trace})
		require.Same(t, trace, remembered.Trace)
		require.Same(t, trace, m.Recall(&others[i], m.Now()).Trace)
	}
	assert.Empty(t, done, "it waits")
	locked.mu.Unlock()
	assert.Zero(t, <-done)
}
