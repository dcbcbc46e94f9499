// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRuntimeOverridesWin over all that is configured: this signal's, then those of all signals, exact ones before patterns.
func TestRuntimeOverridesWin(t *testing.T) {
	signalGlobal := 0.0
	table, err := NewTable(Spec{
		RuntimeSignal:   listed(map[string]float64{"both": 0.1, "pay*": 0.2}),
		RuntimeShared:   listed(map[string]float64{"both": 0.3, "payments": 0.4, "p*": 0.5}),
		SignalOverrides: listed(map[string]float64{"both": 0.6, "payments": 0.6, "payroll": 0.6, "pets": 0.6, "orders": 0.7}),
		SignalGlobal:    &signalGlobal, Precision: 4,
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
	assert.Equal(t, map[string]float64{
		"both": 0.1, "payments": 0.4, "pay*": 0.2, "p*": 0.5, "payroll": 0.6, "pets": 0.6, "orders": 0.7,
	}, table.Overrides())
}

// TestOverridesEndOnTime: what is over is as if it were not listed, to the nanosecond.
func TestOverridesEndOnTime(t *testing.T) {
	end := time.Date(2026, 12, 1, 0, 0, 0, 0, time.FixedZone("far east", 9*3600))
	spec := Spec{
		RuntimeShared:   []Override{{Key: "payments", Probability: 1, Until: end.Add(time.Hour)}},
		SignalOverrides: []Override{{Key: "payments", Probability: 0.5, Until: end}, {Key: "orders", Probability: 0.5, Until: end}},
		SharedOverrides: []Override{{Key: "orders", Probability: 0.25}, {Key: "r*", Probability: 0.125, Until: end}},
		Global:          0, Precision: 4,
	}
	at := func(now time.Time) *Table {
		spec.Now = now
		table, err := NewTable(spec)
		require.NoError(t, err)
		return table
	}

	before := at(end.Add(-time.Nanosecond))
	assert.Equal(t, end.UTC(), before.Ends())
	assert.Equal(t, end.Add(time.Hour).UTC(), before.Lookup("payments").ExpiresAt)
	assert.Equal(t, Match{
		Rate: before.Lookup("orders").Rate, Rule: Exact, Source: SignalOverride, ExpiresAt: end.UTC(),
	}, *before.Lookup("orders"))
	assert.Equal(t, end.UTC(), before.Lookup("rust").ExpiresAt)

	after := at(end)
	assert.Equal(t, end.Add(time.Hour).UTC(), after.Ends())
	assertMatch(t, 0.25, Exact, SharedOverride, after.Lookup("orders"))
	assertMatch(t, 0, Global, SharedGlobal, after.Lookup("rust"))
	assert.InDelta(t, 1, after.Lookup("payments").Probability, 0)

	last := at(end.Add(time.Hour))
	assert.True(t, last.Ends().IsZero())
	assertMatch(t, 0, Global, SharedGlobal, last.Lookup("payments"))
}
