// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// The trace ID of these tests is kept at rate 0.5, and dropped at 0.1.
var (
	ofTrace   = pcommon.TraceID{9: 0xc0, 15: 1}
	keptOrder = oracle.Counter{Namespace: "orders", Decision: "kept", Rule: oracle.RuleExact}
	dropOrder = oracle.Counter{Namespace: "orders", Decision: "dropped", Rule: oracle.RuleExact}
)

func recordLedger() *Records {
	return NewRecords(oracle.New(oracle.Config{
		RecordRates: oracle.Rates{Global: 0.1, Exact: map[string]float64{"orders": 0.5, "payments": 1}}, Precision: 4,
	}, nil))
}

// logs is a request with a record for each set of attributes, whose identities are a, b, c…
func logs(t *testing.T, trace pcommon.TraceID, records ...map[string]any) plog.Logs {
	t.Helper()
	out := plog.NewLogs()
	all := out.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i, attributes := range records {
		r := all.AppendEmpty()
		r.SetTraceID(trace)
		r.Body().SetStr("step finished")
		require.NoError(t, r.Attributes().FromRaw(attributes))
		r.Attributes().PutStr("log.record.uid", string(rune('a'+i)))
	}
	return out
}

func m(pairs ...any) map[string]any {
	attributes := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		attributes[pairs[i].(string)] = pairs[i+1]
	}
	return attributes
}

// Of a record that an independent draw decides, only whether its attributes are consistent can be checked.
func TestADrawnRecordMustCarryARandomnessThatPassesAndIsItsOwn(t *testing.T) { // L4
	t.Parallel()
	const threshold, randomness = "sampling.threshold", "sampling.randomness"
	for name, test := range map[string]struct {
		arrives []map[string]any
		faults  int
	}{
		"none is kept":                  {nil, 0},
		"one is kept":                   {[]map[string]any{m("namespace", "orders", threshold, "8", randomness, "80000000000000")}, 0},
		"the randomness does not pass":  {[]map[string]any{m("namespace", "orders", threshold, "8", randomness, "7fffffffffffff")}, 1},
		"the threshold of another rate": {[]map[string]any{m("namespace", "orders", threshold, "4", randomness, "80000000000000")}, 1},
		"the randomness is absent":      {[]map[string]any{m("namespace", "orders", threshold, "8")}, 1},
		"the randomness is too short":   {[]map[string]any{m("namespace", "orders", threshold, "8", randomness, "ff")}, 1},
		"neither is written":            {[]map[string]any{m("namespace", "orders")}, 1},
		"two records have the same":     {[]map[string]any{m("namespace", "orders", threshold, "8", randomness, "c0000000000000"), m("namespace", "orders", threshold, "8", randomness, "c0000000000000")}, 1},
		"two records differ":            {[]map[string]any{m("namespace", "orders", threshold, "8", randomness, "c0000000000000"), m("namespace", "orders", threshold, "8", randomness, "c0000000000001")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := recordLedger()
			l.Send(logs(t, pcommon.TraceID{}, m("namespace", "orders"), m("namespace", "orders"), m("namespace", "orders")))
			assert.Zero(t, l.Progress().Outstanding, "nobody knows whether they are kept")
			l.Receive(logs(t, pcommon.TraceID{}, test.arrives...))
			assert.Zero(t, l.Progress().Outstanding)
			s := l.Settle(Traces{}, Workflows{})
			row := s.Rows["orders"]
			assert.Equal(t, test.faults, row.WrongStamp, s.Examples)
			assert.Equal(t, test.faults, row.Faults(), s.Examples)
			n := len(test.arrives)
			assert.Equal(t, n, row.Kept)
			assert.Equal(t, n, s.Counters[keptOrder])
			assert.Equal(t, 3-n, s.Counters[dropOrder])
			assert.Equal(t, map[float64]*Count{0.5: {3, n}}, s.ByDraw)
		})
	}
}

func TestARecordThatIsNotAsItMustBeIsAFault(t *testing.T) {
	t.Parallel()
	sent := m("namespace", "orders", "task_uuid", "x")
	const kept = "8"
	for name, test := range map[string]struct {
		change func(plog.LogRecord)
		want   Row
	}{
		"as it must be":           {func(plog.LogRecord) {}, Row{}},
		"no threshold":            {func(r plog.LogRecord) { r.Attributes().Remove("sampling.threshold") }, Row{WrongStamp: 1}},
		"a number as a threshold": {func(r plog.LogRecord) { r.Attributes().PutInt("sampling.threshold", 8) }, Row{WrongStamp: 1}},
		"a randomness":            {func(r plog.LogRecord) { r.Attributes().PutStr("sampling.randomness", "c0000000000001") }, Row{WrongStamp: 1}},
		"another namespace":       {func(r plog.LogRecord) { r.Attributes().PutStr("namespace", "payments") }, Row{WrongNamespace: 1}},
		"an attribute is lost":    {func(r plog.LogRecord) { r.Attributes().Remove("task_uuid") }, Row{Altered: 1}},
		"another body":            {func(r plog.LogRecord) { r.Body().SetStr("step failed") }, Row{Altered: 1}},
		"another severity":        {func(r plog.LogRecord) { r.SetSeverityNumber(plog.SeverityNumberError) }, Row{Altered: 1}},
		"another trace":           {func(r plog.LogRecord) { r.SetTraceID(pcommon.TraceID{1}) }, Row{Altered: 1}},
		"another time":            {func(r plog.LogRecord) { r.SetTimestamp(7) }, Row{Altered: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := recordLedger()
			l.Send(logs(t, ofTrace, sent))
			assert.Equal(t, 1, l.Progress().Outstanding)
			arrives := logs(t, ofTrace, sent)
			record := arrives.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
			record.Attributes().PutStr("sampling.threshold", kept)
			test.change(record)
			l.Receive(arrives)
			s := l.Settle(Traces{}, Workflows{})
			got := s.Rows["orders"]
			assert.Equal(t, test.want.Faults(), got.Faults(), s.Examples)
			assert.Equal(t, []int{test.want.WrongStamp, test.want.WrongNamespace, test.want.Altered}, []int{got.WrongStamp, got.WrongNamespace, got.Altered})
		})
	}
}

func TestARecordThatIsMissingUnexpectedRepeatedOrUnknownIsAFault(t *testing.T) {
	t.Parallel()
	l := recordLedger()
	payments := m("namespace", "payments")
	l.Send(logs(t, ofTrace, payments, payments, m("namespace", "shipping")))
	unknown := logs(t, ofTrace, payments)
	unknown.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("log.record.uid", "z")
	l.Receive(unknown)
	l.Receive(logs(t, ofTrace, payments))
	l.Receive(logs(t, ofTrace, payments))
	third := logs(t, ofTrace, payments, payments, m("namespace", "shipping"))
	third.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(r plog.LogRecord) bool {
		id, _ := r.Attributes().Get("log.record.uid")
		return id.Str() != "c"
	})
	l.Receive(third)
	s := l.Settle(Traces{}, Workflows{})
	assert.Equal(t, 1, s.Unknown)
	assert.Equal(t, 1, s.Rows["payments"].Repeated)
	assert.Equal(t, 1, s.Rows["payments"].Missing)
	assert.Equal(t, 1, s.Rows["shipping"].Unexpected)
}

func TestTracesAndWorkflowsLearnOfTheirRecords(t *testing.T) {
	t.Parallel()
	l := recordLedger()
	sent := []map[string]any{
		m("namespace", "payments", "correlation_id", "w"),
		m("namespace", "payments", "correlation_id", "w"),
		m("namespace", "shipping", "correlation_id", "w"),
		m("namespace", "payments", "sampling.randomness", "ffffffffffffff"), // does not follow its trace
	}
	l.Send(logs(t, ofTrace, sent...))
	l.Receive(logs(t, ofTrace, sent[:1]...))
	traces, workflows := Traces{ofTrace: {}, pcommon.TraceID{1}: {}}, Workflows{}
	l.Settle(traces, workflows)
	assert.Equal(t, Count{Sent: 3, Arrived: 1}, traces[ofTrace].Records)
	assert.Zero(t, traces[pcommon.TraceID{1}].Records)
	assert.Equal(t, Workflows{"w": {Parts: map[Part]*Count{{"payments", 1}: {2, 1}, {"shipping", 0.1}: {1, 0}}}}, workflows)

	l = recordLedger()
	l.Send(logs(t, ofTrace, m("correlation_id", "w", "sampling.randomness", "ffffffffffffff")))
	l.Settle(Traces{}, workflows)
	assert.True(t, workflows["w"].Overruled, "another sampler has decided about one of its records")
}
