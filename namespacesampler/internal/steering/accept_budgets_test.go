// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// budgetRow returns a row with a budget in place of a rate, as it is read.
func budgetRow(key string, signal rate.Signal, items float64) postgres.OverrideRow {
	return postgres.OverrideRow{
		Override:  rate.Override{Key: key, Signal: signal, Probability: math.NaN(), ItemsPerSecond: items},
		LacksRate: true, HasBudget: true,
	}
}

func TestARowWithABudgetIsAnOverride(t *testing.T) {
	t.Parallel()
	good, bad := accept([]postgres.OverrideRow{
		budgetRow("a", rate.Traces, 200), budgetRow("a", rate.Logs, 0.5), budgetRow("b*", rate.Traces, 1), budgetRow("", rate.Logs, 1),
	}, []string{"", "unknown"}, rate.MinBudgetPrecision)
	assert.Empty(t, bad)
	assert.Equal(t, []rate.Override{ // without NaN, which is equal to nothing
		{Key: "a", Signal: rate.Traces, ItemsPerSecond: 200},
		{Key: "a", Signal: rate.Logs, ItemsPerSecond: 0.5},
		{Key: "b*", Signal: rate.Traces, ItemsPerSecond: 1},
		{Signal: rate.Logs, ItemsPerSecond: 1},
	}, good)
}

func TestARowWithABudgetThatMakesNoSenseIsRejectedWithTheReason(t *testing.T) {
	t.Parallel()
	both, neither, text := budgetRow("a", rate.Traces, 200), budgetRow("a", rate.Traces, 0), budgetRow("a", rate.Traces, math.NaN())
	both.LacksRate, both.Probability = false, 0.5
	neither.HasBudget = false
	text.NumberError = errors.New(`items_per_second must be a number above 0, got "many"`)
	for name, c := range map[string]struct {
		row       postgres.OverrideRow
		precision int
		want      string
	}{
		"both":           {both, 4, "either sample_rate or items_per_second must be set, got both (set the other one to NULL)"},
		"neither":        {neither, 4, "either sample_rate or items_per_second must be set, got NULL"},
		"text":           {text, 4, `items_per_second must be a number above 0, got "many"`},
		"of all signals": {budgetRow("a", rate.All, 200), 4, "items_per_second is for one signal: signal must be traces or logs, got all"},
		"of metrics": {
			budgetRow("a", rate.Metrics, 200), 4, "items_per_second is for spans and log records only, since series are kept or dropped as wholes: " +
				"signal must be traces or logs, got metrics (or set sample_rate)",
		},
		"of nothing":    {budgetRow("a", "spans", 200), 4, `signal must be all, traces, metrics or logs, got "spans"`},
		"0":             {budgetRow("a", rate.Traces, 0), 4, "items_per_second must be a number of items above 0, such as 200, got 0"},
		"negative":      {budgetRow("a", rate.Logs, -1), 4, "items_per_second must be a number of items above 0, such as 200, got -1"},
		"NaN":           {budgetRow("a", rate.Logs, math.NaN()), 4, "items_per_second must be a number of items above 0, such as 200, got NaN"},
		"infinite":      {budgetRow("a", rate.Logs, math.Inf(1)), 4, "items_per_second must be a number of items above 0, such as 200, got +Inf"},
		"missing value": {budgetRow("unknown", rate.Logs, 1), 4, `namespace must be a namespace: "unknown" counts as absent (namespace::missing_values), so no item has it`},
		"low precision": {
			budgetRow("a", rate.Traces, 200), 2, "items_per_second needs tracing::sampling_precision of at least 3, since the rates of budgets change by " +
				"a few per cent, and it is 2",
		},
	} {
		good, bad := accept([]postgres.OverrideRow{c.row}, []string{"", "unknown"}, c.precision)
		assert.Empty(t, good, name)
		assert.Equal(t, []Rejected{{c.row.Key, string(c.row.Signal), c.want}}, bad, name)
	}
	good, _ := accept(rows(rate.Override{Key: "a", Signal: rate.Traces, Probability: 1}), nil, 1)
	assert.Len(t, good, 1, "a rate needs no precision")
}
