// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLookupFindsRatesInOrderOfPrecedence(t *testing.T) {
	signalGlobal := 0.125
	spec := Spec{
		Signal: Traces,
		Overrides: slices.Concat(
			listed(SignalOverride, map[string]float64{"both": 0.9, "signal": 0.8, "off": 0}),
			listed(SharedOverride, map[string]float64{"both": 0.7, "shared": 0.6, "off": 1}),
			of(Metrics, listed(SignalOverride, map[string]float64{"both": 0.3, "shared": 0.3, "other": 0.3}))),
		SignalGlobal: &signalGlobal,
		Global:       0.25,
		Precision:    4,
	}
	for _, tt := range []struct {
		name, namespace string
		probability     float64
		rule            Rule
		source          Source
	}{
		{"the signal's override", "signal", 0.8, Exact, SignalOverride},
		{"the signal's override before the shared one", "both", 0.9, Exact, SignalOverride},
		{"0 is an override like any other", "off", 0, Exact, SignalOverride},
		{"the shared override", "shared", 0.6, Exact, SharedOverride},
		{"the signal's global rate for a name without an override", "other", 0.125, Global, SignalGlobal},
		{"the signal's global rate for no name", "", 0.125, Global, SignalGlobal},
		{"names are matched whole", "share", 0.125, Global, SignalGlobal},
		{"names are case-sensitive", "Shared", 0.125, Global, SignalGlobal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, err := NewTable(spec)
			require.NoError(t, err)
			assertMatch(t, tt.probability, tt.rule, tt.source, table.Lookup(tt.namespace))
		})
	}
}

// The empty name stands for items without a namespace.
func TestTheEmptyNameHasAnOverrideOfItsOwnAndMatchesNoPattern(t *testing.T) {
	patterns := map[string]float64{"*": 0.5, "?": 0.5, "**": 0.5}
	table, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, patterns), Global: 0.25, Precision: 4})
	require.NoError(t, err)
	assertMatch(t, 0.25, Global, SharedGlobal, table.Lookup(""))
	assert.True(t, table.Lookup("x").Rule == Pattern)

	overrides := slices.Concat(listed(SharedOverride, patterns), listed(SharedOverride, map[string]float64{"": 1}))
	table, err = NewTable(Spec{Signal: Traces, Overrides: overrides, Global: 0.25, Precision: 4})
	require.NoError(t, err)
	assertMatch(t, 1, Exact, SharedOverride, table.Lookup(""))
	assertMatch(t, 0.25, Global, SharedGlobal, table.Global())
	assert.InDelta(t, 1, table.Highest().Probability, 0)
	assert.False(t, table.IsUniform())

	overrides = append(overrides, listed(RuntimeOverride, map[string]float64{"": 0})...)
	table, err = NewTable(Spec{Signal: Traces, Overrides: overrides, Global: 0.25, Precision: 4})
	require.NoError(t, err)
	assertMatch(t, 0, Exact, RuntimeOverride, table.Lookup(""))
}

func TestTheGlobalRateOfASignalReplacesTheSharedOne(t *testing.T) {
	zero := 0.0
	for _, tt := range []struct {
		name        string
		signal      *float64
		probability float64
		source      Source
	}{
		{"the shared rate if the signal has none", nil, 0.25, SharedGlobal},
		{"the signal's own, even if it is 0", &zero, 0, SignalGlobal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, err := NewTable(Spec{SignalGlobal: tt.signal, Global: 0.25, Precision: 4})
			require.NoError(t, err)
			assertMatch(t, tt.probability, Global, tt.source, table.Global())
			assert.Same(t, table.Global(), table.Lookup("anything"))
		})
	}
}

func TestNamesAreThoseOfAllOverridesSortedAndDistinct(t *testing.T) {
	table, err := NewTable(Spec{
		Signal: Traces,
		Overrides: slices.Concat(
			listed(SignalOverride, map[string]float64{"b": 1, "c": 1}), listed(SharedOverride, map[string]float64{"b": 0, "a": 0})),
		Precision: 4,
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, table.Names())
}

func TestATableIsIndependentOfItsOverrides(t *testing.T) {
	overrides := listed(SharedOverride, map[string]float64{"payments": 0.5})
	table, err := NewTable(Spec{Signal: Traces, Overrides: overrides, Global: 1, Precision: 4})
	require.NoError(t, err)
	overrides[0].Probability = 0
	table.Overrides()["orders"] = table.Lookup("payments")

	assertMatch(t, 0.5, Exact, SharedOverride, table.Lookup("payments"))
	assertMatch(t, 1, Global, SharedGlobal, table.Lookup("orders"))
}

func TestThresholdsHaveThePrecisionOfTheTable(t *testing.T) {
	table, err := NewTable(Spec{
		Signal: Traces, Overrides: listed(SharedOverride, map[string]float64{"third": 1. / 3}), Global: 2. / 3, Precision: 14,
	})
	require.NoError(t, err)
	assert.Equal(t, "aaaaaaaaaaaaac", table.Lookup("third").TValue)
	assert.Equal(t, "55555555555558", table.Global().TValue)
}

func TestHighestRateAndWhetherRatesAreUniformOrFixed(t *testing.T) {
	for _, tt := range []struct {
		name      string
		overrides map[string]float64
		global    float64
		highest   float64
		uniform   bool
		fixed     bool
	}{
		{"no overrides", nil, 0.5, 0.5, true, false},
		{"overrides like the global rate", map[string]float64{"a": 0.5, "b": 0.5}, 0.5, 0.5, true, false},
		{"an override above", map[string]float64{"a": 0.6, "b": 0.1}, 0.5, 0.6, false, false},
		{"overrides below", map[string]float64{"a": 0.2, "b": 0}, 0.5, 0.5, false, false},
		{"all is never", map[string]float64{"a": 0}, 0, 0, true, true},
		{"a fixed global rate with another override", map[string]float64{"a": 0, "b": 0.25}, 1, 1, false, false},
		{"a fixed global rate with another pattern", map[string]float64{"a*": 0.25}, 1, 1, false, false},
		{"a fixed override with another global rate", map[string]float64{"a": 1}, 0.25, 1, false, false},
		{"everything is kept", nil, 1, 1, true, true},
		{"one is always", map[string]float64{"a": 1}, 0, 1, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, tt.overrides), Global: tt.global, Precision: 14})
			require.NoError(t, err)
			assert.InDelta(t, tt.highest, table.Highest().Probability, 0)
			assert.Equal(t, tt.uniform, table.IsUniform(), "uniform")
			assert.Equal(t, tt.fixed, table.IsFixed(), "fixed")
		})
	}
}

// Each error says where the rate is defined, and their order is stable.
func TestEveryInvalidRateIsReported(t *testing.T) {
	signalGlobal := math.NaN()
	spec := Spec{
		Signal: Traces,
		Overrides: slices.Concat(
			listed(SignalOverride, map[string]float64{"payments": 50, "fine": 0.5}),
			listed(SharedOverride, map[string]float64{"payments": -1, "orders": 2, "analytics": math.Inf(1)}),
			of(Metrics, listed(SignalOverride, map[string]float64{"payments": 60}))),
		SignalGlobal: &signalGlobal,
		Precision:    4,
	}
	for range 20 {
		table, err := NewTable(spec)
		require.Nil(t, table)
		require.EqualError(t, err, `rate table: shared_override "analytics": sample rate must be between 0 and 1, got +Inf
shared_override "orders": sample rate must be between 0 and 1, got 2 (for 2 % write 0.02)
shared_override "payments": sample rate must be between 0 and 1, got -1
signal_override "payments": sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)
signal_global: sample rate must be between 0 and 1, got NaN (not a number)`)
	}

	_, err := NewTable(Spec{Global: 10, Precision: 4})
	require.EqualError(t, err, "rate table: global: sample rate must be between 0 and 1, got 10 (for 10 % write 0.1)")
}

// listed returns overrides of a source that never expire, of all signals unless the source is SignalOverride, which is of Traces.
func listed(source Source, rates map[string]float64) (overrides []Override) {
	signal := All
	if source == SignalOverride {
		signal = Traces
	}
	for key, probability := range rates {
		overrides = append(overrides, Override{Key: key, Signal: signal, Source: source, Probability: probability})
	}
	return overrides
}

// of sets the signal of overrides.
func of(signal Signal, overrides []Override) []Override {
	for i := range overrides {
		overrides[i].Signal = signal
	}
	return overrides
}

func assertMatch(t *testing.T, probability float64, rule Rule, source Source, got *Match) {
	t.Helper()
	want, err := New(probability, 4)
	require.NoError(t, err)
	require.NotNil(t, got)
	assert.Equal(t, Match{Rate: want, Rule: rule, Source: source, Signal: signalOf(source, got)}, *got)
}

// signalOf returns the signal of a match from a source: sources other than runtime overrides tell whether it is for all signals.
func signalOf(source Source, got *Match) Signal {
	switch {
	case source == SharedOverride || source == SharedGlobal:
		return All
	case got.Signal == All && source != RuntimeOverride:
		return "that of the table"
	}
	return got.Signal
}

func TestRatesForOneSignalAreToldFromThoseForAll(t *testing.T) { // L3
	half, all := 0.5, []Override{
		{Key: "shared", Signal: All, Source: SharedOverride, Probability: 1},
		{Key: "own", Signal: Logs, Source: SignalOverride, Probability: 0.25},
		{Key: "other", Signal: Traces, Source: SignalOverride, Probability: 0.75},
		{Key: "steered", Signal: All, Source: RuntimeOverride, Probability: 0.9},
		{Key: "steered own", Signal: Logs, Source: RuntimeOverride, Probability: 0.3},
	}
	signals := func(global *float64) (signals []Signal, highest *Match) {
		table, err := NewTable(Spec{Signal: Logs, Overrides: all, SignalGlobal: global, Global: 0.1, Precision: 4})
		require.NoError(t, err)
		for _, name := range []string{"shared", "own", "steered", "steered own", "other"} {
			signals = append(signals, table.Lookup(name).Signal)
		}
		return signals, table.HighestOfSignal()
	}
	got, highest := signals(nil)
	assert.Equal(t, []Signal{All, Logs, All, Logs, All}, got)
	assert.InDelta(t, 0.3, highest.Probability, 0)
	got, highest = signals(&half)
	assert.Equal(t, []Signal{All, Logs, All, Logs, Logs}, got)
	assert.InDelta(t, 0.5, highest.Probability, 0)
	all = all[:1]
	_, highest = signals(nil)
	assert.Nil(t, highest)
}

// Of two overrides with the same identity the later one wins.
func TestTheLaterOfTwoEqualOverridesWins(t *testing.T) {
	table, err := NewTable(Spec{
		Signal: Metrics,
		Overrides: []Override{
			{Key: "payments", Signal: All, Source: SharedOverride, Probability: 0.5},
			{Key: "payments", Signal: All, Source: SharedOverride, Probability: 0.25},
		},
		Precision: 4,
	})
	require.NoError(t, err)
	assertMatch(t, 0.25, Exact, SharedOverride, table.Lookup("payments"))
}

func TestAReplacedOverrideDoesNotRaiseTheHighestRate(t *testing.T) {
	table, err := NewTable(Spec{Signal: Metrics, Global: 0.1, Precision: 4, Overrides: []Override{
		{Key: "orders", Signal: All, Source: SharedOverride, Probability: 1},
		{Key: "orders", Signal: Metrics, Source: SignalOverride, Probability: 0.5},
	}})
	require.NoError(t, err)
	assert.InDelta(t, 0.5, table.Highest().Probability, 0, "no item can be sampled at the shared rate, so none needs a lookup because of it")
}
