// SPDX-License-Identifier: Apache-2.0

package rate

import "slices"

// cheapSteps is how many steps a match may take to cost less than remembering it.
const cheapSteps = 256

// matcher is a list of patterns and what is remembered of names that were matched. It knows no rates, so that tables share it when only
// rates differ.
type matcher struct {
	texts    []string
	patterns Patterns
	memo     *memo // nil without patterns
}

// newMatcher returns the matcher of a list of patterns: that of a table which has the same list, or a new one.
func newMatcher(texts []string, reuse []*Table) *matcher {
	for _, t := range reuse {
		for _, l := range [...]*layer{&t.runtime, &t.configured} {
			if slices.Equal(l.patterns.texts, texts) {
				return l.patterns
			}
		}
	}
	m := &matcher{texts: texts}
	if len(texts) > 0 {
		m.patterns, m.memo = Compile(texts...), newMemo()
	}
	return m
}

// first returns the index of the first pattern that matches a namespace, or -1.
func (m *matcher) first(namespace string) int {
	if m.memo == nil || namespace == "" || len(namespace) > MaxMatchedBytes {
		return -1
	}
	if m.patterns.words*len(namespace) <= cheapSteps {
		return m.match(namespace)
	}
	return m.memo.get(namespace, m.match)
}

// match is first, and remembers nothing.
func (m *matcher) match(namespace string) int {
	if i, ok := m.patterns.First(namespace); ok {
		return i
	}
	return -1
}
