// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The steps are counted: a word of states advances once for each character that is read, and no character is read twice.
func TestMatchingIsLinearInTheNameAndInThePatterns(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*x?y%03d*", "*a*a*a*a*a*a*b%03d", "*aaaaaaaaaaaaaaaa?b%03d*", "*" + strings.Repeat("x?", 120) + "%03d*"} {
		var patterns []string
		characters := 0
		for i := range 100 {
			patterns = append(patterns, fmt.Sprintf(pattern, i))
			characters += len(patterns[i])
		}
		for _, length := range []int{64, MaxMatchedBytes} {
			for _, name := range []string{strings.Repeat("a", length), strings.Repeat("x", length), strings.Repeat("ax", length/2)} {
				steps := 0
				for _, a := range compile(patterns) {
					_, read, ok := a.match(name)
					require.False(t, ok)
					require.LessOrEqual(t, read, len(name))
					steps += a.words * read
				}
				assert.LessOrEqual(t, steps, length*(2*characters/wordBits+1), "%s: a step for each character, and for each word of patterns", pattern)
			}
		}
	}
}

func TestANameIsReadOnlyAsFarAsItCanMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, name string
		read          int
	}{
		{"rust_*", "payments", 1},
		{"rust_*", "rustic " + strings.Repeat("x", 1000), 5},
		{"rust_*", "rust_" + strings.Repeat("x", 1000), 5},
		{"*", strings.Repeat("x", 1000), 0},
		{"rust", "rust_linear", 5},
		{strings.Repeat("a", 100) + "*", strings.Repeat("a", 1000), 100},
		{strings.Repeat("a", 100) + "*", "ä", 2},
		{"ä?*", "äöü", 4},
	} {
		a := compile([]string{tt.pattern})
		require.Len(t, a, 1)
		_, read, ok := a[0].match(tt.name)
		assert.Equal(t, tt.read, read, "%q %q", tt.pattern, tt.name)
		assert.Equal(t, backtrack(tt.pattern, tt.name), ok, "%q %q", tt.pattern, tt.name)
	}
}

func TestPatternsShareWordsAndTheFirstThatMatchesWins(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100) + "*"
	patterns := []string{"aa*", long, "a*", "*" + strings.Repeat("?", 63), "b*", "*c", strings.Repeat("d", 62) + "*", "?"}
	compiled := Compile(patterns...)
	for name, want := range map[string]int{
		"aab": 0, "ab": 2, strings.Repeat("a", 200): 0, "b": 4, "bc": 4, "xc": 5, strings.Repeat("d", 62): 6, strings.Repeat("d", 63): 3, "d": 7,
	} {
		got, ok := compiled.First(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	_, ok := compiled.First("dd")
	assert.False(t, ok)
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("team-%03d-*", i))
	}
	assert.Len(t, compile(many), 167, "six of them to a word")
}
