// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternsMatchWholeNames(t *testing.T) {
	for _, tt := range []struct {
		pattern         string
		matches, misses []string
	}{
		{"*", []string{"a", "*", "ä", "\xff", "a\nb", "rust::linear"}, nil},
		{"rust_*", []string{"rust_", "rust_e2e", "rust_*"}, []string{"rust", "Rust_e2e", "a rust_e2e"}},
		{"*_test", []string{"_test", "a_test", "_test_test"}, []string{"_test ", "test"}},
		{"a*b*c", []string{"abc", "a b c", "abcbc"}, []string{"ab", "acb", "abcd"}},
		{"team-?", []string{"team-a", "team-ä", "team-?", "team-\xff"}, []string{"team-", "team-ab"}},
		{"?*", []string{"a", "ab"}, nil},
		{"*?a", []string{"ba", "aaa"}, []string{"a", "ab"}},
		{"*a?", []string{"ab", "aaa", "a\xff"}, []string{"a", "ba"}},
		{"*a?c*e", []string{"abce", "aabc e"}, []string{"ace", "abcd"}},
		{"*ab", []string{"aab"}, []string{"aba"}},
		{"ab*ba", []string{"abba", "ab ba"}, []string{"aba"}}, // the ends do not overlap
		{"**", []string{"a", "ab"}, nil},
		{"a.c[d]", nil, []string{"abc[d]"}}, // nothing else is special
	} {
		for _, name := range tt.matches {
			assert.True(t, matches(name, tt.pattern), "%q matches %q", tt.pattern, name)
		}
		for _, name := range tt.misses {
			assert.False(t, matches(name, tt.pattern), "%q does not match %q", tt.pattern, name)
		}
	}
}

// Exact names come first, then the patterns of the signal, then those of all signals, the longest first.
func TestPatternsAreTriedInOrderOfPrecedence(t *testing.T) {
	table, err := NewTable(Spec{
		Signal: Traces,
		Overrides: slices.Concat(
			listed(SignalOverride, map[string]float64{"rust_*": 0.1, "*linear": 0.2, "exact*": 0.25}),
			listed(SharedOverride, map[string]float64{
				"rust_e2e_*": 0.3, "exact": 0.4, "exact_name": 0.45, "aa*": 0.5, "*aa": 0.6, "?aaa": 0.65, "literal*": 0.7,
			})),
		Global: 1, Precision: 14,
	})
	require.NoError(t, err)
	for _, tt := range []struct {
		namespace, why, pattern string
		probability             float64
		rule                    Rule
		source                  Source
	}{
		{"exact_name", "a shared exact name before a pattern of the signal", "", 0.45, Exact, SharedOverride},
		{"exactly", "the pattern if there is no exact name", "exact*", 0.25, Pattern, SignalOverride},
		{"rust_e2e_a", "a pattern of the signal before a longer shared one", "rust_*", 0.1, Pattern, SignalOverride},
		{"rust_linear", "the pattern with more literal characters", "*linear", 0.2, Pattern, SignalOverride},
		{"aaa", "the first in byte order", "*aa", 0.6, Pattern, SharedOverride},
		{"baaa", "literal characters count, not the length", "?aaa", 0.65, Pattern, SharedOverride},
		{"literal*", "a pattern matches its own text exactly", "", 0.7, Exact, SharedOverride},
		{"other", "nothing matches", "", 1, Global, SharedGlobal},
		{"", "no namespace", "", 1, Global, SharedGlobal},
	} {
		got := table.Lookup(tt.namespace)
		want, err := New(tt.probability, 14)
		require.NoError(t, err)
		assert.Equal(t, Match{Rate: want, Rule: tt.rule, Source: tt.source, Signal: signalOf(tt.source, got), Pattern: tt.pattern}, *got, tt.why)
	}
	assert.Equal(t, []string{"exact", "exact_name"}, table.Names(), "patterns are not names")
	assert.InDelta(t, 0.3, table.Overrides()["rust_e2e_*"].Probability, 0)
	assert.False(t, table.IsUniform())
	assert.InDelta(t, 1, table.Highest().Probability, 0)
}

func TestAPatternCanHaveTheHighestRate(t *testing.T) {
	table, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, map[string]float64{"a*": 0.9}), Global: 0.1, Precision: 4})
	require.NoError(t, err)
	assert.InDelta(t, 0.9, table.Highest().Probability, 0)
	assert.False(t, table.IsUniform())
}

func TestTheLengthOfPatternsAndMatchedNamesIsBounded(t *testing.T) {
	table, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, map[string]float64{"*": 0.5}), Global: 0.1, Precision: 4})
	require.NoError(t, err)
	assert.InDelta(t, 0.5, table.Lookup(strings.Repeat("a", MaxMatchedBytes)).Probability, 0)
	assert.InDelta(t, 0.1, table.Lookup(strings.Repeat("a", MaxMatchedBytes+1)).Probability, 0)

	require.NoError(t, ValidateKey(strings.Repeat("a", MaxPatternBytes)+"a"))
	require.NoError(t, ValidateKey(strings.Repeat("*", MaxPatternBytes)))
	require.EqualError(t, ValidateKey(strings.Repeat("*", MaxPatternBytes+1)), "a pattern must be at most 256 bytes, got 257")
}
