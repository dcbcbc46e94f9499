// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/goleak"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newMemory(t testing.TB, maxTraces int, ttl time.Duration) *Memory {
	t.Helper()
	m, err := New(Config{MaxTraces: maxTraces, TTL: ttl})
	require.NoError(t, err)
	return m
}

func id(n int) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func randomID() (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

func remember(m *Memory, n int, r *rate.Match) (*rate.Match, bool) {
	id := id(n)
	known, early := m.Remember(&id, m.Now(), Known{Trace: &Trace{Rate: r}})
	return known.Trace.Rate, early
}

func recall(m *Memory, n int) *rate.Match {
	id := id(n)
	return rateOf(m.Recall(&id, m.Now()))
}

func peek(m *Memory, n int) *rate.Match {
	id := id(n)
	return rateOf(m.Peek(&id, m.Now()))
}

// rateOf returns the rate of a trace, or nil if it is not remembered.
func rateOf(known Known) *rate.Match {
	if known.Trace == nil {
		return nil
	}
	return known.Trace.Rate
}

// size returns the number of traces in memory.
func size(m *Memory) (n int) {
	for i := range m.shards {
		n += len(m.shards[i].indexes)
	}
	return n
}

func TestTheFirstRateOfATraceIsKept(t *testing.T) { // T16: a later root does not change the rate
	t.Parallel()
	m := newMemory(t, 10, time.Minute)
	first, second := &rate.Match{}, &rate.Match{}
	assert.Nil(t, recall(m, 1))
	known, _ := remember(m, 1, first)
	assert.Same(t, first, known)
	known, _ = remember(m, 1, second)
	assert.Same(t, first, known)
	assert.Same(t, first, recall(m, 1))
}

func TestATraceIsForgottenAfterTheTTLSinceItsLastUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, 10, time.Minute)
		quiet, active, anew := &rate.Match{}, &rate.Match{}, &rate.Match{}
		remember(m, 1, quiet)
		remember(m, 2, active)
		time.Sleep(40 * time.Second)
		assert.Same(t, active, recall(m, 2))
		assert.Same(t, quiet, peek(m, 1), "a peek does not count as a use")
		time.Sleep(20 * time.Second)
		assert.Same(t, quiet, peek(m, 1), "a minute is not more than a minute")
		time.Sleep(time.Nanosecond)
		assert.Nil(t, peek(m, 1))
		assert.Nil(t, recall(m, 1))
		assert.Same(t, active, peek(m, 2))
		time.Sleep(time.Minute)
		known, early := remember(m, 1, anew)
		assert.Same(t, anew, known)
		assert.False(t, early)
		assert.Equal(t, 1, size(m), "a new trace removes expired ones")
	})
}

func TestBeyondItsBoundAMemoryForgetsTheQuietestTrace(t *testing.T) {
	t.Parallel()
	m := newMemory(t, 3, time.Hour)
	for n := range 3 {
		_, early := remember(m, n, &rate.Match{})
		assert.False(t, early)
	}
	recall(m, 0)
	_, early := remember(m, 3, &rate.Match{})
	assert.True(t, early)
	assert.Nil(t, peek(m, 1))
	for _, n := range []int{0, 2, 3} {
		assert.NotNil(t, peek(m, n), n)
	}
}

// reference is a memory as a list, the quietest trace first.
type reference struct {
	most int
	ttl  Instant
	list []referenceTrace
}

type referenceTrace struct {
	n    int
	rate *rate.Match
	used Instant
}

func (r *reference) find(n int, now Instant) (i int, ok bool) {
	for i, trace := range r.list {
		if trace.n == n {
			return i, now-trace.used <= r.ttl
		}
	}
	return -1, false
}

func (r *reference) remove(i int) { r.list = append(r.list[:i:i], r.list[i+1:]...) }

func (r *reference) use(i int, now Instant) {
	trace := r.list[i]
	trace.used = now
	r.remove(i)
	r.list = append(r.list, trace)
}

func (r *reference) remember(n int, now Instant, m *rate.Match) (early bool) {
	if i, _ := r.find(n, now); i >= 0 { // expired
		r.remove(i)
	}
	for len(r.list) > 0 && now-r.list[0].used > r.ttl {
		r.remove(0)
	}
	if early = len(r.list) == r.most; early {
		r.remove(0)
	}
	r.list = append(r.list, referenceTrace{n, m, now})
	return early
}

func TestASmallMemoryAgreesWithAListOfTraces(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := reference{most: 1 + rng.IntN(8), ttl: 10}
		m := newMemory(t, r.most, time.Duration(r.ttl))
		now := Instant(0)
		for range 2000 {
			now += Instant(rng.IntN(4))
			n := rng.IntN(12)
			id := id(n)
			i, want := r.find(n, now)
			switch rng.IntN(3) {
			case 0:
				known := m.Recall(&id, now)
				require.Equal(t, want, known.Trace != nil, seed)
				if want {
					require.Same(t, r.list[i].rate, known.Trace.Rate)
					r.use(i, now)
				}
			case 1:
				require.Equal(t, want, m.Peek(&id, now) != (Known{}), seed)
			default:
				fresh := &rate.Match{}
				known, early := m.Remember(&id, now, Known{Trace: &Trace{Rate: fresh}})
				if want {
					require.Same(t, r.list[i].rate, known.Trace.Rate)
					require.False(t, early)
					r.use(i, now)
					continue
				}
				require.Same(t, fresh, known.Trace.Rate)
				require.Equal(t, r.remember(n, now, fresh), early, seed)
			}
		}
	}
}

func TestConcurrentBatchesGoOnWithTheSameRate(t *testing.T) { // C4
	t.Parallel()
	m := newMemory(t, 100_000, time.Minute)
	const batches, traces = 8, 500
	var seen [batches][traces]*rate.Match
	var group sync.WaitGroup
	for b := range batches {
		group.Go(func() {
			own := &rate.Match{}
			for n := range traces {
				seen[b][n], _ = remember(m, n, own)
			}
		})
	}
	group.Wait()
	for b := range batches {
		assert.Equal(t, seen[0], seen[b])
	}
}

func TestALargeMemoryIsFullBeforeItForgets(t *testing.T) {
	t.Parallel()
	const most = 100_000
	for name, next := range map[string]func() pcommon.TraceID{
		"random IDs":         randomID,
		"a constant left":    func() pcommon.TraceID { return pcommon.TraceID(append(make([]byte, 8), half()...)) },
		"a constant right":   func() pcommon.TraceID { return pcommon.TraceID(append(half(), make([]byte, 8)...)) },
		"halves that repeat": func() pcommon.TraceID { h := half(); return pcommon.TraceID(append(h, h...)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(t, most, time.Hour)
			forgotten := 0
			for range most {
				id := next()
				if _, early := m.Remember(&id, m.Now(), Known{Trace: &Trace{}}); early {
					forgotten++
				}
			}
			assert.Less(t, forgotten, most/20, "shards fill evenly")
			for range most {
				id := next()
				m.Remember(&id, m.Now(), Known{Trace: &Trace{}})
			}
			assert.Equal(t, most, size(m))
		})
	}
}

func half() []byte {
	id := randomID()
	return id[:8]
}

func TestAMemoryOfNoTracesIsRefused(t *testing.T) {
	t.Parallel()
	_, err := New(Config{TTL: time.Minute})
	assert.EqualError(t, err, "max_traces must be at least 1, got 0")
}

// A million traces through a memory of 100,000 take no more than 200 bytes for each one that is remembered.
func TestAMillionTracesTakeTheMemoryOfThoseRemembered(t *testing.T) {
	const most = 100_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := newMemory(t, most, time.Hour)
	for range 10 * most {
		id := randomID()
		m.Remember(&id, m.Now(), Known{Trace: &Trace{}})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / most
	t.Logf("%d bytes each", each)
	assert.Less(t, each, int64(200))
	runtime.KeepAlive(m)
}
