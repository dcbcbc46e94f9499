// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// counted returns the sum of a counter of the processor over the second tier.
func (tiers *twoTiers) counted(signal string) (sum int) {
	for _, c := range tiers.second {
		sum += int(c.Scrape().Sum(harness.Prefix+signal, nil))
	}
	return sum
}

// TestTwoTiersKeepTracesWithTheirRecords: records carry nothing but their trace ID, by which the first tier sends them to the collector that
// remembers their trace. Of traces that fail all records arrive.
func TestTwoTiersKeepTracesWithTheirRecords(t *testing.T) { // L3, L5, T18
	t.Parallel()
	const n, each = 240, 5
	payments, orders, analytics := newTask("payments"), newTask("orders"), newTask("analytics")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, payments, orders, analytics)
	tiers, r := startTwoTiers(t, dsn, ""), random()
	client := harness.NewClient(t, tiers.first)
	all, rates := tracesOfTasks(r, []task{{"payments", payments.UUID, 1}, {"orders", orders.UUID, 0.5}, {"analytics", analytics.UUID, 0.01}}, n)

	wantSpans, wantRecords := outcomes{}, stamps{}
	var records []record
	fails := map[pcommon.TraceID]bool{}
	for i, trace := range all {
		id := trace[0].trace
		rate := rates[id]
		if i%8 == 2 { // of analytics
			fails[id], rate = true, 1
		}
		wantSpans.expect(t, rate, trace...)
		for range each {
			records = append(records, newRecord(id, nil))
			wantRecords.expect(t, rate, records[len(records)-1])
		}
	}
	require.NotEmpty(t, fails)

	sendFailing(t, client, all, fails)
	require.True(t, harness.Eventually(time.Minute, func() bool { return tiers.counted("spans") == n*len(all[0]) }), "all spans are decided")
	r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	for sent := 0; sent < len(records); sent += 100 {
		client.Logs(logs(t, nil, nil, records[sent:sent+100]...))
	}
	require.True(t, harness.Eventually(time.Minute, func() bool { return tiers.counted("log_records") == len(records) }), "all records are decided")
	tiers.stop() // they send what they hold

	var gotRecords []harness.Record
	at := map[pcommon.TraceID]int{}
	for i, sink := range tiers.sinks {
		assert.NotEmpty(t, sink.Records(), "collector %d", i)
		for _, s := range sink.Spans() {
			require.NotContains(t, s.Attributes().AsRaw(), "routing.trace_id")
			at[s.TraceID()] = i
		}
		for _, record := range sink.Records() {
			require.Equal(t, at[record.TraceID()], i, "spans and records of a trace go to one collector")
			require.NotContains(t, record.Attributes().AsRaw(), "routing.trace_id")
			gotRecords = append(gotRecords, record)
		}
	}
	assert.Equal(t, wantSpans, outcomesOf(tiers.arrived()))
	assert.Equal(t, wantRecords, stampsOf(gotRecords))
	assert.Len(t, gotRecords, len(wantRecords), "each once")
}

// sendFailing sends traces, 20 whole ones in a request. The root of some of them has failed.
func sendFailing(t *testing.T, client *harness.Client, all [][]span, fails map[pcommon.TraceID]bool) {
	t.Helper()
	for begin := 0; begin < len(all); begin += 20 {
		var spans []span
		for _, trace := range all[begin : begin+20] {
			spans = append(spans, trace...)
		}
		td := linked(traces(t, nil, nil, spans...), all)
		for _, s := range harness.SpansOf(td) {
			if fails[s.TraceID()] && s.ParentSpanID().IsEmpty() {
				s.Status().SetCode(ptrace.StatusCodeError)
			}
		}
		client.Traces(td)
	}
}
