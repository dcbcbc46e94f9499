// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func keepingOracle() *Oracle {
	o := testOracle()
	o.config.KeepFailedTraces, o.config.Inherit = true, true
	return o
}

func TestAFailedSpanKeepsTheWholeTraceAndAllItsKeysAreLookedUp(t *testing.T) { // T18
	t.Parallel()
	for name, test := range map[string]struct {
		asked []ask
		want  []string
		keys  int
	}{
		"before it and after it": {
			[]ask{bare, {root: true, named: "analytics", failed: true}, {named: "orders"}},
			[]string{
				"analytics kept by always_keep_trace at 1, writes analytics", "analytics kept by always_keep_trace at 1",
				"orders kept by always_keep_trace at 1",
			},
			0,
		},
		"with the namespaces of spans that no rate made worth a lookup": {
			[]ask{{root: true, named: "analytics"}, {task: inOrders}, {task: inNothing, failed: true}, {task: inAnalytics}},
			[]string{
				"analytics kept by always_keep_trace at 1", "orders kept by always_keep_trace at 1, writes orders",
				"analytics kept by always_keep_trace at 1, writes analytics", "analytics kept by always_keep_trace at 1, writes analytics",
			},
			3,
		},
		"without a namespace": {
			[]ask{{task: inNothing}, {failed: true}},
			[]string{"_none kept by always_keep_trace at 1", "_none kept by always_keep_trace at 1"},
			1,
		},
		"not if none failed": {
			[]ask{{root: true, named: "analytics"}, {task: inOrders}},
			[]string{"analytics dropped by exact at 0.01", "analytics dropped by trace at 0.01"},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, keys := keepingOracle().ask(t, unlucky, test.asked...)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.keys, keys)
		})
	}
}

func TestATraceThatIsKeptStaysKept(t *testing.T) { // T18, T20
	t.Parallel()
	for name, requests := range map[string][]struct {
		asked []ask
		want  []string
	}{
		"what came before the failed span was dropped": {
			{[]ask{{named: "analytics"}}, []string{"analytics dropped by exact at 0.01"}},
			{[]ask{bare, {named: "orders", failed: true}}, []string{"analytics kept by always_keep_trace at 1, writes analytics", "orders kept by always_keep_trace at 1"}},
			{[]ask{bare}, []string{"analytics kept by always_keep_trace at 1, writes analytics"}},
		},
		"it gets a namespace later": {
			{[]ask{{failed: true}}, []string{"_none kept by always_keep_trace at 1"}},
			{[]ask{bare}, []string{"_none kept by always_keep_trace at 1"}},
			{[]ask{bare, {task: inOrders}}, []string{"orders kept by always_keep_trace at 1, writes orders", "orders kept by always_keep_trace at 1, writes orders"}},
			{[]ask{bare, {named: "payments"}}, []string{"orders kept by always_keep_trace at 1, writes orders", "payments kept by always_keep_trace at 1"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := keepingOracle()
			for _, request := range requests {
				got, _ := o.ask(t, unlucky, request.asked...)
				assert.Equal(t, request.want, got)
			}
			got, _ := o.ask(t, middle, bare)
			assert.Equal(t, []string{"_none dropped by global at 0.1"}, got, "another trace")
		})
	}
}

func TestATraceThatIsKeptKeepsItsTracestate(t *testing.T) { // T18
	t.Parallel()
	o := keepingOracle()
	for _, raw := range []string{"", "ot=th:8", "ot=th:f", "ot=th:zz,congo=t61"} {
		out := o.outcome(&span{trace: unlucky, tracestate: raw}, &trace{isKept: true, namespace: "analytics"})
		assert.True(t, out.Keep)
		assert.Equal(t, raw, out.Tracestate)
	}
}

// No rate keeps the trace, so its first request names it without asking about its first span, which could name it.
func TestANamespaceThatWasOnlyGuessedIsNotRemembered(t *testing.T) { // T18, T20
	t.Parallel()
	o := keepingOracle()
	o.config.SpanRates.Exact["payments"] = 0.5
	got, keys := o.ask(t, unlucky, ask{task: inOrders}, ask{named: "analytics"})
	assert.Equal(t, []string{"analytics dropped by trace at 0.01", "analytics dropped by exact at 0.01"}, got)
	assert.Zero(t, keys)
	got, _ = o.ask(t, unlucky, ask{named: "payments", failed: true}, bare)
	assert.Equal(t, []string{"payments kept by always_keep_trace at 1", "payments kept by always_keep_trace at 1, writes payments"}, got)
	got, _ = o.ask(t, pcommon.TraceID{1}, bare)
	assert.Equal(t, []string{"_none dropped by global at 0.1"}, got)
}
