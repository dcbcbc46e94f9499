// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of patterns. Names come from telemetry, and may be made to cost much: these bound what one can.
const (
	// MaxPatternBytes is the longest pattern.
	MaxPatternBytes = 256
	// MaxPatterns is the most patterns that one list of overrides can have.
	MaxPatterns = 1000
	// MaxMatchedBytes is the longest name that patterns are tried on; longer ones match none, not even "*".
	MaxMatchedBytes = 1024
)

// IsPattern reports whether the key of an override is a pattern: * stands for any run of characters, also none, and ? for one
// character. There is no escape; a key with either also names just what it says.
func IsPattern(key string) bool { return strings.ContainsAny(key, "*?") }

// ValidateKey reports why a key cannot be that of an override.
func ValidateKey(key string) error {
	if IsPattern(key) && len(key) > MaxPatternBytes {
		return fmt.Errorf("a pattern must be at most %d bytes, got %d", MaxPatternBytes, len(key))
	}
	return nil
}

// literals returns the number of characters of a pattern that stand for themselves.
func literals(pattern string) int {
	return utf8.RuneCountInString(pattern) - strings.Count(pattern, "*") - strings.Count(pattern, "?")
}

// patternMatch is a pattern with the rate of what it matches.
type patternMatch struct {
	pattern  string
	literals int
	*Match
}

// sortPatterns puts patterns in the order in which they are tried: the most literal characters, then the first in byte order.
func sortPatterns(patterns []patternMatch) {
	slices.SortFunc(patterns, func(a, b patternMatch) int {
		return cmp.Or(cmp.Compare(b.literals, a.literals), strings.Compare(a.pattern, b.pattern))
	})
}

// Matches reports whether a pattern matches a name.
func Matches(pattern, name string) bool {
	return len(name) <= MaxMatchedBytes && matches(pattern, name)
}

// matches reports whether a pattern matches all of a name. A character is a rune, or a byte that is part of none.
//
// What lies between two stars is taken where it fits first: should the rest not fit behind it, it fits behind no later place
// either. So nothing is tried twice, and patterns with many stars cost no more than others.
func matches(pattern, name string) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	n, ok := fits(head, name)
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
			return endsWith(name, part)
		}
		end, ok := find(part, name)
		if !ok {
			return false
		}
		name, rest = name[end:], after
	}
}

// fits reports whether a part without stars matches the beginning of a name, and how many bytes of it.
func fits(part, name string) (int, bool) {
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

// find returns the end of the first place of a name that a part without stars matches.
func find(part, name string) (int, bool) {
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
		if n, ok := fits(part, name[at:]); ok {
			return at + n, true
		}
		_, size := utf8.DecodeRuneInString(name[at:])
		if size == 0 {
			return 0, false
		}
		at += size
	}
}

// endsWith reports whether a part without stars matches the end of a name.
func endsWith(name, part string) bool {
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
	n, ok := fits(part, name[at:])
	return ok && at+n == len(name)
}
