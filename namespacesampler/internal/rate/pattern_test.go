// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

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
			assert.True(t, matches(tt.pattern, name), "%q matches %q", tt.pattern, name)
		}
		for _, name := range tt.misses {
			assert.False(t, matches(tt.pattern, name), "%q does not match %q", tt.pattern, name)
		}
	}
}

// FuzzPattern compares the matching with regular expressions.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{"*", "a*", "*a", "a?c", "*a?b*c?", "a*ab", "??", "*?*", "*ab*ab*", "a"} {
		for _, name := range []string{"", "a", "abab", "aabbcc", "a\xffc", "äöü", "xaxbxc", "aab"} {
			f.Add(pattern, name)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !utf8.ValidString(pattern) || strings.Contains(pattern, "\uFFFD") || len(pattern) > 60 {
			t.Skip() // regexp reads an invalid byte as U+FFFD
		}
		expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile("^(?s:" + expression + ")$").MatchString(name)
		assert.Equal(t, want, matches(pattern, name), "%q %q", pattern, name)
	})
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
		assert.Equal(t, Match{Rate: want, Rule: tt.rule, Source: tt.source, Pattern: tt.pattern}, *got, tt.why)
	}
	assert.Equal(t, []string{"exact", "exact_name"}, table.Names(), "patterns are not names")
	assert.InDelta(t, 0.3, table.Probabilities()["rust_e2e_*"], 0)
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

func BenchmarkLookupWithManyPatterns(b *testing.B) {
	hostile := strings.Repeat("a", MaxMatchedBytes)
	for _, bm := range []struct{ title, pattern, name string }{
		{"prefixes", "team-%03d-*", "team-999-orders"},
		{"stars", "*a*b%03d*c", strings.Repeat("ab", 32)},
		{"stars 1kB", "*a*a*a*a*a*a*a*b%03d", hostile},
		{"questions 1kB", "*aaaaaaaaaaaaaaaa?b%03d*", hostile},
	} {
		var overrides []Override
		for i := range MaxPatterns {
			overrides = append(overrides, Override{Key: fmt.Sprintf(bm.pattern, i), Signal: All, Source: SharedOverride, Probability: 0.5})
		}
		table, err := NewTable(Spec{Signal: Traces, Overrides: overrides, Precision: 4})
		require.NoError(b, err)
		b.Run(bm.title, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Lookup(bm.name)
			}
		})
	}
}
