// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// someTraces returns traces in the namespace orders. Of the spans of each, the given number arrived.
func someTraces(sent int, arrived ...int) ledger.Traces {
	t := ledger.Traces{}
	for i, n := range arrived {
		t[pcommon.TraceID{15: byte(i)}] = &ledger.Trace{Namespace: "orders", Sent: sent, Arrived: n}
	}
	return t
}

func TestTracesAreKeptWhenAnythingArrivedAndCompleteWhenAllDid(t *testing.T) {
	t.Parallel()
	ts := someTraces(20, 0, 20, 1, 19, 20)
	assert.Equal(t, map[string]completeness{labelAll: {5, 4, 2}, "orders": {5, 4, 2}}, countTraces(ts, ts))
	assert.Equal(t, map[string]completeness{labelAll: {5, 4, 2}, oracle.LabelNone: {5, 4, 2}}, countTraces(ts, ledger.Traces{}), "named by another run")
	assert.Zero(t, unresolvedAndIncomplete(ts))
	for _, e := range ts {
		e.Unresolved = 1
	}
	assert.Equal(t, 2, unresolvedAndIncomplete(ts))
}

// alsoFailing adds as many failing traces.
func alsoFailing(traces ledger.Traces, sent int, arrived ...int) ledger.Traces {
	for i, n := range arrived {
		traces[pcommon.TraceID{0: 1, 15: byte(i)}] = &ledger.Trace{Namespace: "orders", Sent: sent, Arrived: n, Failed: true}
	}
	return traces
}

func TestTracesThatFailAreShownApartIfTheyAreKept(t *testing.T) {
	t.Parallel()
	ts := alsoFailing(someTraces(20, 0, 20), 20, 20, 5, 20)
	assert.Len(t, sampled(ts, true), 2)
	assert.Len(t, sampled(ts, false), 5)
	spans := &ledger.Summary{Rows: map[string]*ledger.Row{"orders": {Group: oracle.Group{Label: "orders"}}}}
	r := &Run{Title: "cut", RatePerTrace: true, KeepsFailed: true, Traces: ts, Spans: spans}

	var out strings.Builder
	printTraces(&out, r, []*Run{r})
	assert.Contains(t, out.String(), "TRACES   (those without a failed span; kept:")
	assert.Contains(t, out.String(), "  orders        2     1         1  100.00 %\n")
	assert.NotContains(t, out.String(), "incomplete traces")

	out.Reset()
	printFailing(&out, []*Run{{Title: "trace_id_ratio", Traces: ts}, r})
	assert.Contains(t, out.String(), "  run  sent  whole    share\n  cut     3      2  66.67 %\n")
	assert.NotContains(t, out.String(), "trace_id_ratio")

	r.KeepsFailed = false
	out.Reset()
	printTraces(&out, r, []*Run{r})
	printFailing(&out, []*Run{r})
	assert.Contains(t, out.String(), "TRACES   (kept:")
	assert.Contains(t, out.String(), "  orders        5     4         3  75.00 %\n")
	assert.NotContains(t, out.String(), "ERRORS")
}

func TestAFailingTraceThatIsNotWholeFailsTheRunUnlessItIsCut(t *testing.T) {
	t.Parallel()
	r := &Run{RatePerTrace: true, KeepsFailed: true, Traces: alsoFailing(someTraces(20, 0, 20), 20, 20, 0, 20)}
	checks := r.traceChecks()
	assert.Len(t, checks, 2)
	assert.Zero(t, checks[0].Faults)
	assert.Equal(t, 1, checks[1].Faults)
	r.Cut = true
	assert.Empty(t, r.traceChecks())
}
