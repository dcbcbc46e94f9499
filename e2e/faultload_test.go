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
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
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

// Numbers of items of each signal in a batch: with a namespace, with a cached key, and with a new key.
const (
	namedItems  = 20
	cachedItems = 20
	freshItems  = 10
	batchItems  = namedItems + cachedItems + freshItems
)

const (
	loadWorkers = 4
	// loadPace is the minimum time between two batches of a worker.
	loadPace = 5 * time.Millisecond
)

// faultLoad sends batches of spans, log records and data points, and records which of them are kept.
type faultLoad struct {
	t                      testing.TB
	collector              *harness.Collector
	cached                 []string // keys of payments
	spans, records, points *account

	phase   atomic.Int32
	stop    atomic.Bool
	workers sync.WaitGroup
	began   [phases + 1]time.Time

	mu      sync.Mutex
	took    [phases][]time.Duration // by requests of spans
	refused int                     // requests that the collector refused
}

func newFaultLoad(t testing.TB, sink *harness.Sink) *faultLoad {
	l := &faultLoad{t: t, spans: newAccount("spans"), records: newAccount("log_records"), points: newAccount("datapoints")}
	sink.Observe(func(td ptrace.Traces) {
		for _, s := range harness.SpansOf(td) {
			id := s.SpanID()
			l.spans.receive(binary.BigEndian.Uint64(id[:]))
		}
	})
	sink.ObserveLogs(func(ld plog.Logs) {
		for _, r := range harness.RecordsOf(ld) {
			l.records.receive(uint64(r.Timestamp()))
		}
	})
	sink.ObserveMetrics(func(md pmetric.Metrics) {
		for _, p := range harness.PointsOf(md) {
			l.points.receive(uint64(p.Data.(pmetric.NumberDataPoint).IntValue()))
		}
	})
	return l
}

// accounts returns the accounts of all signals.
func (l *faultLoad) accounts() []*account { return []*account{l.spans, l.records, l.points} }

// faultItem is what an item carries, and whether it must arrive or has a fresh key.
type faultItem struct {
	key, value  string
	must, fresh bool
}

// item returns the i-th item of a batch.
func (l *faultLoad) item(i int, n uint64) faultItem {
	switch {
	case i < namedItems/2:
		return faultItem{key: "namespace", value: "payments", must: true}
	case i < namedItems:
		return faultItem{key: "namespace", value: "analytics"}
	case i < namedItems+cachedItems:
		return faultItem{key: "task_uuid", value: l.cached[int(n)%len(l.cached)], must: true}
	default:
		return faultItem{key: "task_uuid", value: taskerdb.NewUUID(time.Now()), fresh: true}
	}
}

// batch returns the next batch of each signal.
func (l *faultLoad) batch() (ptrace.Traces, plog.Logs, pmetric.Metrics) {
	td, ld, md := ptrace.NewTraces(), plog.NewLogs(), pmetric.NewMetrics()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	sum := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	sum.SetName("tasker.steps.executions.total")
	points := sum.SetEmptySum().DataPoints()
	sum.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	next := func(i int, a *account) (n uint64, item faultItem) {
		n = spanIDs.Add(1)
		item = l.item(i, n)
		a.send(n, item, phase(l.phase.Load()))
		return n, item
	}
	for i := range batchItems {
		n, item := next(i, l.spans)
		span := spans.AppendEmpty()
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], n)
		span.SetSpanID(id)
		span.SetTraceID(pcommon.TraceID{0: 1, 15: byte(n)})
		span.Attributes().PutStr(item.key, item.value)

		n, item = next(i, l.records)
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.Timestamp(n))
		record.SetTraceID(pcommon.TraceID{0: 1, 15: byte(n)})
		record.Attributes().PutStr(item.key, item.value)

		n, item = next(i, l.points)
		point := points.AppendEmpty()
		point.SetIntValue(int64(n))
		point.Attributes().PutStr(item.key, item.value)
	}
	return td, ld, md
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
	td, ld, md := l.batch()
	began, in := time.Now(), l.phase.Load()
	errs := []error{client.TryTraces(l.t.Context(), td)}
	took := time.Since(began)
	errs = append(errs, client.TryLogs(l.t.Context(), ld), client.TryMetrics(l.t.Context(), md))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[in] = append(l.took[in], took)
	for _, err := range errs {
		if err != nil {
			l.refused++
		}
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

// lookupsFail reports whether many items of each signal with fresh keys were kept in a phase because their lookup failed.
func (l *faultLoad) lookupsFail(p phase) bool {
	for _, a := range l.accounts() {
		if _, kept := a.keptFresh(p); kept <= 500 {
			return false
		}
	}
	return true
}

// latency returns the 99th percentile of the round-trip times of a phase's requests of spans, measured at the client, and the spans sent
// per second.
func (l *faultLoad) latency(p phase) (p99 time.Duration, perSecond int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := slices.Sorted(slices.Values(l.took[p]))
	if len(took) == 0 {
		return 0, 0
	}
	lasted := l.began[p+1].Sub(l.began[p]).Seconds()
	return took[len(took)*99/100], int(float64(len(took)*batchItems) / lasted)
}

// assertAccounts asserts that no request was refused, and that every item is accounted for exactly once.
func (l *faultLoad) assertAccounts() {
	l.t.Helper()
	l.mu.Lock()
	assert.Zero(l.t, l.refused, "requests that the collector refused (C6)")
	l.mu.Unlock()
	for _, a := range l.accounts() {
		a.assert(l.t, l.collector)
	}
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
			l.spans.send(idOf(spans[i]), faultItem{must: true}, phases)
		}
		client.Traces(traces(l.t, nil, nil, spans...))
		return collector.Scrape().Sum(harness.Prefix+"lookup_keys", harness.Labels{"outcome": "hit"}) >= float64(len(spans))
	}))
}

// resolves sends a span with a fresh key and reports whether Postgres answered its lookup.
func (l *faultLoad) resolves(client *harness.Client) bool {
	s := newSpan([16]byte{1}, "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())})
	l.spans.send(idOf(s), faultItem{fresh: true}, phases)
	client.Traces(traces(l.t, nil, nil, s))
	return !l.spans.arrived(idOf(s))
}
