// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

var analyticsBudget = map[string]any{"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 100}}}

// with returns settings with more keys.
func with(settings, more map[string]any) map[string]any {
	all := maps.Clone(settings)
	maps.Copy(all, more)
	return all
}

func TestADryRunShowsTheRatesOfBudgetsAndDropsNothing(t *testing.T) { // B10
	synctest.Test(t, func(t *testing.T) {
		s, f := samplertest.Start(t, with(budgets(analyticsBudget), map[string]any{"dry_run": true})), &traffic{}
		for range 3 {
			kept := second(t, s, f.spans("analytics", 1000, 1, ""))
			assert.Len(t, kept, 1000)
			assert.Empty(t, kept[0].TraceState().AsRaw())
		}
		assert.InDelta(t, 0.1, s.Gauges("budget_sample_rate")["analytics traces"], 1e-9)
		assert.InDelta(t, 1000, s.Gauges("budget_arrivals")["analytics traces"], 1e-6)
	})
}

func TestExemptSpansComeOnTopOfABudget(t *testing.T) { // B2
	synctest.Test(t, func(t *testing.T) {
		s, f := samplertest.Start(t, budgets(with(analyticsBudget, map[string]any{"always_keep": []any{`span.attributes["keep"] != nil`}}))), &traffic{}
		arriving := func() []samplertest.Span {
			spans := f.spans("analytics", 2000, 1, "")
			for i := range spans {
				if i%2 == 0 {
					spans[i].Attributes["keep"] = true
				}
			}
			return spans
		}
		for range 3 {
			second(t, s, arriving())
		}
		assert.InDelta(t, 1100, len(second(t, s, arriving())), 15)
		assert.InDelta(t, 1000, s.Gauges("budget_arrivals")["analytics traces"], 1e-6)
		assert.EqualValues(t, 1, s.Counts("budget_guarded_intervals")["traces"], "only before anything was known")
	})
}

// Spans that wait for the name of their trace count when they are decided, once.
func TestHeldSpansCountOnceForABudget(t *testing.T) { // T19, B2
	synctest.Test(t, func(t *testing.T) {
		s, f := samplertest.Start(t, with(budgets(with(analyticsBudget, map[string]any{"hold": map[string]any{"wait": "10s"}})),
			map[string]any{"sample_rate": 0.5})), &traffic{}
		for range 4 {
			named := f.spans("analytics", 500, 1, "")
			var children []samplertest.Span
			for i := range named {
				named[i].Root = true
				children = append(children, samplertest.Span{ID: named[i].ID})
			}
			require.NoError(t, s.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, children...)))
			pass(500 * time.Millisecond)
			require.NoError(t, s.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, named...)))
			pass(500 * time.Millisecond)
		}
		assert.InDelta(t, 1000, s.Gauges("budget_arrivals")["analytics traces"], 20,
			"half of the children are dropped at once, and the others stand for them")
		assert.InEpsilon(t, 0.1, s.Gauges("budget_sample_rate")["analytics traces"], 0.03)
	})
}
