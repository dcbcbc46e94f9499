// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

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
		assert.Equal(t, want, matches(name, pattern), "%q %q", pattern, name)
	})
}

// FuzzPatterns compares the matching with backtracking: of several patterns, of any length, and of invalid UTF-8.
func FuzzPatterns(f *testing.F) {
	long := strings.Repeat("ab?", 40)
	for _, patterns := range []string{
		"*", "a*\n*a\na?c", "a\xff*\n?\xc3\n*\xa4\nä", "\uFFFD\n\xff\n*?", long + "*\n*" + long + "\nabb", strings.Repeat("*a?b\n", 30), "", "\n",
		strings.Repeat("a", 63) + "\n" + strings.Repeat("a", 64) + "\n" + strings.Repeat("?", 127) + "*\n" + strings.Repeat("?", 256) + "\naa",
	} {
		for _, name := range []string{
			"", "a", "abab", "a\xffc", "ä", "\xc3\xa4", "\xc3", "\xa4", "\uFFFD", "\xff", strings.Repeat("abb", 40), strings.Repeat("a", 63),
			strings.Repeat("a", 64), strings.Repeat("a", 127), strings.Repeat("ä", 256), strings.Repeat("a", MaxMatchedBytes), "xxayb",
		} {
			f.Add(patterns, name)
		}
	}
	f.Fuzz(func(t *testing.T, patterns, name string) {
		list := strings.Split(patterns, "\n")
		for _, pattern := range list {
			if len(pattern) > MaxPatternBytes {
				t.Skip()
			}
		}
		want, wantOK := 0, false
		for i, pattern := range list {
			if len(name) <= MaxMatchedBytes && backtrack(pattern, name) {
				want, wantOK = i, true
				break
			}
		}
		compiled := Compile(list...)
		got, ok := compiled.First(name)
		assert.Equal(t, wantOK, ok, "%q %q", patterns, name)
		assert.Equal(t, want, got, "%q %q", patterns, name)
	})
}

// matches reports whether a pattern matches a name, of any length.
func matches(name, pattern string) bool {
	for _, a := range compile([]string{pattern}) {
		if _, _, ok := a.match(name); ok {
			return true
		}
	}
	return false
}

// backtrack is a plain way to match, with a cost of name × pattern and more. Each star first matches nothing; on a mismatch the last star
// takes one more character.
func backtrack(pattern, name string) bool {
	afterStar, retry := -1, 0 // where to continue in pattern and name after a mismatch
	p, n := 0, 0
	for n < len(name) {
		_, size := utf8.DecodeRuneInString(name[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			afterStar, retry = p, n
		case p < len(pattern) && pattern[p] == '?':
			p++
			n += size
		case strings.HasPrefix(pattern[p:], name[n:n+size]):
			p += size
			n += size
		case afterStar >= 0:
			_, size = utf8.DecodeRuneInString(name[retry:])
			retry += size
			p, n = afterStar, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
