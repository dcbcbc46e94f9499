// SPDX-License-Identifier: Apache-2.0

package rate

// Lookup returns the rate of a namespace. The empty name stands for items without a namespace; no pattern matches it. Lookup never
// returns nil. It takes no lock and remembers nothing if the namespace has an override of its own or there are no patterns.
func (t *Table) Lookup(namespace string) *Match {
	if m, ok := t.runtime.exact[namespace]; ok {
		return m
	}
	if len(namespace) > MaxMatchedBytes || t.words*len(namespace) <= cheapSteps {
		return t.match(namespace)
	}
	if len(t.runtime.byPattern) == 0 {
		if m, ok := t.configured.exact[namespace]; ok {
			return m
		}
	}
	return t.memo.get(namespace, t.match)
}

// match returns the rate of a namespace that has no runtime override of its own.
func (t *Table) match(namespace string) *Match {
	if m := t.runtime.match(namespace); m != nil {
		return m
	}
	if m, ok := t.configured.exact[namespace]; ok {
		return m
	}
	if m := t.configured.match(namespace); m != nil {
		return m
	}
	return t.global
}

// match returns the rate of the first pattern that matches a namespace, or nil.
func (l *layer) match(namespace string) *Match {
	if namespace == "" || len(l.byPattern) == 0 {
		return nil
	}
	if i, ok := l.patterns.First(namespace); ok {
		return l.byPattern[i]
	}
	return nil
}

// setPatterns sets the patterns of a layer, in the order in which they are tried.
func (l *layer) setPatterns(patterns []patternMatch) {
	texts := make([]string, len(patterns))
	for i, p := range patterns {
		texts[i] = p.pattern
		l.byPattern = append(l.byPattern, p.Match)
	}
	l.patterns = Compile(texts...)
}
