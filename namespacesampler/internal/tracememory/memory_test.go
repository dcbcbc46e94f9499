// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newMemory[V any](t testing.TB, maxTraces int, ttl time.Duration) *Memory[V] {
	t.Helper()
	m, err := New[V](Config{MaxTraces: maxTraces, TTL: ttl})
	require.NoError(t, err)
	return m
}

func id(n int) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func remember(m *Memory[string], n int, value string) (string, int) {
	s := m.Open()
	known := recallOrRemember(s, n, value)
	return known, s.Close()
}

func recallOrRemember[V any](s Session[V], n int, value V) V {
	if known, ok := s.Recall(id(n)); ok {
		return known
	}
	s.Remember(id(n), value)
	return value
}

func recall(m *Memory[string], n int) string {
	s := m.Open()
	defer s.Close()
	value, _ := s.Recall(id(n))
	return value
}

func TestTheFirstValueOfATraceStays(t *testing.T) { // T16: a later root does not change the rate
	m := newMemory[string](t, 10, time.Minute)
	assert.Empty(t, recall(m, 1))
	known, _ := remember(m, 1, "first")
	assert.Equal(t, "first", known)
	known, _ = remember(m, 1, "second")
	assert.Equal(t, "first", known)
	assert.Equal(t, "first", recall(m, 1))
}

func TestATraceIsForgottenWhenItHasBeenQuietForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory[string](t, 10, time.Minute)
		remember(m, 1, "quiet")
		remember(m, 2, "active")
		time.Sleep(40 * time.Second)
		assert.Equal(t, "active", recall(m, 2))
		time.Sleep(20 * time.Second)
		assert.Equal(t, "quiet", recall(m, 1), "a minute is not more than a minute")
		time.Sleep(time.Minute + time.Nanosecond)
		assert.Empty(t, recall(m, 1))
		assert.Empty(t, recall(m, 2))
		assert.Zero(t, m.traces.Len(), "what is over takes no memory")
		known, _ := remember(m, 1, "anew")
		assert.Equal(t, "anew", known)
	})
}

func TestAPeekProlongsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory[string](t, 2, time.Minute)
		peek := func(n int) string {
			s := m.Open()
			defer s.Close()
			value, _ := s.Peek(id(n))
			return value
		}
		assert.Empty(t, peek(1))
		remember(m, 1, "quiet")
		remember(m, 2, "other")
		time.Sleep(time.Minute)
		assert.Equal(t, "quiet", peek(1))
		time.Sleep(time.Nanosecond)
		assert.Empty(t, peek(1))

		remember(m, 3, "older")
		remember(m, 4, "newer")
		assert.Equal(t, "older", peek(3))
		remember(m, 5, "newest")
		assert.Empty(t, peek(3), "it is still the one that was quiet for longest")
	})
}

func TestBeyondItsBoundTheQuietestTraceIsForgotten(t *testing.T) {
	m := newMemory[string](t, 3, time.Minute)
	for n := range 3 {
		_, early := remember(m, n, fmt.Sprint(n))
		assert.Zero(t, early)
	}
	assert.Equal(t, "0", recall(m, 0))
	_, early := remember(m, 3, "3")
	assert.Equal(t, 1, early, "it is said that one was forgotten before its time")
	assert.Empty(t, recall(m, 1))
	for n, want := range map[int]string{0: "0", 2: "2", 3: "3"} {
		assert.Equal(t, want, recall(m, n))
	}
}

func TestOneSessionForgetsABoundedNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const traces = 2*maxForgetting + 1
		m := newMemory[string](t, traces, time.Minute)
		for n := range traces {
			remember(m, n, "x")
		}
		time.Sleep(time.Hour)
		m.Open().Close()
		assert.Equal(t, traces-maxForgetting, m.traces.Len())
		assert.Empty(t, recall(m, traces-1), "what is over is not recalled, though still there")
	})
}

func TestWhatWasOverIsNotForgottenEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const traces = 5 * maxForgetting
		m := newMemory[string](t, traces, time.Minute)
		for n := range traces {
			remember(m, n, "x")
		}
		time.Sleep(time.Hour)
		s := m.Open()
		for n := range 3 * maxForgetting {
			s.Remember(id(traces+n), "y")
		}
		assert.Zero(t, s.Close())
	})
}

func TestBatchesAtTheSameTimeGoOnWithTheSameValue(t *testing.T) { // C4
	m := newMemory[int](t, 1000, time.Minute)
	var (
		wg   sync.WaitGroup
		seen [8][100]int
	)
	for g := range seen {
		wg.Go(func() {
			for n := range seen[g] {
				s := m.Open()
				seen[g][n] = recallOrRemember(s, n, g)
				s.Close()
			}
		})
	}
	wg.Wait()
	for g := range seen {
		assert.Equal(t, seen[0], seen[g])
	}
}

func TestAMemoryOfNothingIsRefused(t *testing.T) {
	_, err := New[int](Config{})
	require.ErrorContains(t, err, "memory of 0 traces")
}

// TestAMillionTracesTakeTheMemoryOfThoseRemembered shows what sizing can rely on: 200 bytes for each of max_traces.
func TestAMillionTracesTakeTheMemoryOfThoseRemembered(t *testing.T) {
	const maxTraces, traces, bound = 100_000, 1_000_000, 200

	before := heap()
	m := newMemory[[2]*int](t, maxTraces, time.Hour)
	for n := range traces {
		s := m.Open()
		s.Remember(id(n), [2]*int{}) // as large as what the processor remembers
		s.Close()
	}
	perTrace := float64(heap()-before) / maxTraces
	t.Logf("%d traces through a memory of %d: %.0f bytes for each remembered", traces, maxTraces, perTrace)
	assert.Equal(t, maxTraces, m.traces.Len())
	assert.Less(t, perTrace, float64(bound))
	runtime.KeepAlive(m)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func BenchmarkRecall(b *testing.B) {
	const traces = 100_000
	m := newMemory[int](b, traces, time.Hour)
	for n := range traces {
		s := m.Open()
		s.Remember(id(n), n)
		s.Close()
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() { // sessions of 1,000 traces
		s := m.Open()
		for range 1000 {
			n = (n + 7919) % traces
			_, _ = s.Recall(id(n))
		}
		s.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/trace")
}
