// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// workflow is the key of a group whose randomness is 8b22b130bd610c.
const workflow = "0199C3E0-ccdb-7581-87ab-000000000001"

func TestAGroupIsExplained(t *testing.T) { // G2, G3
	_, at := samplertest.StartInspected(t, map[string]any{
		"consistent_by": []any{"correlation_id"}, "namespaces": map[string]any{"orders": 0.5, "payments": 1}, "sample_rate": 0.25,
	})
	for name, tt := range map[string]struct {
		question                                       url.Values
		randomness, source, decision, threshold, fault any
	}{
		"without anything":     {url.Values{"namespace": {"orders"}}, nil, nil, nil, "8", nil},
		"a group":              {url.Values{"namespace": {"orders"}, "group": {workflow}}, "8b22b130bd610c", "group", "kept", "8", nil},
		"of a stranger":        {url.Values{"group": {workflow}}, "8b22b130bd610c", "group", "dropped", "c", nil},
		"for metrics":          {url.Values{"signal": {"metrics"}, "namespace": {"orders"}, "group": {workflow}}, "8b22b130bd610c", "group", "kept", "8", nil},
		"for metrics, a trace": {url.Values{"signal": {"metrics"}, "namespace": {"orders"}, "trace_id": {samplertest.HighID.String()}}, nil, nil, nil, "8", nil},
		"with a trace ID":      {url.Values{"group": {workflow}, "trace_id": {samplertest.HighID.String()}}, "8b22b130bd610c", "group", "dropped", "c", nil},
		"a trace ID alone":     {url.Values{"group": {""}, "trace_id": {samplertest.HighID.String()}}, "ffffffffffffff", "trace_id", "kept", "c", nil},
		"an rv alone":          {url.Values{"tracestate": {"ot=rv:ffffffffffffff"}, "trace_id": {samplertest.LowID.String()}}, "ffffffffffffff", "rv", "kept", "c", nil},
		"an rv wins":           {url.Values{"group": {workflow}, "tracestate": {"ot=rv:ffffffffffffff"}, "trace_id": {samplertest.LowID.String()}}, "ffffffffffffff", "rv", "kept", "c", "group_overruled"},
		"so does a threshold":  {url.Values{"group": {workflow}, "tracestate": {"ot=th:e"}, "trace_id": {samplertest.HighID.String()}}, "ffffffffffffff", "trace_id", "kept", "e", "group_overruled"},
		"a tracestate of ours": {url.Values{"group": {workflow}, "namespace": {"orders"}, "tracestate": {"ot=rv:8b22b130bd610c;th:4"}, "trace_id": {samplertest.LowID.String()}}, "8b22b130bd610c", "rv", "kept", "8", nil},
		"at rate 1":            {url.Values{"group": {workflow}, "namespace": {"payments"}}, "8b22b130bd610c", "group", "kept", "0", nil},
		"a zero trace ID":      {url.Values{"group": {workflow}, "trace_id": {"00000000000000000000000000000000"}}, "8b22b130bd610c", "group", "dropped", "c", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := samplertest.GetJSON[map[string]any](t, at+"/explain?"+tt.question.Encode())
			assert.Equal(t, []any{tt.randomness, tt.source, tt.decision, tt.threshold, tt.fault},
				[]any{got["randomness"], got["randomness_source"], got["decision"], got["threshold"], got["fault"]})
			assert.Contains(t, got, "randomness_source")
		})
	}
	config := samplertest.GetJSON[inspect.Config](t, at+"/config")
	assert.Equal(t, []string{"correlation_id"}, config.Common.Telemetry.ConsistentBy)
}

func TestARememberedTraceAnswersByItsGroup(t *testing.T) { // G4
	h, at := samplertest.StartInspected(t, map[string]any{"consistent_by": []any{"correlation_id"}, "namespaces": map[string]any{"orders": 0.5}})
	named, nameless, overruled := samplertest.RandomID(), samplertest.RandomID(), samplertest.HighID
	h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: named, Attributes: map[string]any{"namespace": "orders", "correlation_id": workflow}},
		samplertest.Span{ID: nameless, Attributes: map[string]any{"correlation_id": workflow}},
		samplertest.Span{ID: overruled, Attributes: map[string]any{"namespace": "orders"}, Tracestate: "ot=th:4"},
	))
	explain := func(question string) inspect.Explanation {
		return samplertest.GetJSON[inspect.Explanation](t, at+"/explain?"+question)
	}
	e := explain("group=other&trace_id=" + named.String())
	assert.Equal(t, []string{"trace", "8", "8b22b130bd610c", "group", "kept"}, []string{e.Source, e.Threshold, *e.Randomness, *e.RandomnessSource, *e.Decision})
	e = explain("trace_id=" + nameless.String())
	assert.Equal(t, []string{"global", "0", "8b22b130bd610c", "group", "kept"}, []string{e.Source, e.Threshold, *e.Randomness, *e.RandomnessSource, *e.Decision})
	e = explain("group=" + workflow + "&trace_id=" + overruled.String())
	assert.Equal(t, []string{"trace", "8", "ffffffffffffff", "trace_id", "group_overruled"}, []string{e.Source, e.Threshold, *e.Randomness, *e.RandomnessSource, e.Fault})
}

func TestAGroupThatIsNoneIsRefused(t *testing.T) {
	_, with := samplertest.StartInspected(t, map[string]any{"consistent_by": []any{"correlation_id"}})
	_, without := samplertest.StartInspected(t, map[string]any{})
	const valid = "group: must be valid UTF-8 of at most 256 bytes and no missing value, got "
	for question, want := range map[string]string{
		with + "/explain?group=unknown":                valid + `"unknown"`,
		with + "/explain?group=%ff":                    valid + `"�"`,
		with + fmt.Sprintf("/explain?group=%0257d", 0): valid + fmt.Sprintf(`"%0128d"`, 0),
		with + "/explain?group=a&group=b":              "group: must be given once, got it 2 times",
		without + "/explain?group=a":                   "group: must be left out: without consistent_by in the configuration, nothing is decided by a group",
	} {
		status, body := samplertest.Get(t, question)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.JSONEq(t, fmt.Sprintf(`{"error": %q}`, want), body, question)
	}
	status, _ := samplertest.Get(t, without+"/explain?group=")
	assert.Equal(t, http.StatusOK, status)
}

// By point, each data point is drawn, whatever its group.
func TestAGroupDecidesNoSinglePoints(t *testing.T) {
	_, at := samplertest.StartInspected(t, map[string]any{"consistent_by": []any{"correlation_id"}, "metrics": map[string]any{"by": "point"}})
	assert.Nil(t, samplertest.GetJSON[inspect.Explanation](t, at+"/explain?signal=metrics&group=a").Decision)
}

func TestOverruledGroupsAreAProblem(t *testing.T) { // G3
	h, at := samplertest.StartInspected(t, map[string]any{"consistent_by": []any{"correlation_id"}, "sample_rate": 0.5})
	attributes := map[string]any{"correlation_id": workflow, "namespace": "orders"}
	h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.HighID, Attributes: attributes, Tracestate: "ot=th:4"}, samplertest.Span{ID: samplertest.HighID, Attributes: attributes},
		samplertest.Span{Attributes: attributes}))
	found := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").Problems
	require.Len(t, found, 1)
	assert.Equal(t, []any{"group_overruled", int64(2)}, []any{found[0].Kind, found[0].Count})
	assert.Equal(t, map[string]int64{"group_overruled": 2}, h.Counts("tracestate_faults"))
}
