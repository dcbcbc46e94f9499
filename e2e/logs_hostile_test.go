// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// hostileValues are values of attributes that somebody may send, of all types.
func hostileValues() []any {
	return []any{
		int64(8), int64(-1), 0.5, true, nil,
		[]byte{0xff},
		[]any{"8"},
		attrs{"a": []any{attrs{"b": []any{[]byte{1}, 2.5, true, nil}}}},
		"", " ", "8 ", "TH:8", "g", "0", "00000000000000", "000000000000000", "00000000000001", "ffffffffffffff", "FFFFFFFFFFFFFF", "fffffffffffffff",
		"1", "zzzzzzzzzzzzzz", "\x00", "ü", invalidUTF8, strings.Repeat("f", 1<<20),
	}
}

// TestHostileRecordsAreNeitherLostNorHarmful: with rates that keep all of them, each arrives once, in order, and at rate 1 unchanged.
func TestHostileRecordsAreNeitherLostNorHarmful(t *testing.T) { // L2, L4
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepsAll, Sink: sink})
	client := harness.NewClient(t, collector)
	mega := strings.Repeat("x", 1<<20)

	var sent []record
	for _, name := range []string{"half", "whole"} {
		for _, value := range hostileValues() {
			// The randomness that the first may hold is not hostile: it drops by right.
			if text, ok := value.(string); name == "whole" || !ok || len(text) != 14 || text >= "80000000000000" {
				sent = append(sent, newRecord(trace(t, keptTrace), attrs{"namespace": name, randomnessAttribute: value}))
			}
			sent = append(
				sent,
				newRecord(trace(t, keptTrace), attrs{"namespace": name, thresholdAttribute: value}),
				newRecord(trace(t, keptTrace), attrs{"namespace": name, thresholdAttribute: value, randomnessAttribute: "x"}),
				newRecord(trace(t, keptTrace), attrs{"namespace": name, thresholdAttribute: "c", randomnessAttribute: keptTrace, "task_uuid": value}),
			)
		}
	}
	for _, value := range hostileValues() {
		sent = append(sent, newRecord(trace(t, keptTrace), attrs{"namespace": value, invalidUTF8: value, "": value, "big": mega[:1000]}))
	}
	many := attrs{"namespace": "half"}
	for i := range 10_000 {
		many[fmt.Sprint("attribute.", i)] = int64(i)
	}
	sent = append(sent, newRecord(trace(t, keptTrace), many), newRecord(pcommon.TraceID{}, nil), newRecord(pcommon.TraceID{}, attrs{"namespace": "whole"}))

	size := len(sent)/3 + 1
	for at := 0; at < len(sent); at += size {
		ld := logs(t, attrs{"big": mega[:at%7]}, attrs{"namespace": int64(3)}, sent[at:min(at+size, len(sent))]...)
		for i, r := range harness.RecordsOf(ld) { // bodies of all types, which no record is sampled by
			require.NoError(t, r.Body().FromRaw(hostileValues()[i%len(hostileValues())]))
			r.SetSeverityNumber(plog.SeverityNumber(i - 5))
			r.SetSeverityText(invalidUTF8)
		}
		client.Logs(ld)
	}

	got := sink.Records()
	require.Len(t, got, len(sent))
	for i, r := range got {
		require.Equal(t, sent[i].time, r.Timestamp(), "order is preserved")
		if sent[i].attributes["namespace"] == "whole" {
			want := pcommon.NewMap()
			require.NoError(t, want.FromRaw(sent[i].attributes))
			require.True(t, want.Equal(r.Attributes()), "rate 1 changes nothing (L4): %v", digest(fmt.Sprint(r.Attributes().AsRaw())))
		}
	}
	assertCountedOnce(t, collector, "log_records", len(sent), len(sent))
	for name := range collector.Scrape().Values(harness.Prefix+"log_records", "sampling_namespace") {
		assert.True(t, utf8.ValidString(name))
		assert.LessOrEqual(t, len(name), 128+2, "a long namespace is truncated")
	}
	assertStillAnswers(t, client, sink)
}

// TestStampsOfRecordsAreReadAsTheyAreDocumented: at a rate of one half, for a record whose trace ID has the randomness ce929d0e0e4736.
func TestStampsOfRecordsAreReadAsTheyAreDocumented(t *testing.T) { // L2, L4, T4, T7, T8
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: "sample_rate: 0.5", Sink: sink})
	client := harness.NewClient(t, collector)
	const low, high = "10000000000000", "f0000000000000"
	dropped := stamp{"dropped", nil}
	faults := 0
	for _, c := range []struct {
		name  string
		in    stamp
		want  stamp
		fault bool
	}{
		{name: "none", want: stamp{"8", nil}},
		{name: "sampled before at a higher rate", in: stamp{"4", nil}, want: stamp{"8", nil}},
		{name: "sampled before at a lower rate", in: stamp{"c", nil}, want: stamp{"c", nil}},
		{name: "always sampled", in: stamp{"0", nil}, want: stamp{"8", nil}},
		{name: "trailing zeros", in: stamp{"c0", nil}, want: stamp{"c", nil}},
		{name: "randomness", in: stamp{nil, high}, want: stamp{"8", high}},
		{name: "low randomness", in: stamp{nil, low}, want: dropped},
		{name: "both", in: stamp{"c", high}, want: stamp{"c", high}},
		{name: "false threshold", in: stamp{"f", nil}, want: stamp{nil, nil}, fault: true},
		{name: "false threshold by its randomness, decided by that", in: stamp{"4", low}, want: dropped, fault: true},
		{name: "malformed threshold", in: stamp{"8g", nil}, want: stamp{"8g", nil}, fault: true},
		{name: "malformed threshold with a randomness", in: stamp{"8g", low}, want: stamp{"8g", low}, fault: true},
		{name: "malformed randomness", in: stamp{nil, "123"}, want: stamp{nil, "123"}, fault: true},
		{name: "malformed randomness with a threshold", in: stamp{"f", "123"}, want: stamp{"f", "123"}, fault: true},
		{name: "an integer for a threshold", in: stamp{int64(4), nil}, want: stamp{"8", nil}},
		{name: "a list for a threshold", in: stamp{[]any{"f"}, nil}, want: stamp{"8", nil}},
		{name: "a number for a randomness", in: stamp{nil, 1.5}, want: stamp{"8", 1.5}},
		{name: "an empty threshold", in: stamp{"", nil}, want: stamp{"8", nil}},
	} {
		carried := attrs{}
		if c.in.threshold != nil {
			carried[thresholdAttribute] = c.in.threshold
		}
		if c.in.randomness != nil {
			carried[randomnessAttribute] = c.in.randomness
		}
		sink.Reset()
		client.Logs(logs(t, nil, nil, newRecord(trace(t, vectorA), carried)))
		got := dropped
		for _, of := range stampsOf(sink.Records()) {
			got = of
		}
		assert.Equal(t, c.want, got, c.name)
		if c.fault {
			faults++
		}
	}
	assert.EqualValues(t, faults, collector.Scrape().Sum(harness.Prefix+"log_record_faults", nil), "faults are counted")
}

// TestRecordsWithoutATraceAreDrawnEach, and leave with what was drawn, unless their group decides them.
func TestRecordsWithoutATraceAreDrawnEach(t *testing.T) { // L2, L4
	t.Parallel()
	const n = 5_000
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: "sample_rate: 0.3", Sink: sink}))
	sent := make([]record, n)
	for i := range sent {
		sent[i] = newRecord(pcommon.TraceID{}, nil)
	}
	client.Logs(logs(t, nil, nil, sent...))
	assertShare(t, len(sink.Records()), n, 0.3, "records without a trace ID")
	drawn := map[any]bool{}
	for _, of := range stampsOf(sink.Records()) {
		require.Equal(t, "b333", of.threshold)
		require.Len(t, of.randomness, 14)
		require.GreaterOrEqual(t, of.randomness, "b3330000000000", "the threshold is true")
		drawn[of.randomness] = true
	}
	assert.Len(t, drawn, len(sink.Records()))
}
