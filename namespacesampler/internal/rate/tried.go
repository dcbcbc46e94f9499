// SPDX-License-Identifier: Apache-2.0

package rate

// Attempt is a rule that was tried for a namespace.
type Attempt struct {
	Rule   Rule
	Source Source
	// Signal is All if the overrides of the rule are for all signals, else the signal that they are for alone.
	Signal Signal
	// Patterns is the number of patterns that were tried, up to and including the one that matched; 0 unless Rule is Pattern.
	Patterns int
	// Pattern is the pattern that matched, if Rule is Pattern.
	Pattern string
	// IsMatch reports whether the rule applies. No further rules are tried then.
	IsMatch bool
}

// AttemptOf returns the attempt that found a match.
func AttemptOf(m *Match) Attempt {
	return Attempt{Rule: m.Rule, Source: m.Source, Signal: m.Signal, Pattern: m.Pattern, IsMatch: true}
}

// Tried returns the rules that are tried for a namespace, in this order, up to and including the one that applies: for runtime overrides, and then
// for configured ones, the exact names of the signal, those of all signals, the patterns of the signal, and those of all signals; at last the global
// rate. What Peek returns was found by the last one. Rules that have no overrides at all are left out, as are patterns for the empty name and for
// names that are too long to be matched. It reads all overrides: it is for showing how a rate is found.
func (t *Table) Tried(namespace string) []Attempt {
	var tried []Attempt
	for _, l := range [...]*layer{&t.runtime, &t.configured} {
		for _, try := range [...]func(string) []Attempt{l.tryNames, l.tryPatterns} {
			attempts := try(namespace)
			tried = append(tried, attempts...)
			if n := len(attempts); n > 0 && attempts[n-1].IsMatch {
				return tried
			}
		}
	}
	return append(tried, AttemptOf(t.global))
}

// tryNames returns the attempts to find an override for exactly this namespace. An override of the signal has replaced that of all signals for the
// same name.
func (l *layer) tryNames(namespace string) (tried []Attempt) {
	found := l.exact[namespace]
	for _, isShared := range [...]bool{false, true} {
		if found != nil && found.isShared() == isShared {
			return append(tried, AttemptOf(found))
		}
		if m := l.anyName(isShared); m != nil {
			tried = append(tried, Attempt{Rule: Exact, Source: m.Source, Signal: m.Signal})
		}
	}
	return tried
}

// anyName returns one of the overrides by name that are for all signals, or for one alone; nil if there is none.
func (l *layer) anyName(isShared bool) *Match {
	for key, m := range l.exact {
		if m.isShared() == isShared && !IsPattern(key) {
			return m
		}
	}
	return nil
}

// tryPatterns returns the attempts to find a pattern that matches: those of the signal come before those of all signals.
func (l *layer) tryPatterns(namespace string) (tried []Attempt) {
	if namespace == "" || len(namespace) > MaxMatchedBytes {
		return nil
	}
	found := l.patterns.first(namespace)
	for first := 0; first < len(l.byPattern); {
		m, end := l.byPattern[first], first
		for end < len(l.byPattern) && l.byPattern[end].isShared() == m.isShared() {
			end++
		}
		if found >= first && found < end {
			attempt := AttemptOf(l.byPattern[found])
			attempt.Patterns = found - first + 1
			return append(tried, attempt)
		}
		tried = append(tried, Attempt{Rule: Pattern, Source: m.Source, Signal: m.Signal, Patterns: end - first})
		first = end
	}
	return tried
}

func (m *Match) isShared() bool { return m.Signal == All }
