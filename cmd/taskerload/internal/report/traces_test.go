// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
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
	assert.Equal(t, completeness{5, 4, 2}, allTraces(ts))
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
	r := &Run{Title: "cut", RatePerTrace: true, KeepsFailed: true, Traces: ts}

	var out strings.Builder
	printTraces(&out, []*Run{{Title: "trace_id_ratio", Traces: ts}, r})
	assert.Equal(t, `
TRACES   (kept: at least one span arrived; complete: all spans arrived; failing: a span failed, so all spans are kept that arrive with it or after it)
  run             sent  kept  complete     share   failing  complete    share
  trace_id_ratio     2     1         1  100.00 %  not kept
  cut                2     1         1  100.00 %         3         2  66.67 %
`, out.String())

	r.KeepsFailed = false
	out.Reset()
	printTraces(&out, []*Run{r})
	assert.Equal(t, `
TRACES   (kept: at least one span arrived; complete: all spans arrived)
  run  sent  kept  complete    share
  cut     5     4         3  75.00 %
  cut: 0 of 1 incomplete traces started with requests whose keys Postgres does not know
`, out.String())
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
