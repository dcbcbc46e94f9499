// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Workflows that are kept by rates from 0.5, by none in these tests, and by all; and one between the thresholds for a third of
// 4 and 14 digits.
const (
	keptByHalf        = "0199c3e0-ccdb-7581-87ab-000000000001"
	keptByNone        = "0199c3e0-ccdb-7581-87ab-000000000002"
	keptByAll         = "0199c3e0-ccdb-7581-87ab-000000000000"
	betweenThresholds = "0199c3e0-ccdb-7581-87ab-000000002509"
)

// The numbers are the upper 56 bits of what another implementation says: printf %s WORKFLOW | xxhsum -H1.
func TestTheRandomnessOfAWorkflowIsTheUpperBitsOfItsXXH64(t *testing.T) { // G2
	t.Parallel()
	for workflow, want := range map[string]uint64{
		keptByHalf: 0x8b22b130bd610c, keptByNone: 0x075d9b5953dfba, keptByAll: 0xf042d69dfa9cb1, betweenThresholds: 0xaaaae2209385c2,
	} {
		assert.Equal(t, want, WorkflowRandomness(workflow), workflow)
	}
}

func TestAWorkflowDecidesUnlessASamplerHasDecidedBefore(t *testing.T) { // G3
	t.Parallel()
	for name, test := range map[string]struct {
		in   string
		rate float64
		out  string // empty: dropped, but at rate 1
	}{
		"stamped with both":                    {"", 0.5, "ot=rv:8b22b130bd610c;th:8"},
		"dropped by a lower rate":              {"", 0.1, ""},
		"untouched at rate 1":                  {"", 1, ""},
		"beside others":                        {"congo=t61", 0.5, "ot=rv:8b22b130bd610c;th:8,congo=t61"},
		"a threshold of 0 is no decision":      {"ot=th:0", 0.5, "ot=rv:8b22b130bd610c;th:8"},
		"malformed, decided and left alone":    {"ot=th:zz", 0.5, "ot=th:zz"},
		"malformed, at a lower rate":           {"ot=th:zz", 0.1, ""},
		"of a first tier":                      {"ot=rv:8b22b130bd610c;th:8", 0.5, "ot=rv:8b22b130bd610c;th:8"},
		"of a first tier, at a lower rate":     {"ot=rv:8b22b130bd610c;th:8", 0.1, ""},
		"another randomness, kept":             {"ot=rv:ffffffffffffff", 0.1, "ot=rv:ffffffffffffff;th:e666"},
		"another randomness, dropped":          {"ot=rv:00000000000000", 0.5, ""},
		"a threshold makes the trace ID count": {"ot=th:4", 0.5, ""}, // R is that of unlucky
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := workflowOracle().workflowSpans(t, unlucky, test.in, test.rate, m("namespace", "any", "correlation_id", keptByHalf))
			assert.Equal(t, test.out != "" || test.rate == 1, got.Spans[0].Keep)
			if got.Spans[0].Keep {
				assert.Equal(t, test.out, got.Spans[0].Tracestate)
			}
		})
	}
}

func workflowOracle() *Oracle {
	o := testOracle()
	o.config.ByWorkflow = true
	o.workflows = map[string]string{inPayments: keptByHalf, inOrders: keptByHalf, inAnalytics: keptByHalf}
	return o
}

// workflowSpans predicts what becomes of the spans of a trace, the first of which is the root, if every namespace has the rate.
func (o *Oracle) workflowSpans(t *testing.T, id pcommon.TraceID, tracestate string, rate float64, spans ...map[string]any) Prediction {
	t.Helper()
	o.config.SpanRates = Rates{Global: rate}
	request := ptrace.NewTraces()
	all := request.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i, attributes := range spans {
		s := all.AppendEmpty()
		s.SetTraceID(id)
		if i > 0 {
			s.SetParentSpanID(pcommon.SpanID{1})
		}
		s.TraceState().FromRaw(tracestate)
		require.NoError(t, s.Attributes().FromRaw(attributes))
	}
	return o.Spans(request)
}

func TestATraceFollowsTheWorkflowOfItsRootElseOfTheFirstSpanThatHasOne(t *testing.T) { // G1, G4
	t.Parallel()
	bare := m()
	for name, test := range map[string]struct {
		spans []map[string]any
		keep  bool
		keys  int
	}{
		"of the root":                        {[]map[string]any{m("namespace", "a", "correlation_id", keptByHalf), m("correlation_id", keptByNone)}, true, 1},
		"of the first":                       {[]map[string]any{bare, m("namespace", "a", "correlation_id", keptByNone), m("correlation_id", keptByHalf)}, false, 0},
		"of Postgres, with the namespace":    {[]map[string]any{m("task_uuid", inOrders), bare}, true, 1},
		"of Postgres, for a named span":      {[]map[string]any{m("namespace", "a", "task_uuid", inOrders), bare}, true, 1},
		"of Postgres, for a child":           {[]map[string]any{m("namespace", "a"), m("task_uuid", inOrders)}, true, 1},
		"of the root, not of Postgres":       {[]map[string]any{m("namespace", "a", "correlation_id", keptByNone), m("task_uuid", inOrders)}, false, 0},
		"of the root, from Postgres":         {[]map[string]any{m("namespace", "a", "task_uuid", inOrders), m("namespace", "a", "correlation_id", keptByNone)}, true, 1},
		"of the first, if none for the root": {[]map[string]any{m("namespace", "a", "task_uuid", inNothing), m("correlation_id", keptByHalf, "namespace", "a")}, true, 1},
		"none: the trace ID decides":         {[]map[string]any{m("namespace", "a", "task_uuid", inNothing), bare}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := workflowOracle().workflowSpans(t, unlucky, "", 0.5, test.spans...)
			for i := range got.Spans {
				assert.Equal(t, test.keep, got.Spans[i].Keep, i)
			}
			assert.Len(t, got.Keys, test.keys)
		})
	}
}

func TestWithoutConsistentByAWorkflowIsOnlyReported(t *testing.T) {
	t.Parallel()
	o := workflowOracle()
	o.config.ByWorkflow = false
	got := o.workflowSpans(t, unlucky, "", 0.5, m("namespace", "a", "task_uuid", inOrders))
	assert.False(t, got.Spans[0].Keep)
	assert.Equal(t, keptByHalf, got.Spans[0].Workflow)
	assert.Empty(t, got.Keys)
}

func TestATraceIsOverruledIfAnotherSamplerHasAnotherRandomness(t *testing.T) { // G3
	t.Parallel()
	for state, want := range map[string]bool{
		"": false, "ot=th:0": false, "ot=th:zz": false, "ot=rv:8b22b130bd610c;th:8": false, "ot=rv:00000000000000": true, "ot=th:8": true,
	} {
		got := workflowOracle().workflowSpans(t, unlucky, state, 0.5, m("correlation_id", keptByHalf), m())
		assert.Equal(t, want, got.Spans[0].Overruled, state)
		assert.Equal(t, want, got.Spans[1].Overruled, state)
	}
}

func TestPointsOfAWorkflowAreKeptWithItsSpans(t *testing.T) { // G5, G6
	t.Parallel()
	const rate = 1.0 / 3 // the thresholds of 4 and 14 digits differ
	o := workflowOracle()
	o.config.PointRates = Rates{Global: rate}
	for workflow, want := range map[string]bool{keptByHalf: false, keptByNone: false, keptByAll: true, betweenThresholds: false} {
		item, none := pcommon.NewMap(), pcommon.NewMap()
		require.NoError(t, item.FromRaw(m("namespace", "a", "correlation_id", workflow)))
		assert.Equal(t, want, o.point(1, item, none, none, Keys{}).Keep, workflow)
		assert.Equal(t, want, o.workflowSpans(t, unlucky, "", rate, item.AsRaw()).Spans[0].Keep, workflow)
		assert.Equal(t, want, o.KeepsWorkflow(workflow, rate), workflow)
	}
	o.config.ByWorkflow = false
	item, none := pcommon.NewMap(), pcommon.NewMap()
	require.NoError(t, item.FromRaw(m("namespace", "a", "correlation_id", keptByAll)))
	assert.False(t, o.point(1, item, none, none, Keys{}).Keep, "by its series")
}
