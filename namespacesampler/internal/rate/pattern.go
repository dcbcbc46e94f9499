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
	MaxMatchedBytes = 1024
)

// IsPattern reports whether the key of an override is a pattern: * matches any run of characters, including none, and ? matches one
// character. There is no escape character; a pattern also matches its own text.
func IsPattern(key string) bool { return strings.ContainsAny(key, "*?") }

// ValidateKey returns an error if a key is not valid for an override.
func ValidateKey(key string) error {
	if IsPattern(key) && len(key) > MaxPatternBytes {
		return fmt.Errorf("a pattern must be at most %d bytes, got %d", MaxPatternBytes, len(key))
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
// The text between two stars is matched at its first occurrence: if the rest of the pattern does not match after that, it does not
// match after a later occurrence either. Thus matching never backtracks over stars.
func matches(pattern, name string) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	n, ok := matchPrefix(head, name)
	if !ok {
		return false
	}
	name = name[n:]
	if !starred {
		return name == ""
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return matchSuffix(name, part)
		}
		end, ok := findPart(part, name)
		if !ok {
			return false
		}
		name, rest = name[end:], after
	}
}

// matchPrefix reports whether a part without stars matches the beginning of a name, and the number of bytes matched.
func matchPrefix(part, name string) (int, bool) {
	n := 0
	for part != "" {
		literal, rest, question := strings.Cut(part, "?")
		if !strings.HasPrefix(name[n:], literal) {
			return 0, false
		}
		n += len(literal)
		if !question {
			return n, true
		}
		_, size := utf8.DecodeRuneInString(name[n:])
		if size == 0 {
			return 0, false
		}
		n += size
		part = rest
	}
	return n, true
}

// findPart returns the end of the first match of a part without stars within a name.
func findPart(part, name string) (int, bool) {
	literal, _, question := strings.Cut(part, "?")
	for at := 0; ; {
		i := strings.Index(name[at:], literal)
		if i < 0 {
			return 0, false
		}
		at += i
		if !question {
			return at + len(literal), true
		}
		if n, ok := matchPrefix(part, name[at:]); ok {
			return at + n, true
		}
		_, size := utf8.DecodeRuneInString(name[at:])
		if size == 0 {
			return 0, false
		}
		at += size
	}
}

// matchSuffix reports whether a part without stars matches the end of a name.
func matchSuffix(name, part string) bool {
	if !strings.Contains(part, "?") {
		return strings.HasSuffix(name, part)
	}
	at := len(name)
	for range utf8.RuneCountInString(part) {
		_, size := utf8.DecodeLastRuneInString(name[:at])
		if size == 0 {
			return false
		}
		at -= size
	}
	n, ok := matchPrefix(part, name[at:])
	return ok && at+n == len(name)
}
