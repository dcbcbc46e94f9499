// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// assertLogged asserts that of the traces that a rate keeps everything has arrived, of the others nothing, and all with the threshold of the
// rate; and that everything is counted once.
func assertLogged(t *testing.T, f *fleet, all []loggedTrace, expect func(*loggedTrace, outcomes, stamps)) {
	t.Helper()
	want, wantSpans, wantRecords := map[pcommon.TraceID]loggedArrival{}, outcomes{}, stamps{}
	for i := range all {
		before := len(wantSpans)
		expect(&all[i], wantSpans, wantRecords)
		if len(wantSpans) > before {
			want[all[i].id] = wholeTrace
		}
	}
	requireDraws(t, all, func(l *loggedTrace) bool { return want[l.id] == wholeTrace })
	assert.Equal(t, want, loggedArrivals(f.sink), "traces are whole or absent")
	assert.Equal(t, wantSpans, outcomesOf(f.sink.Spans()))
	assert.Equal(t, wantRecords, stampsOf(f.sink.Records()))
	f.assertCountedOnce(t, "spans", loggedTraces*spansPerTrace, len(f.sink.Spans()))
	f.assertCountedOnce(t, "log_records", loggedTraces*recordsPerTrace, len(f.sink.Records()))
}

// TestRecordsAndSpansByTraceIDAreWholeOrAbsent: every item names its namespace or has a key of it, and nothing is routed.
func TestRecordsAndSpansByTraceIDAreWholeOrAbsent(t *testing.T) { // L2, L5, T15
	t.Parallel()
	r := random()
	all := newLoggedTraces(r)
	for i := range all {
		all[i].identify()
	}
	f := startFleet(t, 3, harness.Options{Processor: loggedRates + singly + lookedUpBy(insertLogged(t, all))})
	sendRequests(t, r, f.clients, requestsOf(shuffledPieces(r, all)))
	assertLogged(t, f, all, func(l *loggedTrace, spans outcomes, records stamps) {
		spans.expect(t, l.rate, l.spans...)
		records.expect(t, l.rate, l.records...)
	})
}

// TestRecordsAndSpansOfAGroupAreWholeOrAbsent: the group is on every record, and on a span of every request; the namespace on the root, and
// on records at times. Two traces have a group in common. Nothing is routed.
func TestRecordsAndSpansOfAGroupAreWholeOrAbsent(t *testing.T) { // L3, L5, G3, G4, G6
	t.Parallel()
	r := random()
	all := newLoggedTraces(r)
	var keys []string
	for i := range all {
		l := &all[i]
		if i%6 > 2 { // the namespace of the trace three before is the same
			l.task.CorrelationID = all[i-3].task.CorrelationID
		}
		l.spans[0].attributes = attrs{"namespace": l.task.Namespace}
		for k := range l.records {
			l.records[k].attributes = attrs{"correlation_id": l.task.CorrelationID}
			if k%7 == 0 {
				l.records[k].attributes["namespace"] = l.task.Namespace
			}
		}
		keys = append(keys, l.task.CorrelationID)
	}
	dsn, hashes := insertLogged(t, all), xxh64(t, slices.Compact(slices.Sorted(slices.Values(keys)))...)
	pieces := shuffledPieces(r, all)
	for _, p := range pieces {
		if len(p.spans) > 0 {
			carried := attrs{"correlation_id": p.of.task.CorrelationID}
			for key, value := range p.spans[0].attributes {
				carried[key] = value
			}
			p.spans[0].attributes = carried
		}
	}
	f := startFleet(t, 3, harness.Options{Processor: loggedRates + lookedUpBy(dsn) + "consistent_by: [correlation_id]"})
	sendRequests(t, r, f.clients, requestsOf(pieces))
	assertLogged(t, f, all, func(l *loggedTrace, spans outcomes, records stamps) {
		hash := hashes[l.task.CorrelationID]
		kept := spans.expectGroup(t, l.rate, hash, l.spans...)
		assert.Equal(t, kept, records.expectGroup(t, l.rate, hash, l.records...))
	})
}

// remembering makes the collector remember traces for longer than a test takes.
const remembering = "tracing: {trace_memory: {ttl: 1h}}\n"

// TestRecordsFollowTheSpansBeforeThem: only the root, which comes first, and every seventh record name the namespace.
func TestRecordsFollowTheSpansBeforeThem(t *testing.T) { // L3, L5
	t.Parallel()
	r := random()
	all := namedByRoot(r)
	var pieces []piece
	for i := range all {
		pieces = append(pieces, piece{of: &all[i], spans: all[i].spans[:1]})
	}
	for _, p := range shuffledPieces(r, all) {
		if len(p.spans) > 0 && p.spans[0].id == p.of.spans[0].id {
			if p.spans = p.spans[1:]; len(p.spans) == 0 {
				continue
			}
		}
		pieces = append(pieces, p)
	}
	f := startFleet(t, 1, harness.Options{Processor: loggedRates + remembering})
	sendRequests(t, r, f.clients, requestsOf(pieces))
	assertLogged(t, f, all, func(l *loggedTrace, spans outcomes, records stamps) {
		spans.expect(t, l.rate, l.spans...)
		records.expect(t, l.rate, l.records...)
	})
}

// TestRecordsBeforeTheirSpansTakeTheGlobalRate, unless they name a namespace. It prints how many traces are cut by that if spans and records
// come in any order.
func TestRecordsBeforeTheirSpansTakeTheGlobalRate(t *testing.T) { // L3
	t.Parallel()
	r := random()
	all := namedByRoot(r)
	requests := requestsOf(shuffledPieces(r, all))
	wantSpans, wantRecords := outcomes{}, stamps{}
	settled, early := map[*loggedTrace]bool{}, map[*loggedTrace]bool{} // traces whose root has come, and those of which records came before it
	for _, request := range requests {
		for _, p := range request {
			if len(p.spans) > 0 && p.spans[0].id == p.of.spans[0].id {
				settled[p.of] = true
			}
		}
		for _, p := range request {
			rate := 0.25
			if settled[p.of] {
				rate = p.of.rate
			} else if len(p.records) > 0 {
				early[p.of] = true
			}
			wantSpans.expect(t, rate, p.spans...)
			for _, record := range p.records {
				if record.attributes != nil {
					wantRecords.expect(t, p.of.rate, record)
				} else {
					wantRecords.expect(t, rate, record)
				}
			}
		}
	}
	require.NotEmpty(t, early)
	f := startFleet(t, 1, harness.Options{Processor: loggedRates + remembering})
	sendRequests(t, r, f.clients, requests)
	assert.Equal(t, wantSpans, outcomesOf(f.sink.Spans()))
	assert.Equal(t, wantRecords, stampsOf(f.sink.Records()))
	f.assertCountedOnce(t, "spans", loggedTraces*spansPerTrace, len(f.sink.Spans()))
	f.assertCountedOnce(t, "log_records", loggedTraces*recordsPerTrace, len(f.sink.Records()))

	arrived, torn := loggedArrivals(f.sink), 0
	for l := range early {
		if of := arrived[l.id]; of != wholeTrace && of != (loggedArrival{}) {
			torn++
		}
	}
	t.Logf("records came before the root of %d of %d traces; %d of them (%.0f %%) are neither whole nor absent",
		len(early), loggedTraces, torn, 100*float64(torn)/float64(len(early)))
}
