// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func rowsByName(n inspect.Namespaces) map[string]inspect.Row {
	rows := map[string]inspect.Row{}
	for _, row := range n.Namespaces {
		rows[row.Name] = row
	}
	return rows
}

func TestConfigShowsWhatIsInForce(t *testing.T) {
	_, at := samplertest.StartInspected(t, map[string]any{
		"sample_rate": 0.2,
		"namespaces":  map[string]any{"payments": 1, "orders": 0.5},
		"metrics": map[string]any{
			"namespaces": map[string]any{"orders": 0.25, "analytics": 0.01},
			"detailed":   map[string]any{"enabled": false},
		},
		"tracing": map[string]any{"sample_rate": 0.1},
	})
	telemetry := samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.True(t, telemetry.Enabled)
	assert.True(t, telemetry.Tracing.Enabled)
	assert.InDelta(t, 0.1, telemetry.Tracing.SampleRate, 0)
	assert.Equal(t, inspect.Rates{"payments": new(1.0), "orders": new(0.5)}, telemetry.Tracing.Namespaces)
	assert.False(t, telemetry.Metrics.Detailed.Enabled)
	assert.InDelta(t, 0.2, telemetry.Metrics.Detailed.SampleRate, 0, "the inherited one, also while it is disabled")
	assert.Equal(t, inspect.Rates{"payments": new(1.0), "orders": new(0.25), "analytics": new(0.01)}, telemetry.Metrics.Namespaces)
	assert.Nil(t, telemetry.Postgres)

	rows := rowsByName(samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces"))
	assert.Len(t, rows, 3, "configured namespaces are listed though nobody saw them")
	assert.Equal(t, inspect.Rate{SampleRate: 0.5, Rule: "exact", Source: "shared_override"}, rows["orders"].Traces.Rate)
	assert.Equal(t, inspect.Rate{SampleRate: 0.25, Rule: "exact", Source: "signal_override"}, rows["orders"].Metrics.Rate)
	assert.Equal(t, inspect.Rate{SampleRate: 0.1, Rule: "global", Source: "signal_global"}, rows["analytics"].Traces.Rate)
	assert.True(t, rows["analytics"].Configured)
	assert.Nil(t, rows["analytics"].LastSeen)
	assert.Nil(t, rows["analytics"].Registered, "nobody knows")
}

func TestConfigShowsBudgets(t *testing.T) {
	_, at := samplertest.StartInspected(t, map[string]any{
		"budgets": map[string]any{"interval": "1m", "min_sample_rate": 0.001, "initial_sample_rate": 0.25},
		"tracing": map[string]any{
			"sample_rate": 0.5, "namespaces": map[string]any{
				"analytics": map[string]any{"items_per_second": 200}, "web-*": map[string]any{"items_per_second": 20}, "payments": 1,
			},
		},
		"logs": map[string]any{"budget": map[string]any{"items_per_second": 300}},
	})
	telemetry := samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.Equal(t, inspect.BudgetSettings{Interval: "1m0s", MinSampleRate: 0.001, InitialSampleRate: 0.25}, telemetry.Budgets)
	assert.Nil(t, telemetry.Tracing.Budget)
	assert.InDelta(t, 0.5, telemetry.Tracing.SampleRate, 0)
	assert.Equal(t, inspect.Rates{"analytics": new(0.25), "web-*": nil, "payments": new(1.0)}, telemetry.Tracing.Namespaces)
	assert.Equal(t, new(300.0), telemetry.Logs.Budget)
	assert.InDelta(t, 0.25, telemetry.Logs.SampleRate, 0, "that of items without a namespace")
	assert.Empty(t, telemetry.Logs.Namespaces)
}

func TestHeldSpansAreShown(t *testing.T) { // T19
	h, at := samplertest.StartInspected(t, map[string]any{"tracing": map[string]any{
		"hold": map[string]any{"wait": "1h", "max_spans": 2}, "always_keep_traces": []any{"IsRootSpan()"},
	}})
	tracing := samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry.Tracing
	assert.Equal(t, inspect.Hold{Wait: "1h0m0s", MaxSpans: 2}, tracing.Hold)
	assert.Equal(t, []string{"IsRootSpan()"}, tracing.AlwaysKeepTraces)
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{}, samplertest.Span{}, samplertest.Span{}))
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Equal(t, &inspect.HoldState{Spans: 2, MaxSpans: 2}, n.State.Hold)
	require.Len(t, n.Problems, 1)
	assert.Equal(t, "early_releases", n.Problems[0].Kind)
	assert.EqualValues(t, 1, n.Problems[0].Count)

	_, at = samplertest.StartInspected(t, map[string]any{})
	assert.Nil(t, samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").State.Hold)
	assert.Equal(t, "0s", samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry.Tracing.Hold.Wait)
}

func TestPatternsAndEndsAreShown(t *testing.T) {
	_, at := samplertest.StartInspected(t, map[string]any{
		"namespaces": map[string]any{
			"rust_*": 0.1, "rust_e2e": map[string]any{"sample_rate": 0.5, "until": "2999-01-01T00:00:00Z"},
			"past": map[string]any{"sample_rate": 0, "until": "2001-01-01T00:00:00Z"},
		},
	})
	end := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
	want := inspect.Rate{SampleRate: 0.5, Rule: "exact", Source: "shared_override", ExpiresAt: &end}
	rows := rowsByName(samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces"))
	assert.Equal(t, want, rows["rust_e2e"].Traces.Rate)
	assert.NotContains(t, rows, "rust_*", "a pattern is no namespace")
	e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=rust_x")
	assert.Equal(t, inspect.Rate{SampleRate: 0.1, Rule: "pattern", Pattern: "rust_*", Source: "shared_override"}, e.Rate)
	assert.Equal(t, want, samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=rust_e2e").Rate)
	assert.Equal(t, "global", samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=unknown").Rule, "a missing value is no namespace")
	telemetry := samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.Equal(t, inspect.Rates{"rust_*": new(0.1), "rust_e2e": new(0.5)}, telemetry.Metrics.Namespaces, "patterns as written, what is over as not there")
}

func TestNamespacesShowEveryItemOnce(t *testing.T) {
	h, at := samplertest.StartInspected(t, map[string]any{
		"namespaces": map[string]any{"payments": 1, "silent": 0}, "sample_rate": 0.5, "tracing": map[string]any{"sampler": "trace_id_ratio"},
		"telemetry": map[string]any{"max_namespaces": 0}, // of internal metrics only
	})
	named := func(name string) map[string]any { return map[string]any{"namespace": name} }
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: named("payments")}, samplertest.Span{Attributes: named("payments")},
		samplertest.Span{Attributes: named("silent")}, samplertest.Span{Attributes: named("stranger"), ID: samplertest.HighID}, samplertest.Span{Attributes: named("stranger"), ID: samplertest.LowID},
		samplertest.Span{ID: samplertest.LowID}))
	md := pmetric.NewMetrics()
	points := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints()
	for _, name := range []string{"payments", "silent", "silent"} {
		points.AppendEmpty().Attributes().PutStr("namespace", name)
	}
	points.AppendEmpty()
	h.ConsumeMetrics(md)

	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	rows := rowsByName(n)
	assert.Len(t, rows, 3)
	assert.Equal(t, inspect.Counts{Kept: 2}, rows["payments"].Traces.Counts)
	assert.Equal(t, inspect.Counts{Kept: 1}, rows["payments"].Metrics.Counts)
	assert.Equal(t, inspect.Counts{Dropped: 1}, rows["silent"].Traces.Counts)
	assert.Equal(t, inspect.Counts{Dropped: 2}, rows["silent"].Metrics.Counts)
	assert.Equal(t, inspect.Counts{Kept: 1, Dropped: 1}, rows["stranger"].Traces.Counts)
	assert.False(t, rows["stranger"].Configured)
	assert.NotNil(t, rows["stranger"].LastSeen)
	assert.Equal(t, inspect.Counts{Dropped: 1}, n.None.Traces.Counts)
	assert.Equal(t, inspect.Counts{Kept: 1}, n.None.Metrics.Counts)
	assert.Equal(t, inspect.Sums{}, n.Other)
}

func TestNamespacesBeyondTheBoundAreCountedTogether(t *testing.T) {
	for name, c := range map[string]struct{ asked, bound int }{
		"10,000":                            {asked: 200, bound: 10_000},
		"telemetry::max_namespaces is more": {asked: 10_000 + 50, bound: 10_000 + 51},
	} {
		t.Run(name, func(t *testing.T) {
			h, at := samplertest.StartInspected(t, map[string]any{
				"namespaces": map[string]any{"configured": 1}, "telemetry": map[string]any{"max_namespaces": c.asked},
			})
			const strangers = 10_000 + 100
			for i := range strangers / 100 {
				var spans []samplertest.Span
				for j := range 100 {
					spans = append(spans, samplertest.Span{Attributes: map[string]any{"namespace": fmt.Sprint("stranger ", 100*i+j)}})
				}
				h.ConsumeTraces(samplertest.TracesOf(t, spans...))
			}
			h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"namespace": "configured"}}))
			n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
			assert.Len(t, n.Namespaces, c.bound-1, "and the place of those without a namespace")
			assert.EqualValues(t, strangers+1-int64(len(n.Namespaces)), n.Other.Traces.Kept)
			assert.EqualValues(t, 1, rowsByName(n)["configured"].Traces.Kept)
		})
	}
}

// TestASignalThatIsDisabledAndADryRunAreShown beside the rates, which do not say so.
func TestASignalThatIsDisabledAndADryRunAreShown(t *testing.T) {
	_, at := samplertest.StartInspected(t, map[string]any{
		"dry_run": true, "tracing": map[string]any{"enabled": false}, "metrics": map[string]any{"enabled": false},
		"logs": map[string]any{"enabled": false},
	})
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.True(t, n.DryRun)
	assert.Equal(t, inspect.Enabled{}, n.Enabled)
	e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?trace_id="+samplertest.HighID.String())
	assert.True(t, e.DryRun)
	assert.Equal(t, "tracing::enabled", e.Disabled)
	assert.Equal(t, new("dropped"), e.Decision, "though its rate is 1")
	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?signal=metrics")
	assert.Equal(t, "metrics::enabled", e.Disabled)
	assert.Nil(t, e.Decision)
}

// TestLongNamesAreShownWithTheirOwnRate, though they are shown cut.
func TestLongNamesAreShownWithTheirOwnRate(t *testing.T) {
	long := strings.Repeat("n", 300)
	h, at := samplertest.StartInspected(t, map[string]any{"namespaces": map[string]any{"*-end": 0.5, long + "-configured": 0.25}})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"namespace": long + "-end"}},
		samplertest.Span{Attributes: map[string]any{"namespace": long + "-end2"}}, samplertest.Span{Attributes: map[string]any{"namespace": long[:128]}}))
	rates := map[float64]int64{}
	for _, row := range samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").Namespaces {
		assert.Equal(t, long[:128], row.Name)
		assert.True(t, row.Cut)
		rates[row.Traces.SampleRate] = row.Traces.Kept + row.Traces.Dropped
	}
	assert.Equal(t, map[float64]int64{0.5: 3, 0.25: 0}, rates)
}

// TestNamespacesThatAreCalledLikeNoneOrOther are told apart from those that are none, or others.
func TestNamespacesThatAreCalledLikeNoneOrOther(t *testing.T) {
	h, at := samplertest.StartInspected(t, map[string]any{"namespaces": map[string]any{"_other": 1}})
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{}, samplertest.Span{Attributes: map[string]any{"namespace": "_none"}}, samplertest.Span{Attributes: map[string]any{"namespace": "_other"}}))
	assert.Equal(t, map[string]int64{"kept _none global": 1, "kept _other global": 1, "kept _other exact": 1}, h.Counts("spans"))
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	rows := rowsByName(n)
	assert.EqualValues(t, 1, n.None.Traces.Kept)
	assert.Zero(t, n.Other.Traces.Kept)
	assert.EqualValues(t, 1, rows["_none"].Traces.Kept)
	assert.EqualValues(t, 1, rows["_other"].Traces.Kept)
}
