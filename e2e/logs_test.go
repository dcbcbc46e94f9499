// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

func TestRecordsAreSampledByTheirNamespaceOnAnyLevel(t *testing.T) { // L1, L2
	t.Parallel()
	for _, processorType := range []string{"namespace_sampler", "namespacesampler"} {
		t.Run(processorType, func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{Type: processorType, Processor: rates, Sink: sink, Expect: []string{"deprecated"}})
			client := harness.NewClient(t, collector)
			want, r, sent := stamps{}, random(), 0
			for name, rate := range rateOf {
				named := attrs{"namespace": name}
				onItem, onScope, onResource := randomRecords(r, 500, named), randomRecords(r, 500, nil), randomRecords(r, 500, nil)
				client.Logs(logs(t, nil, nil, onItem...))
				client.Logs(logs(t, nil, named, onScope...))
				client.Logs(logs(t, named, nil, onResource...))
				for _, records := range [][]record{onItem, onScope, onResource} {
					want.expect(t, rate, records...)
					sent += len(records)
				}
			}
			assert.Equal(t, want, stampsOf(sink.Records()))
			assertCountedOnce(t, collector, "log_records", sent, len(sink.Records()))
		})
	}
}

func TestKeptRecordsAreOtherwiseUnchanged(t *testing.T) {
	t.Parallel()
	sink, before := harness.NewSink(t), harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: rates, Sink: sink, Copy: before}))
	ld := logs(t, attrs{"service.name": "worker"}, attrs{"lib": "tasker"},
		randomRecords(random(), 100, attrs{"namespace": "orders", "n": int64(1), "list": []any{"a", 2.5}})...)
	for _, r := range harness.RecordsOf(ld) {
		r.SetObservedTimestamp(7)
		r.SetSpanID(pcommon.SpanID{9})
		r.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(false)) // no reason to drop
		r.SetSeverityText("warn")
		r.SetEventName("event")
		require.NoError(t, r.Body().SetEmptyMap().FromRaw(attrs{"message": "Step finished"}))
	}
	client.Logs(ld)

	sent := map[pcommon.Timestamp]harness.Record{}
	for _, r := range before.Records() {
		sent[r.Timestamp()] = r
	}
	require.Len(t, sent, 100)
	require.NotEmpty(t, sink.Records())
	for _, got := range sink.Records() {
		want := sent[got.Timestamp()]
		want.Attributes().PutStr(thresholdAttribute, "8") // the one difference
		assert.Equal(t, want.Resource.Attributes().AsRaw(), got.Resource.Attributes().AsRaw())
		assert.Equal(t, want.Scope.Attributes().AsRaw(), got.Scope.Attributes().AsRaw())
		assert.Equal(t, encodedRecord(t, want), encodedRecord(t, got))
	}
}

func TestDecisionsOnRecordsDoNotDependOnBatchOrderOrReplica(t *testing.T) {
	t.Parallel()
	records := randomRecords(random(), 400, attrs{"namespace": "thirds"})
	want := stamps{}
	want.expect(t, 1.0/3, records...)
	shuffled := append([]record(nil), records...)
	random().Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

	for _, size := range []int{1, 7, 400} { // each in a replica of its own
		sink := harness.NewSink(t)
		client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: rates, Sink: sink}))
		for at := 0; at < len(shuffled); at += size {
			client.Logs(logs(t, nil, nil, shuffled[at:min(at+size, len(shuffled))]...))
		}
		assert.Equal(t, want, stampsOf(sink.Records()), "batches of %d", size)
	}
}

func TestDisabledLogsDropAllRecords(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Processor: "logs: {enabled: false, always_keep: ['log.severity_number >= SEVERITY_NUMBER_ERROR']}", Sink: sink, Expect: []string{"no log records leave"},
	})
	records := randomRecords(random(), 10, attrs{"namespace": "a"})
	records[0].severity = plog.SeverityNumberFatal
	harness.NewClient(t, collector).Logs(logs(t, nil, nil, records...))
	assert.Empty(t, sink.Records())
	assert.Equal(t, 1, collector.Log().Count("no log records leave"))
	assert.EqualValues(t, 10, collector.Scrape().Sum(harness.Prefix+"log_records",
		harness.Labels{"decision": "dropped", "rule": "disabled", "sampling_namespace": "a"}))
}

// TestRatesOfLogsAreTheirOwn: those of the logs section win over the shared ones, and say nothing about spans.
func TestRatesOfLogsAreTheirOwn(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0.25
namespaces: {payments: 1, orders: 0.5}
logs: {sample_rate: 0.125, namespaces: {orders: 0.0625, "audit_*": 1}}
`})
	client, r := harness.NewClient(t, collector), random()
	wantRecords, wantSpans := stamps{}, outcomes{}
	for _, c := range []struct {
		name             string
		ofRecord, ofSpan float64
	}{{"payments", 1, 1}, {"orders", 0.0625, 0.5}, {"audit_log", 1, 0.25}, {"other", 0.125, 0.25}} {
		records, spans := randomRecords(r, 400, attrs{"namespace": c.name}), randomSpans(r, 400, attrs{"namespace": c.name})
		client.Logs(logs(t, nil, nil, records...))
		client.Traces(traces(t, nil, nil, spans...))
		wantRecords.expect(t, c.ofRecord, records...)
		wantSpans.expect(t, c.ofSpan, spans...)
	}
	assert.Equal(t, wantRecords, stampsOf(sink.Records()))
	assert.Equal(t, wantSpans, outcomesOf(sink.Spans()))
}

func TestAllErrorRecordsArriveUnchanged(t *testing.T) {
	t.Parallel()
	const n = 10_000
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: rates + `
logs: {always_keep: ['log.severity_number >= SEVERITY_NUMBER_ERROR']}
`})
	client, r, want := harness.NewClient(t, collector), random(), stamps{}
	for range 10 {
		records := randomRecords(r, n/10, attrs{"namespace": "analytics"})
		for i := range records {
			records[i].severity = plog.SeverityNumberInfo
			if i%2 == 0 {
				records[i].severity = plog.SeverityNumberError + plog.SeverityNumber(i%3)
				want.expect(t, 1, records[i])
				continue
			}
			want.expect(t, 0.01, records[i])
		}
		client.Logs(logs(t, nil, nil, records...))
	}
	assert.Equal(t, want, stampsOf(sink.Records()))
	assert.EqualValues(t, n/2, collector.Scrape().Sum(harness.Prefix+"log_records",
		harness.Labels{"rule": "always_keep", "sampling_namespace": "analytics", "decision": "kept"}))
	assertCountedOnce(t, collector, "log_records", n, len(want))
}

func TestADryRunKeepsAllRecords(t *testing.T) {
	t.Parallel()
	sink, copied := harness.NewSink(t), harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Copy: copied, Expect: []string{"dry_run is true"}, Processor: rates + "dry_run: true"})
	client, r, sent := harness.NewClient(t, collector), random(), 0
	want := map[string]float64{}
	for name, rate := range rateOf {
		records, kept := randomRecords(r, 200, attrs{"namespace": name}), stamps{}
		client.Logs(logs(t, nil, nil, records...))
		kept.expect(t, rate, records...)
		want[name], sent = float64(len(kept)), sent+len(records)
	}
	require.Len(t, copied.Records(), sent)
	got := sink.Records()
	require.Len(t, got, sent)
	for i, r := range copied.Records() {
		require.Equal(t, encodedRecord(t, r), encodedRecord(t, got[i]))
	}
	scrape := collector.Scrape()
	for name, kept := range want {
		assert.InDelta(t, kept, scrape.Sum(harness.Prefix+"log_records", harness.Labels{"sampling_namespace": name, "decision": "kept"}), 0, name)
	}
	assert.EqualValues(t, sent, scrape.Sum(harness.Prefix+"log_records", nil))
}
