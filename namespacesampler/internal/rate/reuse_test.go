// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Rates change more often than patterns.
func TestATableWithTheSamePatternsMatchesNoNameAgain(t *testing.T) {
	t.Parallel()
	build := func(signal Signal, reuse []*Table, overrides ...map[string]float64) *Table {
		table, err := NewTable(Spec{
			Signal: signal, Global: 1, Precision: 14, Reuse: reuse,
			Overrides: slices.Concat(listed(SharedOverride, overrides[0]), listed(RuntimeOverride, overrides[1])),
		})
		require.NoError(t, err)
		return table
	}
	configured := map[string]float64{"*long?" + strings.Repeat("a", 90) + "*": 0.25}
	runtime := map[string]float64{"*x?y" + strings.Repeat("b", 90): 0.5}
	names := []string{"long_" + strings.Repeat("a", 300), strings.Repeat("x", 200) + "_y" + strings.Repeat("b", 90), strings.Repeat("none", 100)}
	before := build(Traces, nil, configured, runtime)
	for i, want := range []float64{0.25, 0.5, 1} {
		assert.InDelta(t, want, before.Lookup(names[i]).Probability, 0)
	}

	for pattern := range runtime {
		runtime[pattern] = 0.125
	}
	runtime["payments"] = 0.75
	after := build(Traces, []*Table{before}, configured, runtime)
	metrics := build(Metrics, []*Table{build(Metrics, nil, nil, nil), after}, configured, runtime)
	added := build(Traces, []*Table{before}, configured, map[string]float64{"*x*": 0.5})
	before.forgetPatterns()
	for _, table := range []*Table{after, metrics} {
		for i, want := range []float64{0.25, 0.125, 1} {
			assert.InDelta(t, want, table.Lookup(names[i]).Probability, 0, "remembered, at the rate of this table")
		}
		assert.Equal(t, Global, table.Lookup(names[0]+"a").Rule, "it was not asked for")
	}
	assert.InDelta(t, 0.25, added.Lookup(names[0]).Probability, 0)
	assert.InDelta(t, 0.5, added.Lookup(names[1]).Probability, 0, "these patterns are others")
}

func TestAllPatternsThatMatchANameAreFound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100)
	texts := []string{"a*", "*b", "?", long + "*", "*a*", "c", long}
	patterns := Compile(texts...)
	for _, name := range []string{"", "a", "ab", "b", "c", "ä", long, long + "b", strings.Repeat("a", MaxMatchedBytes+1)} {
		var want []int
		for i, text := range texts {
			if len(name) <= MaxMatchedBytes && backtrack(text, name) {
				want = append(want, i)
			}
		}
		assert.Equal(t, want, slices.Collect(patterns.All(name)), name)
	}
	for i := range patterns.All("a") {
		assert.Zero(t, i)
		break
	}
}
