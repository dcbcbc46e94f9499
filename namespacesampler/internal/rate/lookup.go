// SPDX-License-Identifier: Apache-2.0

package rate

// Lookup returns the rate of a namespace. The empty name stands for items without a namespace; no pattern matches it. Lookup never
// returns nil. It takes no lock and remembers nothing if the namespace has an override of its own, or there are neither patterns nor a budget that
// namespaces share.
func (t *Table) Lookup(namespace string) *Match { return t.entry(namespace).of(namespace) }

// Peek is Lookup for showing a rate: a budget that many namespaces have does not come to know the namespace.
func (t *Table) Peek(namespace string) *Match { return t.entry(namespace).peek(namespace) }

// entry returns what decides the rate of a namespace.
func (t *Table) entry(namespace string) *Match {
	for _, l := range [...]*layer{&t.runtime, &t.configured} {
		if m := l.lookup(namespace); m != nil {
			return m
		}
	}
	return t.global
}

// lookup returns the rate of a namespace by the overrides of a layer, or nil.
func (l *layer) lookup(namespace string) *Match {
	if m, ok := l.exact[namespace]; ok {
		return m
	}
	if i := l.patterns.first(namespace); i >= 0 {
		return l.byPattern[i]
	}
	return nil
}

// setPatterns sets the patterns of a layer, in the order in which they are tried.
func (l *layer) setPatterns(patterns []patternMatch, reuse []*Table) {
	texts := make([]string, len(patterns))
	for i, p := range patterns {
		texts[i] = p.pattern
		l.byPattern = append(l.byPattern, p.Match)
	}
	l.patterns = newMatcher(texts, reuse)
}
