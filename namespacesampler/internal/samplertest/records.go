// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Record describes a log record. Its trace ID may be empty.
type Record struct {
	ID         pcommon.TraceID
	Severity   plog.SeverityNumber
	Attributes map[string]any
}

// LogsOf returns a batch of log records in one scope.
func LogsOf(t testing.TB, records ...Record) plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	AppendRecords(t, ld, nil, nil, records...)
	return ld
}

// AppendRecords appends log records in a resource and a scope of their own.
func AppendRecords(t testing.TB, ld plog.Logs, resource, scope map[string]any, records ...Record) {
	t.Helper()
	rl := ld.ResourceLogs().AppendEmpty()
	require.NoError(t, rl.Resource().Attributes().FromRaw(resource))
	sl := rl.ScopeLogs().AppendEmpty()
	require.NoError(t, sl.Scope().Attributes().FromRaw(scope))
	for i, r := range records {
		out := sl.LogRecords().AppendEmpty()
		out.Body().SetStr(fmt.Sprintf("record %d", i))
		out.SetTraceID(r.ID)
		out.SetSeverityNumber(r.Severity)
		require.NoError(t, out.Attributes().FromRaw(r.Attributes))
	}
}

// ConsumeLogs sends log records and returns those that came out.
func (s *Sampler) ConsumeLogs(ld plog.Logs) []plog.LogRecord {
	s.t.Helper()
	s.Records.Reset()
	require.NoError(s.t, s.LogRecords.ConsumeLogs(s.t.Context(), ld))
	var out []plog.LogRecord
	for _, batch := range s.Records.AllLogs() {
		out = append(out, RecordsOf(batch)...)
	}
	return out
}

// RecordsOf returns the log records of a batch, in order.
func RecordsOf(ld plog.Logs) (out []plog.LogRecord) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				out = append(out, record)
			}
		}
	}
	return out
}

// BenchLogs returns the standard batch of the budgets: 1,000 log records with 10 attributes, the namespace last.
func BenchLogs() plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for n := range BenchItems {
		record := records.AppendEmpty()
		record.SetTraceID(RandomID())
		for i := range 9 {
			record.Attributes().PutStr(fmt.Sprintf("attribute.%d", i), "value")
		}
		record.Attributes().PutStr("namespace", fmt.Sprintf("namespace-%d", n%12))
	}
	return ld
}
