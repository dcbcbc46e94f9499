// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"cmp"
	"fmt"
	"iter"
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
// character. A character is a rune, or a byte of invalid UTF-8. There is no escape character; a pattern also matches its own text.
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

// Patterns match names, in time linear in the length of the name and in that of all patterns together. They are immutable. The zero
// value matches nothing.
type Patterns struct {
	automata []automaton
	words    int // of all automata
}

// Compile returns valid patterns, ready to match.
func Compile(patterns ...string) Patterns {
	p := Patterns{automata: compile(patterns)}
	for i := range p.automata {
		p.words += p.automata[i].words
	}
	return p
}

// First returns the index of the first pattern that matches a whole name. Names of more than MaxMatchedBytes match none.
func (p *Patterns) First(name string) (index int, ok bool) {
	if len(name) > MaxMatchedBytes {
		return 0, false
	}
	for i := range p.automata {
		if index, _, ok := p.automata[i].match(name); ok {
			return index, true
		}
	}
	return 0, false
}

// All yields the indexes of all patterns that match a whole name, in order. Names of more than MaxMatchedBytes match none.
func (p *Patterns) All(name string) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(name) > MaxMatchedBytes {
			return
		}
		for i := range p.automata {
			a := &p.automata[i]
			for matched, _ := a.run(name); matched != 0; matched &= matched - 1 {
				if !yield(a.index(matched)) {
					return
				}
			}
		}
	}
}
