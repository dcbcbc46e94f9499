// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// phase is a part of a fault test.
type phase int32

const (
	before phase = iota
	during
	after
	phases // their number
)

// Numbers of spans in a batch: with a namespace, with a cached key, and with a new key.
const (
	namedSpans  = 20
	cachedSpans = 20
	freshSpans  = 10
	batchSpans  = namedSpans + cachedSpans + freshSpans
)

const (
	loadWorkers = 4
	// loadPace is the minimum time between two batches of a worker.
	loadPace = 5 * time.Millisecond
)

// faultLoad sends batches and records which spans are kept. Only payments has a rate above 0, and on_failure is keep, so a kept
// span belongs to payments or could not be looked up.
type faultLoad struct {
	t         testing.TB
	collector *harness.Collector
	cached    []string // keys of payments

	phase   atomic.Int32
	stop    atomic.Bool
	workers sync.WaitGroup
	sent    atomic.Int64 // spans
	began   [phases + 1]time.Time

	mu      sync.Mutex
	took    [phases][]time.Duration
	fresh   map[uint64]phase // span IDs with fresh keys, and the phase in which they were sent
	must    map[uint64]bool  // span IDs that must arrive
	seen    map[uint64]int   // how often span IDs arrived
	refused int              // requests that the collector refused
}

func newFaultLoad(t testing.TB, sink *harness.Sink) *faultLoad {
	l := &faultLoad{t: t, fresh: map[uint64]phase{}, must: map[uint64]bool{}, seen: map[uint64]int{}}
	sink.Observe(func(td ptrace.Traces) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, s := range harness.SpansOf(td) {
			id := s.SpanID()
			l.seen[binary.BigEndian.Uint64(id[:])]++
		}
	})
	return l
}

// batch returns the next batch.
func (l *faultLoad) batch() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range batchSpans {
		n := spanIDs.Add(1)
		span := spans.AppendEmpty()
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], n)
		span.SetSpanID(id)
		span.SetTraceID(pcommon.TraceID{0: 1, 15: byte(n)})
		switch {
		case i < namedSpans/2:
			span.Attributes().PutStr("namespace", "payments")
			l.must[n] = true
		case i < namedSpans:
			span.Attributes().PutStr("namespace", "analytics")
		case i < namedSpans+cachedSpans:
			span.Attributes().PutStr("task_uuid", l.cached[int(n)%len(l.cached)])
			l.must[n] = true
		default:
			span.Attributes().PutStr("task_uuid", taskerdb.NewUUID(time.Now()))
			l.fresh[n] = phase(l.phase.Load())
		}
	}
	return td
}

// start starts the senders. Each sends one batch after the other until end is called.
func (l *faultLoad) start(collector *harness.Collector) {
	l.collector = collector
	l.began[before] = time.Now()
	for range loadWorkers {
		client := harness.NewClient(l.t, collector)
		l.workers.Go(func() {
			pace := time.NewTicker(loadPace)
			defer pace.Stop()
			for !l.stop.Load() {
				<-pace.C
				l.send(client)
			}
		})
	}
}

func (l *faultLoad) send(client *harness.Client) {
	td := l.batch()
	began, in := time.Now(), l.phase.Load()
	err := client.TryTraces(l.t.Context(), td)
	took := time.Since(began)
	l.sent.Add(batchSpans)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[in] = append(l.took[in], took)
	if err != nil {
		l.refused++
	}
}

// enter begins a phase.
func (l *faultLoad) enter(p phase) {
	l.began[p] = time.Now()
	l.phase.Store(int32(p))
}

// awaitBatches waits until n batches of a phase were sent.
func (l *faultLoad) awaitBatches(p phase, n int) {
	l.t.Helper()
	assert.True(l.t, harness.Eventually(2*time.Minute, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.took[p]) >= n
	}), "%d batches", n)
}

// end stops the senders.
func (l *faultLoad) end() {
	l.stop.Store(true)
	l.workers.Wait()
	l.began[phases] = time.Now()
}

// keptFresh returns how many spans with fresh keys were sent in a phase, and how many of them were kept because their lookup
// failed.
func (l *faultLoad) keptFresh(p phase) (sent, kept int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, in := range l.fresh {
		if in == p {
			sent++
			kept += min(1, l.seen[id])
		}
	}
	return sent, kept
}

// latency returns the 99th percentile of the round-trip times of a phase's batches, measured at the client, and the spans sent
// per second.
func (l *faultLoad) latency(p phase) (p99 time.Duration, perSecond int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := slices.Sorted(slices.Values(l.took[p]))
	if len(took) == 0 {
		return 0, 0
	}
	lasted := l.began[p+1].Sub(l.began[p]).Seconds()
	return took[len(took)*99/100], int(float64(len(took)*batchSpans) / lasted)
}

// assertAccounts asserts that every span is accounted for exactly once: none was refused, lost or duplicated, all spans of
// payments arrived, and the collector's counters agree.
func (l *faultLoad) assertAccounts() {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Zero(l.t, l.refused, "requests that the collector refused (C6)")
	for id, times := range l.seen {
		if !assert.Equal(l.t, 1, times, "span %d", id) {
			return
		}
		_, isFresh := l.fresh[id]
		if !assert.True(l.t, isFresh || l.must[id], "span %d should have been dropped", id) {
			return
		}
	}
	for id := range l.must {
		if !assert.Equal(l.t, 1, l.seen[id], "span %d of payments is missing", id) {
			return
		}
	}
	assertCountedOnce(l.t, l.collector, "spans", int(l.sent.Load()), len(l.seen))
}

// fill sends spans until all of the keys are cached.
func (l *faultLoad) fill(collector *harness.Collector) {
	l.t.Helper()
	l.collector = collector
	client := harness.NewClient(l.t, collector)
	require.True(l.t, harness.Eventually(time.Minute, func() bool {
		spans := make([]span, len(l.cached))
		for i, key := range l.cached {
			spans[i] = newSpan([16]byte{1}, "", attrs{"task_uuid": key})
			l.note(spans[i], true)
		}
		client.Traces(traces(l.t, nil, nil, spans...))
		l.sent.Add(int64(len(spans)))
		return collector.Scrape().Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"}) >= float64(len(spans))
	}))
}

// note records a span that is sent in addition to the load.
func (l *faultLoad) note(s span, must bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := idOf(s)
	if l.must[n] = must; !must {
		delete(l.must, n)
		l.fresh[n] = phases
	}
}

// resolves sends a span with a fresh key and reports whether Postgres answered its lookup.
func (l *faultLoad) resolves(client *harness.Client) bool {
	s := newSpan([16]byte{1}, "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())})
	l.note(s, false)
	client.Traces(traces(l.t, nil, nil, s))
	l.sent.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[idOf(s)] == 0
}
