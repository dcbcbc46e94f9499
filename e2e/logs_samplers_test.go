// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// recordsInFront are records that the processor decides by a group, by their trace, and by a draw each, at a rate of 1/4.
type recordsInFront struct {
	grouped  map[string][]record // by group
	ofTraces []record
	alone    []record
}

const inFront = "sample_rate: 0.25\nconsistent_by: [correlation_id]\n"

func newRecordsInFront() (all recordsInFront, keys []string) {
	r := random()
	all.grouped = map[string][]record{}
	for range 400 {
		key := newTask("").CorrelationID
		keys = append(keys, key)
		for i := range 5 {
			of := newRecord(randomTrace(r), attrs{"correlation_id": key})
			if i == 0 {
				of.trace = pcommon.TraceID{}
			}
			all.grouped[key] = append(all.grouped[key], of)
		}
	}
	all.ofTraces = randomRecords(r, 4_000, nil)
	for range 4_000 {
		all.alone = append(all.alone, newRecord(pcommon.TraceID{}, nil))
	}
	return all, keys
}

func (all *recordsInFront) send(t *testing.T, client *harness.Client) {
	t.Helper()
	var mixed []record
	for _, records := range all.grouped {
		mixed = append(mixed, records...)
	}
	mixed = append(append(mixed, all.ofTraces...), all.alone...)
	for ; len(mixed) > 0; mixed = mixed[min(500, len(mixed)):] {
		client.Logs(logs(t, nil, nil, mixed[:min(500, len(mixed))]...))
	}
}

// TestSamplersBehindTakeTheStampsOfRecordsForTrue: contrib's probabilistic_sampler, which logs what it takes for false, and another
// namespace_sampler. What is left is what one sampler with the lower rate would have kept.
func TestSamplersBehindTakeTheStampsOfRecordsForTrue(t *testing.T) { // L4, T14
	t.Parallel()
	all, keys := newRecordsInFront()
	hashes := xxh64(t, keys...)
	for _, tt := range []struct {
		component, settings string
		left                float64 // the share of what was sent
	}{
		{"probabilistic_sampler", "{mode: equalizing, sampling_percentage: 25}", 0.25},
		{"probabilistic_sampler", "{mode: equalizing, sampling_percentage: 6.25}", 0.0625},
		{"probabilistic_sampler", "{mode: equalizing, sampling_percentage: 50}", 0.25},
		{"probabilistic_sampler", "{mode: proportional, sampling_percentage: 25}", 0.0625},
		{"namespace_sampler/behind", "{sample_rate: 0.0625}", 0.0625},
		{"namespace_sampler/behind", "{sample_rate: 0.25, tracing: {mode: proportional}}", 0.0625},
	} {
		t.Run(fmt.Sprint(tt.component, " ", tt.settings), func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{
				Base: base(t, tt.component+": "+tt.settings), AfterLogs: []string{tt.component}, Processor: inFront, Sink: sink,
			})
			all.send(t, harness.NewClient(t, collector))
			want := stamps{}
			for key, records := range all.grouped {
				want.expectGroup(t, tt.left, hashes[key], records...)
			}
			want.expect(t, tt.left, all.ofTraces...)
			drawn := map[pcommon.Timestamp]bool{}
			for _, r := range all.alone {
				drawn[r.time] = true
			}
			got, alone := stamps{}, 0
			for time, of := range stampsOf(sink.Records()) {
				if !drawn[time] {
					got[time] = of
					continue
				}
				alone++
				require.Equal(t, map[float64]string{0.25: "c", 0.0625: "f"}[tt.left], of.threshold)
				require.GreaterOrEqual(t, of.randomness, of.threshold)
			}
			assert.Equal(t, want, got)
			assertShare(t, alone, len(all.alone), tt.left, "records that were drawn each")
		})
	}
}

// TestAProbabilisticSamplerWithoutAModeDropsStampedRecords, as docs/downstream.md says.
func TestAProbabilisticSamplerWithoutAModeDropsStampedRecords(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Base: base(t, "probabilistic_sampler: {sampling_percentage: 100}"), AfterLogs: []string{"probabilistic_sampler"}, Sink: sink,
		Processor: "sample_rate: 0.5\nnamespaces: {whole: 1}\n",
	})
	client, r := harness.NewClient(t, collector), random()
	client.Logs(logs(t, nil, nil, randomRecords(r, 100, nil)...))
	assert.Empty(t, sink.Records())
	client.Logs(logs(t, nil, nil, randomRecords(r, 100, attrs{"namespace": "whole"})...))
	assert.Len(t, sink.Records(), 100, "those that have no threshold")
	assert.NotZero(t, collector.Scrape().Sum(harness.Prefix+"log_records", harness.Labels{"decision": "kept", "sampling_namespace": "_none"}))
}

// TestASamplerInFrontDecidesRecords: contrib's probabilistic_sampler has written thresholds by trace IDs, which the group does not overrule.
func TestASamplerInFrontDecidesRecords(t *testing.T) { // L2, G3
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Base: base(t, "probabilistic_sampler: {mode: equalizing, sampling_percentage: 50}"), BeforeLogs: []string{"probabilistic_sampler"},
		Processor: inFront, Sink: sink,
	})
	r, want, sent := random(), stamps{}, 0
	client := harness.NewClient(t, collector)
	for range 200 {
		records := randomRecords(r, 5, attrs{"correlation_id": newTask("").CorrelationID})
		want.expect(t, 0.25, records...)
		client.Logs(logs(t, nil, nil, records...))
		sent += len(records)
	}
	assert.Equal(t, want, stampsOf(sink.Records()))
	counted := collector.Scrape().Sum(harness.Prefix+"log_records", nil)
	assertShare(t, int(counted), sent, 0.5, "records that come this far")
}
