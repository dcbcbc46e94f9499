// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// recordOracle has the rates of spans for records too, and remembers a trace.
func recordOracle(id pcommon.TraceID, known memory) *Oracle {
	o := testOracle()
	o.config.Inherit = true
	o.config.RecordRates = Rates{Global: o.config.SpanRates.Global, Exact: o.config.SpanRates.Exact}
	o.remembered[id] = known
	return o
}

// askRecord returns what becomes of a record, and the number of keys that are looked up for it.
func (o *Oracle) askRecord(t *testing.T, id pcommon.TraceID, attributes map[string]any) (string, int) {
	t.Helper()
	keys := Keys{}
	out := o.record(stamped(t, id, attributes), keys)
	text := fmt.Sprintf("%v at %v", out.Counter(), out.Rate)
	if out.IsDrawn {
		text = fmt.Sprintf("%s drawn by %s at %v", out.Counter().Namespace, out.Rule, out.Rate)
	}
	if (out.Keep || out.IsDrawn) && out.Write != "" {
		text += ", writes " + out.Write
	}
	return text, len(keys)
}

func TestARecordFollowsTheTraceThatIsRemembered(t *testing.T) { // L3, T18, T20
	t.Parallel()
	inOrdersTrace, keptWhole := memory{namespace: "orders"}, memory{namespace: "analytics", isKept: true}
	for name, test := range map[string]struct {
		id         pcommon.TraceID
		known      memory
		attributes map[string]any
		want       string
		keys       int
	}{
		"its rate and its namespace":               {middle, inOrdersTrace, m(), "orders kept by trace at 0.5, writes orders", 0},
		"its rate, with the namespace":             {middle, inOrdersTrace, m("namespace", "orders"), "orders kept by exact at 0.5", 0},
		"its rate, not that of another namespace":  {middle, inOrdersTrace, m("namespace", "payments"), "payments kept by trace at 0.5", 0},
		"neither that of a lower one":              {middle, inOrdersTrace, m("namespace", "analytics"), "analytics kept by trace at 0.5", 0},
		"a resolved namespace is written":          {middle, inOrdersTrace, m("task_uuid", inPayments), "payments kept by trace at 0.5, writes payments", 1},
		"that of the trace if Postgres knows none": {middle, inOrdersTrace, m("task_uuid", inNothing), "orders kept by trace at 0.5, writes orders", 1},
		"that of the trace over a missing value":   {middle, inOrdersTrace, m("namespace", "unknown"), "orders kept by trace at 0.5, writes orders", 0},
		"no lookup if the trace is dropped":        {unlucky, inOrdersTrace, m("task_uuid", inPayments), "orders dropped by trace at 0.5", 0},
		"kept whole, whatever the namespace":       {unlucky, keptWhole, m("namespace", "orders"), "orders kept by always_keep_trace at 1", 0},
		"kept whole, with its namespace":           {unlucky, keptWhole, m(), "analytics kept by always_keep_trace at 1, writes analytics", 0},
		"kept whole, with a lookup":                {unlucky, keptWhole, m("task_uuid", inOrders), "orders kept by always_keep_trace at 1, writes orders", 1},
		"kept whole, without any namespace":        {unlucky, memory{isKept: true}, m(), "_none kept by always_keep_trace at 1", 0},
		"not remembered: its own rate":             {unlucky, memory{}, m("namespace", "payments"), "payments kept by exact at 1", 0},
		"not remembered: resolved":                 {middle, memory{}, m("task_uuid", inOrders), "orders kept by exact at 0.5, writes orders", 1},
		"not remembered: the global rate":          {lucky, memory{}, m(), "_none kept by global at 0.1", 0},
		"without a trace: a draw":                  {pcommon.TraceID{}, memory{}, m(), "_none drawn by global at 0.1", 0},
		"without a trace: a draw at its rate":      {pcommon.TraceID{}, memory{}, m("task_uuid", inOrders), "orders drawn by exact at 0.5, writes orders", 1},
		"without a trace: no draw where all go":    {pcommon.TraceID{}, memory{}, m("namespace", "payments"), "payments kept by exact at 1", 0},
		"a zero trace ID is not remembered":        {pcommon.TraceID{}, inOrdersTrace, m(), "_none drawn by global at 0.1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, keys := recordOracle(test.id, test.known).askRecord(t, test.id, test.attributes)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.keys, keys)
		})
	}
}

func TestRatesOfLogsAloneWinOverThatOfTheTrace(t *testing.T) { // L3
	t.Parallel()
	for name, test := range map[string]struct {
		id         pcommon.TraceID
		attributes map[string]any
		want       string
		keys       int
	}{
		"of its namespace":                     {unlucky, m("namespace", "identity"), "identity kept by exact at 1", 0},
		"of the namespace that it inherits":    {lucky, m(), "orders kept by exact at 0.2, writes orders", 0},
		"of the trace's, dropped":              {middle, m("namespace", "orders"), "orders dropped by exact at 0.2", 0},
		"a shared one does not":                {middle, m("namespace", "payments"), "payments kept by trace at 0.5", 0},
		"of what a lookup finds":               {unlucky, m("task_uuid", inAnalytics), "analytics kept by exact at 1, writes analytics", 1},
		"a lookup that finds a shared one":     {middle, m("task_uuid", inPayments), "payments kept by trace at 0.5, writes payments", 1},
		"a lookup that finds nothing of these": {middle, m("task_uuid", inNothing), "orders dropped by exact at 0.2", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := recordOracle(test.id, memory{namespace: "orders"})
			o.config.RecordRates = Rates{
				Global: 0.1, Exact: map[string]float64{"payments": 1, "orders": 0.2, "identity": 1, "analytics": 1},
				OwnExact: map[string]bool{"orders": true, "identity": true, "analytics": true},
			}
			got, keys := o.askRecord(t, test.id, test.attributes)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.keys, keys)
		})
	}
	o := recordOracle(middle, memory{namespace: "shipping"})
	o.config.RecordRates.Global, o.config.RecordRates.OwnGlobal = 0.4, true
	got, _ := o.askRecord(t, middle, m())
	assert.Equal(t, "shipping kept by global at 0.4, writes shipping", got)
	got, _ = o.askRecord(t, middle, m("namespace", "payments"))
	assert.Equal(t, "payments dropped by trace at 0.1", got, "an override for all signals is none of logs alone")
}

func TestARateOfTracesAloneIsThatOfTheTrace(t *testing.T) {
	t.Parallel()
	o := recordOracle(lucky, memory{namespace: "orders"})
	o.config.SpanRates.OwnExact = map[string]bool{"orders": true}
	got, _ := o.askRecord(t, lucky, m("namespace", "orders"))
	assert.Equal(t, "orders kept by trace at 0.5", got)
}

func TestOnlyKeysOfRecordsThatMatterAreLookedUp(t *testing.T) {
	t.Parallel()
	o := recordOracle(lucky, memory{})
	o.config.RecordRates = Rates{Global: 0.1, Exact: map[string]float64{"orders": 0.5}}
	for _, test := range []struct {
		id   pcommon.TraceID
		in   map[string]any
		want int
	}{
		{unlucky, m("task_uuid", inOrders), 0}, // no rate keeps it
		{middle, m("task_uuid", inOrders), 1},
		{pcommon.TraceID{}, m("task_uuid", inOrders), 1},
		{unlucky, m("task_uuid", inOrders, "sampling.randomness", "ffffffffffffff"), 1},
		{lucky, m("task_uuid", inOrders, "sampling.randomness", "00000000000000"), 0},
		{middle, m("task_uuid", inNothing, "step_uuid", inOrders), 2},
		{middle, m("task_uuid", inOrders, "step_uuid", inNothing), 1},
	} {
		_, keys := o.askRecord(t, test.id, test.in)
		assert.Equal(t, test.want, keys, "%v %v", test.id, test.in)
	}
	o.config.KeepOnFailure = true
	_, keys := o.askRecord(t, unlucky, m("task_uuid", inOrders))
	assert.Equal(t, 1, keys, "it is kept if Postgres cannot be asked")
}

func TestARecordIsDecidedByTheWorkflowOfItsTraceElseByItsOwn(t *testing.T) { // L2, G1, G3
	t.Parallel()
	for name, test := range map[string]struct {
		id         pcommon.TraceID
		known      memory
		attributes map[string]any
		keep       bool
		keys       int
	}{
		"that of the trace":                      {unlucky, memory{namespace: "orders", workflow: keptByHalf}, m("namespace", "orders", "correlation_id", keptByNone), true, 0},
		"none of the trace: the trace ID":        {unlucky, memory{namespace: "orders"}, m("correlation_id", keptByHalf), false, 0},
		"overruled in the trace: the trace ID":   {unlucky, memory{namespace: "orders", overruled: true}, m("correlation_id", keptByHalf), false, 0},
		"of a trace that nothing has named":      {unlucky, memory{workflow: keptByHalf}, m("namespace", "orders", "correlation_id", keptByNone), true, 0},
		"its own":                                {unlucky, memory{}, m("namespace", "orders", "correlation_id", keptByHalf), true, 0},
		"its own, without a trace":               {pcommon.TraceID{}, memory{}, m("namespace", "orders", "correlation_id", keptByHalf), true, 0},
		"that of its lookup":                     {unlucky, memory{}, m("task_uuid", inOrders), true, 1},
		"that of its lookup, though it is named": {unlucky, memory{}, m("namespace", "orders", "task_uuid", inPayments), true, 1},
		"no lookup at rate 1":                    {unlucky, memory{}, m("namespace", "payments", "task_uuid", inPayments), true, 0},
		"no lookup for a named record of a trace": {
			unlucky,
			memory{namespace: "orders", workflow: keptByHalf},
			m("namespace", "orders", "task_uuid", inOrders), true, 0,
		},
		"none: the trace ID": {unlucky, memory{}, m("namespace", "orders", "task_uuid", inNothing), false, 1},
		"an earlier sampler, without a lookup": {
			unlucky,
			memory{},
			m("namespace", "orders", "task_uuid", inOrders, "sampling.randomness", "00000000000000"), false, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := recordOracle(test.id, test.known)
			o.config.ByWorkflow = true
			o.workflows = map[string]string{inPayments: keptByHalf, inOrders: keptByHalf}
			keys := Keys{}
			assert.Equal(t, test.keep, o.record(stamped(t, test.id, test.attributes), keys).Keep)
			assert.Len(t, keys, test.keys)
		})
	}
}

func TestSpansTellWhatIsRememberedForRecords(t *testing.T) {
	t.Parallel()
	o := workflowOracle()
	o.workflowSpans(t, middle, "", 0.5, m("namespace", "orders", "correlation_id", keptByHalf))
	assert.Equal(t, memory{namespace: "orders", workflow: keptByHalf, reported: keptByHalf}, o.remembered[middle])
	o.workflowSpans(t, lucky, "ot=rv:ffffffffffffff", 0.5, m("namespace", "orders", "correlation_id", keptByHalf))
	assert.Equal(t, memory{namespace: "orders", reported: keptByHalf, overruled: true}, o.remembered[lucky])
	o.workflowSpans(t, unlucky, "", 0.5, m("correlation_id", keptByHalf))
	assert.Equal(t, memory{workflow: keptByHalf, reported: keptByHalf}, o.remembered[unlucky])

	o = testOracle()
	o.config.SpanRates = Rates{Global: 0.1}
	o.ask(t, unlucky, ask{root: true, task: inOrders}, ask{named: "payments"})
	assert.Equal(t, memory{}, o.remembered[unlucky], "the root was not looked up, so that the trace may have another namespace")
}

func TestRecordsAndTracesThatOtherSamplersHaveDecidedAboutDoNotFollow(t *testing.T) {
	t.Parallel()
	o := recordOracle(lucky, memory{})
	for _, test := range []struct {
		id   pcommon.TraceID
		in   map[string]any
		want bool
	}{
		{lucky, m(), true},
		{lucky, m("sampling.threshold", "0"), true},
		{lucky, m("sampling.threshold", "zz"), true},
		{lucky, m("sampling.threshold", "8"), false},
		{lucky, m("sampling.randomness", "ffffffffffffff"), false},
		{pcommon.TraceID{}, m(), false},
	} {
		assert.Equal(t, test.want, o.record(stamped(t, test.id, test.in), Keys{}).FollowsTrace, "%v", test.in)
	}
	for state, want := range map[string]bool{"": false, "ot=th:8": false, "ot=rv:ffffffffffffff": true, "ot=rv:ff": false} {
		require.Equal(t, want, workflowOracleWithout().workflowSpans(t, lucky, state, 0.5, m()).Spans[0].Foreign, state)
	}
	assert.True(t, workflowOracle().workflowSpans(t, lucky, "ot=th:8", 0.5, m()).Spans[0].Foreign, "its workflow does not decide")
}

func workflowOracleWithout() *Oracle {
	o := workflowOracle()
	o.config.ByWorkflow = false
	return o
}
