// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// budgetView returns a view of rates that follow from budgets, with intervals of ten seconds.
func budgetView(t *testing.T, overrides ...rate.Override) *inspect.View {
	t.Helper()
	s, err := steering.New(steering.Config{Logger: zap.NewNop(), Rates: steering.RatesConfig{
		Global: 1, Precision: 4, LogsBudget: 500, Overrides: overrides,
		Budgets: steering.BudgetsConfig{Interval: 10 * time.Second, MinRate: 1e-4, InitialRate: 1},
	}})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	set := labels.New(100, nil)
	items, err := noop.Meter{}.Int64Counter("items")
	require.NoError(t, err)
	seen := labels.Counts{labels.Global: {labels.Kept: 1}}
	for _, name := range []string{"analytics", "web-1", "other"} {
		set.Of(name).Report(t.Context(), labels.DataPoints, &seen, items, time.Now())
	}
	return &inspect.View{
		Steering: s, Labels: set, Recent: recent.New(set, (&problems.Counts{}).Sums),
		Groups: group.NewReader(group.Config{}), IsMissing: func(name string) bool { return name == "" },
		State: func() inspect.State { return inspect.State{} },
	}
}

// arrive counts items of a namespace, some of which are kept.
func arrive(m *rate.Match, items float64, kept int64) {
	count := allowance.Count{Kept: kept}
	count.Arrivals.Add(1, items)
	m.Share.Meter.Add(&count)
}

func namespacesOf(t *testing.T, v *inspect.View) inspect.Namespaces {
	t.Helper()
	n, err := v.Namespaces(t.Context())
	require.NoError(t, err)
	return n
}

func TestTheRateOfABudgetIsShownWithWhatItFollowsFrom(t *testing.T) { // B1, B5
	synctest.Test(t, func(t *testing.T) {
		v := budgetView(t,
			rate.Override{Key: "analytics", Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 200},
			rate.Override{Key: "web-*", Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 10})
		rows := rowsByName(namespacesOf(t, v))
		assert.Equal(t, inspect.Rate{
			SampleRate: 1, Rule: "exact", Source: "signal_override", Budget: &inspect.Budget{ItemsPerSecond: 200},
		}, rows["analytics"].Traces.Rate, "nothing is known yet")
		assert.Nil(t, rows["analytics"].Metrics.Budget)

		tables := v.Steering.Rates.InForce()
		arrive(tables.Traces.Lookup("analytics"), 20_000, 2_000)
		arrive(tables.Traces.Lookup("web-1"), 50, 50)
		arrive(tables.Logs.Lookup("analytics"), 10_000, 9_000)
		arrive(tables.Logs.Lookup(""), 10, 10)
		ended := time.Now().Add(10 * time.Second)
		time.Sleep(10 * time.Second)
		synctest.Wait()

		n := namespacesOf(t, v)
		rows = rowsByName(n)
		since := ended.UTC()
		fromBudget := inspect.Rate{SampleRate: 0.1, Rule: "exact", Source: "signal_override", Budget: &inspect.Budget{
			ItemsPerSecond: 200, ArrivedPerSecond: new(2000.0), Since: &since,
		}}
		assert.Equal(t, fromBudget, rows["analytics"].Traces.Rate)
		assert.Equal(t, inspect.Rate{SampleRate: 1, Rule: "pattern", Pattern: "web-*", Source: "signal_override", Budget: &inspect.Budget{
			ItemsPerSecond: 10, ArrivedPerSecond: new(5.0), Since: &since,
		}}, rows["web-1"].Traces.Rate)
		assert.Nil(t, rows["other"].Traces.Budget)
		assert.Equal(t, &inspect.Budget{ItemsPerSecond: 500, ArrivedPerSecond: new(0.0), Shared: true}, rows["other"].Logs.Budget)
		assert.Equal(t, new(1.0), n.None.Logs.Budget.ArrivedPerSecond)
		assert.Equal(t, []inspect.BudgetHistory{
			{Signal: "logs", Shared: true, ItemsPerSecond: 500, Arrived: []float64{1001}, Kept: []float64{901}, Namespaces: 2},
			{Signal: "traces", Key: "analytics", ItemsPerSecond: 200, Arrived: []float64{2000}, Kept: []float64{200}, Namespaces: 1},
			{Signal: "traces", Key: "web-*", ItemsPerSecond: 10, Arrived: []float64{5}, Kept: []float64{5}, Namespaces: 1},
		}, n.Budgets)
		tracing := v.Config().Common.Telemetry.Tracing
		assert.Equal(t, inspect.Rates{"analytics": new(0.1), "web-*": nil}, tracing.Namespaces)
		assert.Equal(t, []inspect.Override{
			{Key: "analytics", Signal: "traces", ItemsPerSecond: 200, Source: "signal_override"},
			{Key: "web-*", Signal: "traces", ItemsPerSecond: 10, Source: "signal_override"},
		}, n.Overrides)

		guard := v.Steering.Rates.InForce().Traces.Lookup("analytics").Share.Guard
		guard.Add(1.8*2000, 1)
		guarded := fromBudget
		guarded.SampleRate = 0.025
		guarded.Budget = &inspect.Budget{ItemsPerSecond: 200, ArrivedPerSecond: new(2000.0), Since: &since, Halvings: 2}
		n = namespacesOf(t, v)
		assert.Equal(t, guarded, rowsByName(n)["analytics"].Traces.Rate, "the rate is that of what begins now")
		assert.True(t, n.Budgets[1].Guarded)
		assert.False(t, n.Budgets[0].Guarded)
		e, err := v.Explain(inspect.Question{Namespace: "analytics", Signal: inspect.TracesSignal})
		require.NoError(t, err)
		assert.Equal(t, guarded, e.Rate)
		assert.Equal(t, "f999a", e.Threshold)
		e, err = v.Explain(inspect.Question{Namespace: "analytics", Signal: inspect.LogsSignal})
		require.NoError(t, err)
		assert.Equal(t, 0, e.Budget.Halvings, "a budget of log records has a guard of its own")

		time.Sleep(10 * time.Second)
		synctest.Wait()
		n = namespacesOf(t, v)
		assert.Zero(t, rowsByName(n)["analytics"].Traces.Budget.Halvings, "until the interval ends")
		assert.Equal(t, []float64{2000, 0}, n.Budgets[1].Arrived)
	})
}

func TestABudgetThatIsNoLongerInForceIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := budgetView(t, rate.Override{
			Key: "analytics", Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 200, Until: time.Now().Add(5 * time.Second),
		})
		assert.Len(t, namespacesOf(t, v).Budgets, 2)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		n := namespacesOf(t, v)
		require.Len(t, n.Budgets, 1)
		assert.Equal(t, "logs", n.Budgets[0].Signal)
		assert.Nil(t, rowsByName(n)["analytics"].Traces.Budget)
	})
}

// TestExplanationsAgreeWithAGuard asks before and after a burst, within an interval that does not end.
func TestExplanationsAgreeWithAGuard(t *testing.T) { // B5, B8
	h, at := samplertest.StartInspected(t, map[string]any{
		"budgets": map[string]any{"interval": "1h"},
		"tracing": map[string]any{"namespaces": map[string]any{"ana*": map[string]any{"items_per_second": 0.01}}}, // 36 an hour
	})
	remembered := samplertest.RandomID()
	named := map[string]any{"namespace": "analytics"}
	require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: remembered, Root: true, Attributes: named})), 1)
	status, body := samplertest.Get(t, at+"/explain?namespace=analytics&trace_id="+samplertest.HighID.String())
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{
		"namespace": "analytics", "signal": "traces", "sample_rate": 1, "rule": "pattern", "pattern": "ana*", "source": "signal_override",
		"expires_at": null, "threshold": "0", "randomness": "ffffffffffffff", "randomness_source": "trace_id", "decision": "kept",
		"budget": {"items_per_second": 0.01, "arrived_per_second": null, "shared": false, "since": null, "halvings": 0},
		"rules": [{"rule": "pattern", "source": "signal_override", "signal": "traces", "patterns": 1, "pattern": "ana*", "matches": true}],
		"text": "A span of analytics with this trace ID is kept. Its rate is 100 %: pattern ana*, an override for spans alone. It follows from a budget of 0.01 spans a second; nothing has been counted yet."
	}`, body)

	var burst []samplertest.Span
	for range 200 {
		burst = append(burst, samplertest.Span{Attributes: named})
	}
	h.ConsumeTraces(samplertest.TracesOf(t, burst...))
	e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=analytics&trace_id="+samplertest.HighID.String())
	require.NotNil(t, e.Budget)
	require.Positive(t, e.Budget.Halvings)
	assert.InEpsilon(t, math.Ldexp(1, -e.Budget.Halvings), e.SampleRate, 1e-9)
	kept := h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: named}))
	require.Len(t, kept, 1)
	assert.Equal(t, "ot=th:"+e.Threshold, kept[0].TraceState().AsRaw())

	e = samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=analytics&trace_id="+remembered.String())
	assert.InDelta(t, 1, e.SampleRate, 0, "a trace keeps the rate that it began with")
	assert.Equal(t, "trace", e.Source)
	assert.Nil(t, e.Budget)
}
