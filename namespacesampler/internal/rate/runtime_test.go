// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Runtime overrides take precedence over all configured ones. Among them exact names come before patterns, and those of the
// signal before those of all signals.
func TestRuntimeOverridesTakePrecedence(t *testing.T) {
	signalGlobal := 0.0
	table, err := NewTable(Spec{
		Signal: Traces,
		Overrides: slices.Concat(
			of(Traces, listed(RuntimeOverride, map[string]float64{"both": 0.1, "pay*": 0.2})),
			listed(RuntimeOverride, map[string]float64{"both": 0.3, "payments": 0.4, "p*": 0.5}),
			of(Metrics, listed(RuntimeOverride, map[string]float64{"both": 0.8, "payments": 0.8, "orders": 0.8, "spans": 0.8})),
			listed(SignalOverride, map[string]float64{"both": 0.6, "payments": 0.6, "payroll": 0.6, "pets": 0.6, "orders": 0.7})),
		SignalGlobal: &signalGlobal, Precision: 4,
	})
	require.NoError(t, err)
	for namespace, want := range map[string]struct {
		probability float64
		pattern     string
	}{
		"both": {0.1, ""}, "payments": {0.4, ""}, "payroll": {0.2, "pay*"}, "pets": {0.5, "p*"},
	} {
		got := table.Lookup(namespace)
		assert.InDelta(t, want.probability, got.Probability, 0, namespace)
		assert.Equal(t, RuntimeOverride, got.Source, namespace)
		assert.Equal(t, want.pattern, got.Pattern, namespace)
	}
	assertMatch(t, 0.7, Exact, SignalOverride, table.Lookup("orders"))
	probabilities := map[string]float64{}
	for key, m := range table.Overrides() {
		probabilities[key] = m.Probability
	}
	assert.Equal(t, map[string]float64{
		"both": 0.1, "payments": 0.4, "pay*": 0.2, "p*": 0.5, "payroll": 0.6, "pets": 0.6, "orders": 0.7,
	}, probabilities, "without the overrides of the other signal")
	assertMatch(t, 0, Global, SignalGlobal, table.Lookup("spans"))
}

// An expired override is ignored, to the nanosecond.
func TestOverridesExpireOnTime(t *testing.T) {
	end := time.Date(2026, 12, 1, 0, 0, 0, 0, time.FixedZone("far east", 9*3600))
	spec := Spec{
		Signal: Traces,
		Overrides: []Override{
			{Key: "payments", Signal: All, Source: RuntimeOverride, Probability: 1, Until: end.Add(time.Hour)},
			{Key: "payments", Signal: Traces, Source: SignalOverride, Probability: 0.5, Until: end},
			{Key: "orders", Signal: Traces, Source: SignalOverride, Probability: 0.5, Until: end},
			{Key: "orders", Signal: All, Source: SharedOverride, Probability: 0.25},
			{Key: "r*", Signal: All, Source: SharedOverride, Probability: 0.125, Until: end},
		},
		Global: 0, Precision: 4,
	}
	at := func(now time.Time) *Table {
		spec.Now = now
		table, err := NewTable(spec)
		require.NoError(t, err)
		return table
	}

	before := at(end.Add(-time.Nanosecond))
	assert.Equal(t, end.UTC(), before.NextExpiry())
	assert.Equal(t, end.Add(time.Hour).UTC(), before.Lookup("payments").ExpiresAt)
	assert.Equal(t, Match{
		Rate: before.Lookup("orders").Rate, Rule: Exact, Source: SignalOverride, Signal: Traces, ExpiresAt: end.UTC(),
	}, *before.Lookup("orders"))
	assert.Equal(t, end.UTC(), before.Lookup("rust").ExpiresAt)

	after := at(end)
	assert.Equal(t, end.Add(time.Hour).UTC(), after.NextExpiry())
	assertMatch(t, 0.25, Exact, SharedOverride, after.Lookup("orders"))
	assertMatch(t, 0, Global, SharedGlobal, after.Lookup("rust"))
	assert.InDelta(t, 1, after.Lookup("payments").Probability, 0)

	last := at(end.Add(time.Hour))
	assert.True(t, last.NextExpiry().IsZero())
	assertMatch(t, 0, Global, SharedGlobal, last.Lookup("payments"))
}
