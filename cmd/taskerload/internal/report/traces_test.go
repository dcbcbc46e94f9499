// SPDX-License-Identifier: Apache-2.0

package report

import (
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
		e.Unresolved = true
	}
	assert.Equal(t, 2, unresolvedAndIncomplete(ts))
}
