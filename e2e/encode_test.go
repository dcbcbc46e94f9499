// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// encodedSpan encodes a span without its scope and resource.
func encodedSpan(t testing.TB, s harness.Span) string {
	t.Helper()
	td := ptrace.NewTraces()
	s.CopyTo(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
	encoded, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return string(encoded)
}

// encodedRecord encodes a log record without its scope and resource.
func encodedRecord(t testing.TB, r harness.Record) string {
	t.Helper()
	ld := plog.NewLogs()
	r.CopyTo(ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
	require.NoError(t, err)
	return string(encoded)
}

// encodedPoint encodes a data point without its metric, scope and resource.
func encodedPoint(t testing.TB, p harness.Point) string {
	t.Helper()
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	switch dp := p.Data.(type) {
	case pmetric.NumberDataPoint:
		dp.CopyTo(m.SetEmptyGauge().DataPoints().AppendEmpty())
	case pmetric.HistogramDataPoint:
		dp.CopyTo(m.SetEmptyHistogram().DataPoints().AppendEmpty())
	case pmetric.ExponentialHistogramDataPoint:
		dp.CopyTo(m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty())
	case pmetric.SummaryDataPoint:
		dp.CopyTo(m.SetEmptySummary().DataPoints().AppendEmpty())
	default:
		require.Failf(t, "no data point", "%T", dp)
	}
	encoded, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	require.NoError(t, err)
	return string(encoded)
}
