// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestConfigShowsTheSamplingOfLogRecords(t *testing.T) {
	const condition = "log.severity_number >= SEVERITY_NUMBER_ERROR"
	for name, tt := range map[string]struct {
		logs map[string]any
		want inspect.Logs
	}{
		"by default": {nil, inspect.Logs{
			Enabled: true, SampleRate: 0.2, Namespaces: inspect.Rates{"payments": new(1.0), "orders": new(0.5)}, AlwaysKeep: []string{},
		}},
		"with settings of their own": {
			map[string]any{
				"enabled": false, "sample_rate": 0.1, "namespaces": map[string]any{"orders": 0.25, "audit_*": 1}, "always_keep": []any{condition},
			},
			inspect.Logs{
				SampleRate: 0.1, Namespaces: inspect.Rates{"payments": new(1.0), "orders": new(0.25), "audit_*": new(1.0)}, AlwaysKeep: []string{condition},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{"sample_rate": 0.2, "namespaces": map[string]any{"payments": 1, "orders": 0.5}, "tracing": map[string]any{"sample_rate": 0.7}}
			if tt.logs != nil {
				settings["logs"] = tt.logs
			}
			_, at := samplertest.StartInspected(t, settings)
			assert.Equal(t, tt.want, samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry.Logs)
			assert.Equal(t, tt.want.Enabled, samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").Enabled.Logs)
		})
	}
}

func TestNamespacesShowEveryRecordOnce(t *testing.T) { // L6
	h, at := samplertest.StartInspected(t, map[string]any{
		"namespaces": map[string]any{"payments": 1}, "logs": map[string]any{"namespaces": map[string]any{"silent": 0, "quiet_*": 0}, "sample_rate": 0.5},
	})
	named := func(name string, id pcommon.TraceID) samplertest.Record {
		return samplertest.Record{ID: id, Attributes: map[string]any{"namespace": name}}
	}
	h.ConsumeLogs(samplertest.LogsOf(t,
		named("payments", samplertest.LowID), named("payments", samplertest.LowID), named("silent", samplertest.HighID), named("quiet_one", samplertest.HighID),
		named("stranger", samplertest.HighID), named("stranger", samplertest.LowID), samplertest.Record{ID: samplertest.LowID}))
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	logs := map[string]inspect.Signal{}
	for name, row := range rowsByName(n) {
		assert.NotNil(t, row.Logs.Recent)
		row.Logs.Recent = nil // it depends on the time that has passed
		logs[name] = row.Logs
		assert.Zero(t, row.Traces.Counts)
		assert.NotNil(t, row.LastSeen, name)
	}
	assert.Equal(t, map[string]inspect.Signal{
		"payments":  {Rate: inspect.Rate{SampleRate: 1, Rule: "exact", Source: "shared_override"}, Counts: inspect.Counts{Kept: 2}},
		"silent":    {Rate: inspect.Rate{Rule: "exact", Source: "signal_override"}, Counts: inspect.Counts{Dropped: 1}},
		"quiet_one": {Rate: inspect.Rate{Rule: "pattern", Pattern: "quiet_*", Source: "signal_override"}, Counts: inspect.Counts{Dropped: 1}},
		"stranger":  {Rate: inspect.Rate{SampleRate: 0.5, Rule: "global", Source: "signal_global"}, Counts: inspect.Counts{Kept: 1, Dropped: 1}},
	}, logs)
	assert.True(t, rowsByName(n)["silent"].Configured, "for log records alone")
	n.None.Logs.Recent = nil
	assert.Equal(t, inspect.Signal{
		Rate: inspect.Rate{SampleRate: 0.5, Rule: "global", Source: "signal_global"}, Counts: inspect.Counts{Dropped: 1},
	}, n.None.Logs)
	var overrides []string
	for _, o := range n.Overrides {
		overrides = append(overrides, o.Key+" "+o.Signal)
	}
	assert.Equal(t, []string{"payments all", "quiet_* logs", "silent logs"}, overrides)
}

// explainRecord asks about a log record.
func explainRecord(t *testing.T, at string, id pcommon.TraceID, name, group string) inspect.Explanation {
	t.Helper()
	question := url.Values{"signal": {"logs"}, "namespace": {name}, "group": {group}}
	if !id.IsEmpty() {
		question.Set("trace_id", id.String())
	}
	return samplertest.GetJSON[inspect.Explanation](t, at+"/explain?"+question.Encode())
}

// TestExplanationsAgreeWithDecisionsOnRecords asks about records after they were decided. Their traces are remembered with a namespace, with a
// group alone, as kept whole, or not at all.
func TestExplanationsAgreeWithDecisionsOnRecords(t *testing.T) { // L2, L3
	for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
		t.Run(sampler, func(t *testing.T) {
			tracing := map[string]any{"sampler": sampler, "namespaces": map[string]any{"orders": 0.75}}
			if sampler == "parent_based" {
				tracing["always_keep_traces"] = []any{`span.attributes["fails"] == true`}
			}
			h, at := samplertest.StartInspected(t, map[string]any{
				"namespaces": map[string]any{"payments": 1, "orders": 0.5, "silent": 0}, "sample_rate": 0.25, "consistent_by": []any{"correlation_id"},
				"tracing": tracing, "logs": map[string]any{"namespaces": map[string]any{"audit": 0.5, "own_*": 0.1}},
			})
			names := []string{"payments", "orders", "silent", "audit", "own_a", "stranger", "unknown", ""}
			r := rand.New(rand.NewPCG(1, 2))
			var spans []samplertest.Span
			var records []samplertest.Record
			for range 2_000 {
				record := samplertest.Record{ID: samplertest.RandomID(), Attributes: map[string]any{"namespace": names[r.IntN(len(names))]}}
				span := samplertest.Span{ID: record.ID, Attributes: map[string]any{}}
				switch r.IntN(4) {
				case 0:
					span.Tracestate = "ot=th:4" // overrules the group
				case 1, 2:
					span.Attributes["correlation_id"] = samplertest.RandomID().String()
				}
				if r.IntN(3) > 0 {
					span.Attributes["namespace"] = names[r.IntN(len(names))]
				}
				span.Attributes["fails"] = r.IntN(10) == 0
				if r.IntN(3) > 0 {
					record.Attributes["correlation_id"] = samplertest.RandomID().String()
				}
				if r.IntN(5) > 0 {
					spans = append(spans, span)
				}
				records = append(records, record)
			}
			h.ConsumeTraces(samplertest.TracesOf(t, spans...))
			kept := map[pcommon.TraceID]bool{}
			for _, record := range h.ConsumeLogs(samplertest.LogsOf(t, records...)) {
				kept[record.TraceID()] = true
			}
			answers := map[string]int{}
			for _, record := range records {
				group, _ := record.Attributes["correlation_id"].(string)
				e := explainRecord(t, at, record.ID, record.Attributes["namespace"].(string), group)
				require.NotNil(t, e.Decision)
				require.Equal(t, kept[record.ID], *e.Decision == "kept", "%+v: %+v", record, e)
				assertTells(t, e)
				answers[e.Source+" by "+*e.RandomnessSource]++
				answers[e.Rule]++
			}
			t.Log(answers)
			for _, by := range []string{"group", "trace_id"} {
				assert.Positive(t, answers["global by "+by])
				assert.Positive(t, answers["signal_override by "+by])
				assert.Equal(t, sampler == "parent_based", answers["trace by "+by] > 0)
			}
			assert.Equal(t, sampler == "parent_based", answers["always_keep_trace"] > 0)
		})
	}
}

func TestARememberedTraceAnswersForItsRecords(t *testing.T) { // L3
	h, at := samplertest.StartInspected(t, map[string]any{
		"namespaces": map[string]any{"orders": map[string]any{"sample_rate": 0.5, "until": "2999-01-01T00:00:00Z"}, "payments": 1}, "sample_rate": 0,
		"logs": map[string]any{"namespaces": map[string]any{"audit": 0.25}},
	})
	status, before := samplertest.Get(t, at+"/explain?signal=logs&namespace=stranger&trace_id="+samplertest.HighID.String())
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{
		"namespace": "stranger", "signal": "logs", "sample_rate": 0, "rule": "global", "source": "global", "expires_at": null,
		"threshold": "never", "randomness": "ffffffffffffff", "randomness_source": "trace_id", "decision": "dropped",
		"rules": [
			{"rule": "exact", "source": "signal_override", "signal": "logs", "matches": false},
			{"rule": "exact", "source": "shared_override", "signal": "all", "matches": false},
			{"rule": "global", "source": "global", "signal": "all", "matches": true}
		],
		"text": "A log record of stranger with this trace ID is dropped. Its rate is 0 %: the global rate, as no override matches stranger."
	}`, before)
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Root: true, Attributes: map[string]any{"namespace": "orders"}}))
	for _, name := range []string{"", "stranger", "payments", "orders"} {
		status, body := samplertest.Get(t, at+"/explain?signal=logs&trace_id="+samplertest.HighID.String()+"&namespace="+name)
		whose := "with this trace ID and no namespace"
		if name != "" {
			whose = "of " + name + " with this trace ID"
		}
		assert.Equal(t, http.StatusOK, status)
		assert.JSONEq(t, `{
			"namespace": "`+name+`", "signal": "logs", "sample_rate": 0.5, "rule": "exact", "source": "trace", "expires_at": null,
			"threshold": "8", "randomness": "ffffffffffffff", "randomness_source": "trace_id", "decision": "kept",
			"remembered_namespace": "orders", "rules": [{"rule": "exact", "source": "trace", "matches": true}],
			"text": "A log record `+whose+` is kept. Its rate is 50 %: its trace is remembered, and keeps the rate that it began with. That was the rate of orders: the override of orders for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is ffffffffffffff."
		}`, body)
	}
	e := explainRecord(t, at, samplertest.HighID, "audit", "")
	assert.Equal(t, []string{"signal_override", "c", "kept"}, []string{e.Source, e.Threshold, *e.Decision}, "a rate of its own replaces that of the trace")
	e = explainRecord(t, at, pcommon.TraceID{}, "orders", "")
	assert.Equal(t, "shared_override", e.Source)
	assert.NotNil(t, e.ExpiresAt)
	assert.Nil(t, e.Decision, "of no record")
	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?signal=logs&namespace=orders&trace_id=00000000000000000000000000000000")
	assert.Nil(t, e.Randomness)
	assert.Nil(t, e.Decision, "nobody can foretell a draw")
}

func TestRecordsOfATraceThatIsKeptWholeAreExplained(t *testing.T) { // T18
	h, at := samplertest.StartInspected(t, map[string]any{
		"sample_rate": 0, "logs": map[string]any{"namespaces": map[string]any{"orders": 0}},
		"tracing": map[string]any{"always_keep_traces": []any{`span.name == "span 0"`}},
	})
	for _, span := range []samplertest.Span{
		{ID: samplertest.LowID, Attributes: map[string]any{"namespace": "orders"}}, {ID: samplertest.HighID}, // the second has no namespace
	} {
		require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, span)), 1)
		require.Len(t, h.ConsumeLogs(samplertest.LogsOf(t, samplertest.Record{ID: span.ID, Attributes: map[string]any{"namespace": "orders"}})), 1)
		e := explainRecord(t, at, span.ID, "orders", "")
		assert.Equal(t, []string{"always_keep_trace", "trace", "0", "kept"}, []string{e.Rule, e.Source, e.Threshold, *e.Decision})
		assert.InDelta(t, 1, e.SampleRate, 0)
	}
}

func TestTheGroupOfARecordIsExplained(t *testing.T) { // G2, L2
	h, at := samplertest.StartInspected(t, map[string]any{"consistent_by": []any{"correlation_id"}, "namespaces": map[string]any{"orders": 0.5}, "sample_rate": 0.25})
	grouped, named, overruled, unknown := samplertest.RandomID(), samplertest.HighID, samplertest.LowID, samplertest.RandomID()
	h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: grouped, Attributes: map[string]any{"correlation_id": workflow}},
		samplertest.Span{ID: named, Attributes: map[string]any{"namespace": "orders"}},
		samplertest.Span{ID: overruled, Attributes: map[string]any{"correlation_id": workflow}, Tracestate: "ot=th:0;rv:ffffffffffffff"}))
	const other = "another workflow"
	for name, tt := range map[string]struct {
		id                                      pcommon.TraceID
		group                                   string
		randomness, source, decision, threshold string
		fault                                   string
	}{
		"its own":                                 {unknown, workflow, "8b22b130bd610c", "group", "dropped", "c", ""},
		"without a trace ID":                      {pcommon.TraceID{}, workflow, "8b22b130bd610c", "group", "dropped", "c", ""},
		"that of its trace wins":                  {grouped, other, "8b22b130bd610c", "group", "dropped", "c", ""},
		"that of its trace, without one":          {grouped, "", "8b22b130bd610c", "group", "dropped", "c", ""},
		"a named trace without a group":           {named, workflow, "ffffffffffffff", "trace_id", "kept", "8", ""},
		"a trace whose group another has decided": {overruled, "", "00000000000001", "trace_id", "dropped", "c", "group_overruled"},
	} {
		t.Run(name, func(t *testing.T) {
			e := explainRecord(t, at, tt.id, "", tt.group)
			assert.Equal(t, []string{tt.randomness, tt.source, tt.decision, tt.threshold, tt.fault},
				[]string{*e.Randomness, *e.RandomnessSource, *e.Decision, e.Threshold, e.Fault})
		})
	}
}

func TestDisabledLogRecordsAreShown(t *testing.T) {
	_, at := samplertest.StartInspected(t, map[string]any{"logs": map[string]any{"enabled": false}})
	e := explainRecord(t, at, samplertest.HighID, "orders", "")
	assert.Equal(t, "logs::enabled", e.Disabled)
	assert.Equal(t, new("dropped"), e.Decision, "though its rate is 1")
	e = explainRecord(t, at, pcommon.TraceID{}, "orders", "")
	assert.Equal(t, "logs::enabled", e.Disabled)
	assert.Nil(t, e.Decision)
	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?signal=traces&trace_id="+samplertest.HighID.String())
	assert.Empty(t, e.Disabled)
	assert.Equal(t, new("kept"), e.Decision)
}

func TestFaultsOfRecordsAreProblems(t *testing.T) {
	h, at := samplertest.StartInspected(t, map[string]any{"consistent_by": []any{"correlation_id"}, "sample_rate": 0.5})
	attributes := map[string]any{"correlation_id": workflow, "namespace": "orders"}
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: attributes}))
	h.ConsumeLogs(samplertest.LogsOf(t,
		samplertest.Record{ID: [16]byte{1}}, samplertest.Record{ID: samplertest.HighID},
		samplertest.Record{ID: samplertest.HighID, Attributes: map[string]any{"sampling.threshold": "4"}}))
	found := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").Problems
	assert.Equal(t, map[string]int64{"no_randomness": 1, "group_overruled": 1}, describedProblems(t, found))
	for _, p := range found {
		assert.Contains(t, p.Consequence, "spans or log records ")
	}
	assert.Equal(t, map[string]int64{"no_randomness": 1, "group_overruled": 1}, h.Counts("log_record_faults"))
}
