// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestWhatIsShownOfRecordsAgreesWithDecisions asks for an explanation of 2,000 decisions, and adds the rows of /namespaces up. The traces of
// two thirds of the records are remembered.
func TestWhatIsShownOfRecordsAgreesWithDecisions(t *testing.T) { // L2, L3, L6
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Inspect: plain, Processor: `
sample_rate: 0.25
namespaces: {payments: 1, orders: 0.5, silent: 0}
consistent_by: [correlation_id]
tracing: {always_keep_traces: ['span.attributes["fails"] == true'], trace_memory: {ttl: 1h}}
logs: {sample_rate: 0.125, namespaces: {audit: 0.75, "own_*": 0.0625}}
`})
	client, r := harness.NewClient(t, collector), random()
	names := []string{"payments", "orders", "silent", "audit", "own_a", "stranger", ""}
	attributes := func() attrs {
		named := attrs{}
		if name := names[r.IntN(len(names))]; name != "" {
			named["namespace"] = name
		}
		if r.IntN(2) == 0 {
			named["correlation_id"] = randomTrace(r).String()
		}
		return named
	}
	var spans []span
	var records []record
	for i := range 2_000 {
		rec := newRecord(randomTrace(r), attributes())
		records = append(records, rec)
		if i%3 > 0 {
			s := newSpan(rec.trace, "", attributes())
			s.attributes["fails"] = r.IntN(10) == 0
			spans = append(spans, s)
		}
	}
	client.Traces(traces(t, nil, nil, spans...))
	client.Logs(logs(t, nil, nil, records...))
	kept := map[pcommon.TraceID]bool{}
	for _, out := range sink.Records() {
		kept[out.TraceID()] = true
	}

	connected := http.Client{}
	defer connected.CloseIdleConnections()
	decisions := map[string]int{}
	for _, rec := range records {
		query := url.Values{"signal": {"logs"}, "trace_id": {rec.trace.String()}}
		for parameter, attribute := range map[string]string{"namespace": "namespace", "group": "correlation_id"} {
			if value, ok := rec.attributes[attribute].(string); ok {
				query.Set(parameter, value)
			}
		}
		response, err := connected.Get("http://" + collector.Inspect() + "/explain?" + query.Encode())
		require.NoError(t, err)
		var e struct{ Decision, Rule, Source string }
		require.NoError(t, json.NewDecoder(response.Body).Decode(&e))
		require.NoError(t, response.Body.Close())
		require.Equal(t, kept[rec.trace], e.Decision == "kept", "%+v: %+v", rec, e)
		decisions[e.Rule+" "+e.Source+" "+e.Decision]++
	}
	t.Log(decisions)
	for _, answer := range []string{
		"always_keep_trace trace kept", "exact trace kept", "exact trace dropped", "exact signal_override kept", "pattern signal_override dropped",
		"exact shared_override kept", "global signal_global kept", "global signal_global dropped",
	} {
		assert.Positive(t, decisions[answer], answer)
	}

	var shown struct {
		shownNamespaces
		None, Other struct{ Logs shownSignal }
		Overrides   []struct{ Key, Signal string }
	}
	_, body := inspect(t, collector, "/namespaces", nil)
	require.NoError(t, json.Unmarshal([]byte(body), &shown))
	sum := shownSignal{Kept: shown.None.Logs.Kept, Dropped: shown.None.Logs.Dropped}
	for _, row := range shown.Namespaces {
		sum.Kept += row.Logs.Kept
		sum.Dropped += row.Logs.Dropped
	}
	assert.Equal(t, shownSignal{Kept: len(kept), Dropped: len(records) - len(kept)}, sum)
	assert.Zero(t, shown.Other.Logs)
	var forLogs []string
	for _, o := range shown.Overrides {
		if o.Signal == "logs" {
			forLogs = append(forLogs, o.Key)
		}
	}
	assert.Equal(t, []string{"audit", "own_*"}, forLogs)

	_, body = inspect(t, collector, "/config", nil)
	var config struct {
		Common struct {
			Telemetry struct{ Logs json.RawMessage }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &config))
	assert.JSONEq(t, `{
		"enabled": true, "sample_rate": 0.125, "budget": null, "always_keep": [],
		"namespaces": {"payments": 1, "orders": 0.5, "silent": 0, "audit": 0.75, "own_*": 0.0625}
	}`, string(config.Common.Telemetry.Logs))

	status, body := inspect(t, collector, "/explain?signal=logs&trace_id="+records[0].trace.String()+"&tracestate=ot%3Dth:8", nil)
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, body, "tracestate: must be left out")
}
