// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of patterns. Names come from telemetry, which may be hostile: these bound the cost of matching one.
const (
	// MaxPatternBytes is the maximum length of a pattern.
	MaxPatternBytes = 256
	// MaxPatterns is the maximum number of patterns in one list of overrides.
	MaxPatterns = 1000
	// MaxMatchedBytes is the maximum length of a name that patterns match; longer names match none, not even "*".
	MaxMatchedBytes = MaxNameBytes
)

// IsPattern reports whether the key of an override is a pattern: * matches any run of characters, including none, and ? matches one
// character. There is no escape character; a pattern also matches its own text.
func IsPattern(key string) bool { return strings.ContainsAny(key, "*?") }

// ValidateKey returns an error if a key is not valid for an override.
func ValidateKey(key string) error {
	if IsPattern(key) && len(key) > MaxPatternBytes {
		return fmt.Errorf("a pattern must be at most %d bytes, got %d", MaxPatternBytes, len(key))
	}
	if len(key) > MaxNameBytes {
		return fmt.Errorf("a namespace must be at most %d bytes, got %d", MaxNameBytes, len(key))
	}
	return nil
}

// literals returns the number of characters of a pattern that are neither * nor ?.
func literals(pattern string) int {
	return utf8.RuneCountInString(pattern) - strings.Count(pattern, "*") - strings.Count(pattern, "?")
}

// patternMatch is a pattern with the rate of the namespaces that it matches.
type patternMatch struct {
	pattern  string
	literals int
	*Match
}

// sortPatterns sorts patterns by precedence: most literal characters first, then in byte order.
func sortPatterns(patterns []patternMatch) {
	slices.SortFunc(patterns, func(a, b patternMatch) int {
		return cmp.Or(cmp.Compare(b.literals, a.literals), strings.Compare(a.pattern, b.pattern))
	})
}

// Matches reports whether a pattern matches a name.
func Matches(pattern, name string) bool {
	return len(name) <= MaxMatchedBytes && matches(pattern, name)
}

// matches reports whether a pattern matches a whole name. A character is a rune, or a byte of invalid UTF-8.
//
// Each star first matches nothing. On a mismatch the last star takes one more character; an earlier star never has to, since what
// follows it was matched at its first occurrence.
func matches(pattern, name string) bool {
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
