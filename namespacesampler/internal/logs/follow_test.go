// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

var (
	lowID, highID = samplertest.LowID, samplertest.HighID
	isError       = "span.status.code == STATUS_CODE_ERROR"
)

func TestOfAKeptTraceAllRecordsAreKeptAndOfADroppedOneNone(t *testing.T) { // L3, L5
	h := samplertest.Start(t, settings{"namespaces": settings{"payments": 0.5, "orders": 0.1}, "sample_rate": 0.01})
	kept := 0
	for i := range 500 {
		id := samplertest.RandomID()
		spans := h.ConsumeTraces(samplertest.TracesOf(t,
			samplertest.Span{ID: id, Root: true, Attributes: named([]string{"payments", "orders", "other"}[i%3])}, samplertest.Span{ID: id}))
		records := h.ConsumeLogs(samplertest.LogsOf(t, of(id, nil, named("payments"), named("analytics"), nil)...))
		if len(spans) == 0 {
			require.Empty(t, records)
			continue
		}
		kept++
		require.Len(t, records, 4)
		for _, r := range records {
			threshold, ok := r.Attributes().Get(decision.ThresholdAttribute)
			require.True(t, ok)
			require.Equal(t, spans[0].TraceState().AsRaw(), "ot=th:"+threshold.Str(), "stamped alike")
			_, ok = r.Attributes().Get(decision.RandomnessAttribute)
			require.False(t, ok, "it is that of the trace ID")
		}
	}
	assert.Greater(t, kept, 50)
}

func TestATraceThatIsKeptWholeKeepsItsRecords(t *testing.T) { // L3, T18
	failed := samplertest.TracesOf(t, samplertest.Span{ID: lowID, Attributes: named("payments")})
	failed.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Status().SetCode(2)
	h := samplertest.Start(t, settings{
		"sample_rate": 0, "logs": settings{"sample_rate": 0, "namespaces": settings{"payments": 0}, "always_keep": []any{`log.attributes["a"] == 1`}},
		"tracing": settings{"always_keep_traces": []any{isError}},
	})
	h.ConsumeTraces(failed)
	out := h.ConsumeLogs(samplertest.LogsOf(t, of(lowID, nil, named("orders"), settings{decision.ThresholdAttribute: "f"}, settings{"a": 1})...))
	assert.Equal(t, []map[string]any{
		named("payments"), named("orders"), {decision.ThresholdAttribute: "f", "namespace": "payments"}, {"a": int64(1), "namespace": "payments"},
	}, attributesOf(out), "with no stamp, and with the namespace of the trace")
	assert.Empty(t, h.ConsumeLogs(samplertest.LogsOf(t, of(highID, nil)...)))
	assert.Equal(t, map[string]int64{
		"kept payments always_keep_trace": 2, "kept orders always_keep_trace": 1, "kept payments always_keep": 1, "dropped _none global": 1,
	}, h.Counts("log_records"))
	assert.Empty(t, h.Counts("log_record_faults"), "exempt records are not judged")
}

func TestATraceThatIsKeptWithoutANameKeepsItsRecords(t *testing.T) { // T18
	failed := samplertest.TracesOf(t, samplertest.Span{ID: lowID})
	failed.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Status().SetCode(2)
	h := samplertest.Start(t, settings{"sample_rate": 0, "tracing": settings{"always_keep_traces": []any{isError}}})
	h.ConsumeTraces(failed)
	out := h.ConsumeLogs(samplertest.LogsOf(t, of(lowID, nil, named("orders"))...))
	assert.Equal(t, []map[string]any{{}, named("orders")}, attributesOf(out))
	assert.Equal(t, map[string]int64{"kept _none always_keep_trace": 1, "kept orders always_keep_trace": 1}, h.Counts("log_records"))
}

func TestRecordsWithoutANamespaceInheritThatOfTheirTrace(t *testing.T) { // T20
	for name, tt := range map[string]struct {
		settings settings
		record   map[string]any
		want     map[string]any
	}{
		"without one":          {nil, settings{"a": "b"}, settings{"a": "b", "namespace": "payments"}},
		"with a missing value": {nil, named("unknown"), named("payments")},
		"with another":         {nil, named("orders"), named("orders")},
		"not if it is off":     {settings{"namespace": settings{"inherit": false}}, settings{"a": "b"}, settings{"a": "b"}},
		"to the attribute that namespaces are written to": {
			settings{"namespace": settings{"write_to": "team"}}, nil, settings{"team": "payments"},
		},
		"over no other value": {settings{"namespace": settings{"write_to": "team"}}, settings{"team": "blue"}, settings{"team": "blue"}},
		"not in a dry run":    {settings{"dry_run": true}, settings{"a": "b"}, settings{"a": "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, tt.settings)
			h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id03, Attributes: named("payments")}))
			assert.Equal(t, []map[string]any{tt.want}, attributesOf(h.ConsumeLogs(samplertest.LogsOf(t, of(id03, tt.record)...))))
		})
	}
}

// keyThat returns the key of a group which a rate of 0.5 keeps, or drops.
func keyThat(keeps bool) string {
	for i := 0; ; i++ {
		if key := fmt.Sprint("workflow-", i); (group.Of(key).Randomness().RValue() >= "8") == keeps {
			return key
		}
	}
}

func TestRecordsAreDecidedByTheirGroup(t *testing.T) { // G1, G3, G6, L2, L4
	keeps, drops := keyThat(true), keyThat(false)
	h := samplertest.Start(t, settings{"consistent_by": []any{"workflow"}, "sample_rate": 0.5})
	ld := samplertest.LogsOf(t, append(
		of(lowID, settings{"workflow": keeps}, settings{"workflow": drops}, nil),
		of(pcommon.TraceID{}, settings{"workflow": keeps}, settings{"workflow": drops})...)...)
	samplertest.AppendRecords(t, ld, settings{"workflow": drops}, settings{"workflow": keeps}, of(lowID, nil)...)
	samplertest.AppendRecords(t, ld, settings{"workflow": keeps}, nil, of(lowID, settings{
		decision.RandomnessAttribute: "00000000000000",
	}, settings{decision.RandomnessAttribute: "ffffffffffffff"}, settings{decision.ThresholdAttribute: "0"})...)
	samplertest.AppendRecords(t, ld, settings{"workflow": drops}, nil, of(highID, settings{decision.ThresholdAttribute: "4"}, settings{decision.ThresholdAttribute: "x"})...)
	out := h.ConsumeLogs(ld)
	rv := group.Of(keeps).Randomness().RValue()
	byGroup := func(attributes settings) settings {
		attributes[decision.ThresholdAttribute], attributes[decision.RandomnessAttribute] = "8", rv
		return attributes
	}
	assert.Equal(t, []map[string]any{
		byGroup(settings{"workflow": keeps}),
		byGroup(settings{"workflow": keeps}),
		byGroup(settings{}),
		{decision.ThresholdAttribute: "8", decision.RandomnessAttribute: "ffffffffffffff"},
		byGroup(settings{}),
		{decision.ThresholdAttribute: "8"},
	}, attributesOf(out), "an earlier sampler decides before the group; what is malformed, or above no threshold, is none")
	assert.Equal(t, map[string]int64{"logs": 1}, h.Counts("ungrouped_items"))
	assert.Equal(t, map[string]int64{"malformed": 1, "group_overruled": 3}, h.Counts("log_record_faults"))
}

func TestRecordsThatAreDecidedWithoutAGroupAreCounted(t *testing.T) { // G1
	h := samplertest.Start(t, settings{"consistent_by": []any{"workflow"}, "sample_rate": 0.5, "namespaces": settings{"all": 1, "none": 0}})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id03, Attributes: named("payments")}))
	stamped := settings{decision.RandomnessAttribute: "ffffffffffffff"}
	h.ConsumeLogs(samplertest.LogsOf(t, append(of(id03, settings{"workflow": "its trace has none"}, stamped),
		of(highID, nil, stamped, named("all"), named("none"), settings{"workflow": "one"})...)...))
	assert.Equal(t, int64(2), h.Counts("ungrouped_items")["logs"])
}

func TestARecordHasTheRandomnessOfItsTrace(t *testing.T) { // L2, L3, G4
	keeps, drops := keyThat(true), keyThat(false)
	start := func(spans ...samplertest.Span) *samplertest.Sampler {
		h := samplertest.Start(t, settings{"consistent_by": []any{"workflow"}, "sample_rate": 0.5})
		h.ConsumeTraces(samplertest.TracesOf(t, spans...))
		return h
	}
	span := func(id pcommon.TraceID, namespace, workflow, tracestate string) samplertest.Span {
		s := samplertest.Span{ID: id, Attributes: settings{}, Tracestate: tracestate}
		if namespace != "" {
			s.Attributes["namespace"] = namespace
		}
		if workflow != "" {
			s.Attributes["workflow"] = workflow
		}
		return s
	}
	for name, tt := range map[string]struct {
		span   samplertest.Span
		id     pcommon.TraceID
		record settings
		keep   bool
		source string // of the randomness that is written
	}{
		"of its group":                              {span(lowID, "payments", keeps, ""), lowID, nil, true, keeps},
		"of its group, dropped":                     {span(highID, "payments", drops, ""), highID, nil, false, ""},
		"of its group, though it has another":       {span(lowID, "payments", keeps, ""), lowID, settings{"workflow": drops}, true, keeps},
		"of its group, though nothing has named it": {span(lowID, "", keeps, ""), lowID, settings{"workflow": drops}, true, keeps},
		"of its ID, if it has no group":             {span(lowID, "payments", "", ""), lowID, settings{"workflow": keeps}, false, ""},
		"of its ID, if its group is overruled":      {span(highID, "payments", drops, "ot=th:4"), highID, settings{"workflow": drops}, true, ""},
		"of its own, if it was sampled before":      {span(lowID, "payments", keeps, ""), lowID, settings{decision.RandomnessAttribute: "10000000000000"}, false, ""},
		"of its ID, if it was sampled before":       {span(highID, "payments", drops, ""), highID, settings{decision.ThresholdAttribute: "4"}, true, ""},
		"of its own group, if nothing is known":     {span(highID, "payments", "", ""), lowID, settings{"workflow": keeps}, true, keeps},
	} {
		t.Run(name, func(t *testing.T) {
			out := start(tt.span).ConsumeLogs(samplertest.LogsOf(t, of(tt.id, tt.record)...))
			require.Equal(t, tt.keep, len(out) == 1)
			if !tt.keep {
				return
			}
			assert.Equal(t, "8", textOf(out[0], decision.ThresholdAttribute))
			want := ""
			if tt.source != "" {
				want = group.Of(tt.source).Randomness().RValue()
			}
			assert.Equal(t, want, textOf(out[0], decision.RandomnessAttribute))
		})
	}
}

func textOf(r plog.LogRecord, attribute string) string {
	v, ok := r.Attributes().Get(attribute)
	if !ok {
		return ""
	}
	return v.Str()
}
