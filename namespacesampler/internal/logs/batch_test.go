// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// C5.
func TestWhatIsEmptyAfterwardsIsRemoved(t *testing.T) {
	h := samplertest.Start(t, settings{"namespaces": settings{"noise": 0}})
	ld := samplertest.LogsOf(t, of(highID, named("noise"))...)
	samplertest.AppendRecords(t, ld, nil, nil, of(highID, named("noise"), named("payments"), named("noise"))...)
	ld.ResourceLogs().At(1).ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Attributes().PutStr("namespace", "noise")
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty() // empty as it came
	out := h.ConsumeLogs(ld)
	assert.Equal(t, []map[string]any{named("payments")}, attributesOf(out))
	left := h.Records.AllLogs()[0]
	require.Equal(t, 2, left.ResourceLogs().Len())
	assert.Equal(t, 1, left.ResourceLogs().At(0).ScopeLogs().Len())
	assert.Equal(t, 1, left.ResourceLogs().At(1).ScopeLogs().Len(), "what was empty before is left alone")

	assert.Empty(t, h.ConsumeLogs(samplertest.LogsOf(t, of(highID, named("noise"))...)))
	assert.Empty(t, h.Records.AllLogs(), "a batch of which nothing is left is not passed on")
}

func TestTheNamespaceIsThatOfTheRecordItsScopeOrItsResource(t *testing.T) { // L1
	h := samplertest.Start(t, settings{"namespace": settings{"attributes": []any{"namespace", "team"}}})
	ld := plog.NewLogs()
	samplertest.AppendRecords(t, ld, named("resource"), named("scope"), of(highID, named("record"), nil, named("unknown"), settings{"namespace": 5}, settings{"team": "blue"})...)
	samplertest.AppendRecords(t, ld, named("resource"), nil, of(highID, nil)...)
	samplertest.AppendRecords(t, ld, nil, settings{"team": "scope team"}, of(highID, nil)...)
	require.Len(t, h.ConsumeLogs(ld), 7)
	assert.Equal(t, map[string]int64{
		"kept record global": 1, "kept scope global": 4, "kept resource global": 1, "kept scope team global": 1,
	}, h.Counts("log_records"))
}

func TestRecordsOfADisabledSignalAreDropped(t *testing.T) {
	h := samplertest.Start(t, settings{"logs": settings{"enabled": false, "always_keep": []any{"true"}}})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: highID, Attributes: named("payments")}))
	assert.Empty(t, h.ConsumeLogs(samplertest.LogsOf(t, of(highID, named("orders"), nil)...)))
	assert.Equal(t, map[string]int64{"dropped orders disabled": 1, "dropped _none disabled": 1}, h.Counts("log_records"))
}

func TestADryRunChangesNothing(t *testing.T) {
	h := samplertest.Start(t, settings{"dry_run": true, "sample_rate": 0.5, "namespaces": settings{"noise": 0}})
	records := append(of(highID, named("noise"), nil, settings{decision.ThresholdAttribute: "zz"}), of(lowID, settings{decision.ThresholdAttribute: "8"})...)
	want := attributesOf(samplertest.RecordsOf(samplertest.LogsOf(t, records...)))
	assert.Equal(t, want, attributesOf(h.ConsumeLogs(samplertest.LogsOf(t, records...))))
	assert.Equal(t, map[string]int64{"dropped noise exact": 1, "kept _none global": 2, "dropped _none global": 1}, h.Counts("log_records"))
	assert.Equal(t, map[string]int64{"malformed": 1, "inconsistent": 1}, h.Counts("log_record_faults"))
	disabled := samplertest.Start(t, settings{"dry_run": true, "logs": settings{"enabled": false}})
	assert.Len(t, disabled.ConsumeLogs(samplertest.LogsOf(t, records...)), 4)
	assert.Equal(t, map[string]int64{"dropped noise disabled": 1, "dropped _none disabled": 3}, disabled.Counts("log_records"))
}

func TestRecordsThatMatchAreAlwaysKept(t *testing.T) {
	h := samplertest.Start(t, settings{"sample_rate": 0, "logs": settings{"always_keep": []any{
		"log.severity_number >= SEVERITY_NUMBER_ERROR", `resource.attributes["audit"] == true`, `IsMatch(scope.name, "^security")`,
	}}})
	stamp := settings{decision.ThresholdAttribute: "f", "x": "y"}
	ld := samplertest.LogsOf(t,
		samplertest.Record{ID: lowID, Severity: plog.SeverityNumberError, Attributes: stamp},
		samplertest.Record{ID: lowID, Severity: plog.SeverityNumberWarn4},
		samplertest.Record{Severity: plog.SeverityNumberFatal, Attributes: named("payments")})
	samplertest.AppendRecords(t, ld, settings{"audit": true}, nil, samplertest.Record{})
	samplertest.AppendRecords(t, ld, nil, nil, samplertest.Record{})
	ld.ResourceLogs().At(2).ScopeLogs().At(0).Scope().SetName("security.login")
	assert.Equal(t, []map[string]any{stamp, named("payments"), {}, {}}, attributesOf(h.ConsumeLogs(ld)), "and not touched")
	assert.Equal(t, map[string]int64{
		"kept _none always_keep": 3, "kept payments always_keep": 1, "dropped _none global": 1,
	}, h.Counts("log_records"))
}

func TestAConditionThatCannotBeEvaluatedDoesNotMatch(t *testing.T) { // C8
	h := samplertest.Start(t, settings{"sample_rate": 0, "logs": settings{"always_keep": []any{`Int(log.attributes["n"]) > 1 / Int(log.attributes["n"])`}}})
	assert.Empty(t, h.ConsumeLogs(samplertest.LogsOf(t, of(lowID, settings{"n": 0}, settings{"n": 0})...)))
	assert.Equal(t, map[string]int64{"logs::always_keep::0": 2}, h.Counts("condition_errors"))
	assert.Equal(t, 1, h.LogCount("a condition could not be evaluated and did not match; further failures are only counted"))
}

func TestFaultsAreCounted(t *testing.T) { // T7, T8
	h := samplertest.Start(t, settings{"sample_rate": 0.5})
	zero := pcommon.TraceID{0: 1}
	h.ConsumeLogs(samplertest.LogsOf(t, append(of(lowID,
		settings{decision.ThresholdAttribute: "8"}, settings{decision.ThresholdAttribute: "-"}, settings{decision.RandomnessAttribute: "f"}),
		of(zero, nil, settings{decision.RandomnessAttribute: "ffffffffffffff"})...)...))
	assert.Equal(t, map[string]int64{"inconsistent": 1, "malformed": 2, "no_randomness": 1}, h.Counts("log_record_faults"))
	assert.Empty(t, h.Counts("tracestate_faults"))
}

// Every rate below 1 draws for a record without a trace.
func TestRecordsWithoutATraceAreSampledByNamespace(t *testing.T) { // L2, L6
	h := samplertest.Start(t, settings{"namespaces": settings{"noise": 0, "half": 0.5}})
	var records []samplertest.Record
	for range 4000 {
		records = append(records, of(pcommon.TraceID{}, named("noise"), named("half"), nil)...)
	}
	out := h.ConsumeLogs(samplertest.LogsOf(t, records...))
	kept := 0
	for _, r := range out {
		if textOf(r, "namespace") == "half" {
			kept++
			assert.Equal(t, "8", textOf(r, decision.ThresholdAttribute))
			assert.GreaterOrEqual(t, textOf(r, decision.RandomnessAttribute), "8")
		} else {
			assert.Empty(t, r.Attributes().AsRaw())
		}
	}
	assert.InDelta(t, 2000, kept, 320) // 10 standard deviations
	assert.Equal(t, map[string]int64{
		"dropped noise exact": 4000, "kept half exact": int64(kept), "dropped half exact": int64(4000 - kept), "kept _none global": 4000,
	}, h.Counts("log_records"))
}
