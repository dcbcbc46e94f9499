// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// The attributes of log records that correspond to th and rv of spans.
const (
	thresholdAttribute  = "sampling.threshold"
	randomnessAttribute = "sampling.randomness"
)

// record is a log record that a test sends. Its time is unique and identifies it in the sink.
type record struct {
	trace      pcommon.TraceID
	time       pcommon.Timestamp
	span       pcommon.SpanID
	severity   plog.SeverityNumber
	attributes attrs
}

func newRecord(trace pcommon.TraceID, attributes attrs) record {
	return record{trace: trace, time: pcommon.Timestamp(spanIDs.Add(1)), attributes: attributes}
}

// randomRecords returns records with the same attributes, each of its own trace.
func randomRecords(r *rand.Rand, n int, attributes attrs) []record {
	records := make([]record, n)
	for i := range records {
		records[i] = newRecord(randomTrace(r), attributes)
	}
	return records
}

// logs puts records into one scope of one resource.
func logs(t testing.TB, resource, scope attrs, records ...record) plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	require.NoError(t, rl.Resource().Attributes().FromRaw(resource))
	sl := rl.ScopeLogs().AppendEmpty()
	require.NoError(t, sl.Scope().Attributes().FromRaw(scope))
	for _, r := range records {
		to := sl.LogRecords().AppendEmpty()
		to.SetTraceID(r.trace)
		to.SetTimestamp(r.time)
		to.SetSpanID(r.span)
		to.SetSeverityNumber(r.severity)
		to.Body().SetStr("Step finished")
		require.NoError(t, to.Attributes().FromRaw(r.attributes))
	}
	return ld
}

// stamp is what the attributes of a record say about its sampling, nil where it has none.
type stamp struct{ threshold, randomness any }

// stamps holds the stamps of kept records, by time.
type stamps map[pcommon.Timestamp]stamp

func stampsOf(records []harness.Record) stamps {
	s := stamps{}
	for _, r := range records {
		raw := r.Attributes().AsRaw()
		s[r.Timestamp()] = stamp{raw[thresholdAttribute], raw[randomnessAttribute]}
	}
	return s
}

// expect adds what becomes of records without a stamp at a rate, by their trace IDs (L2, L4).
func (s stamps) expect(t testing.TB, rate float64, records ...record) {
	t.Helper()
	for _, r := range records {
		s.decide(t, rate, sampling.TraceIDToRandomness(r.trace), nil, r)
	}
}

// expectGroup adds what becomes of records without a stamp at a rate, by the hash of their group (G2, L4). It returns whether they are kept.
func (s stamps) expectGroup(t testing.TB, rate float64, hash string, records ...record) (kept bool) {
	t.Helper()
	randomness, err := sampling.RValueToRandomness(hash[:14])
	require.NoError(t, err)
	for _, r := range records {
		kept = s.decide(t, rate, randomness, hash[:14], r)
	}
	return kept
}

// decide adds a record if it is kept at a rate. written is the randomness that it leaves with at a rate below 1.
func (s stamps) decide(t testing.TB, rate float64, randomness sampling.Randomness, written any, r record) (kept bool) {
	t.Helper()
	switch rate {
	case 0:
		return false
	case 1:
		s[r.time] = stamp{}
		return true
	}
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(rate, 4)
	require.NoError(t, err)
	if !threshold.ShouldSample(randomness) {
		return false
	}
	s[r.time] = stamp{threshold.TValue(), written}
	return true
}

// twins returns log records that correspond to spans: a record of each, of its trace and with its attributes.
func twins(spans []span) []record {
	records := make([]record, len(spans))
	for i, s := range spans {
		records[i] = newRecord(s.trace, s.attributes)
		records[i].span = s.id
	}
	return records
}

// twinsOf holds the stamps of kept records as the tracestates of kept spans are, by the IDs of their spans.
func twinsOf(records []harness.Record) outcomes {
	o := outcomes{}
	for _, r := range records {
		state, raw := "", r.Attributes().AsRaw()
		if randomness, ok := raw[randomnessAttribute]; ok {
			state = fmt.Sprint("rv:", randomness, ";")
		}
		if threshold, ok := raw[thresholdAttribute]; ok {
			state = fmt.Sprint("ot=", state, "th:", threshold)
		}
		o[r.SpanID()] = state
	}
	return o
}
