// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// lookups remembers what names match while tables are in force. Patterns are tried one after the other, and who looks on from outside
// the data's path asks for the same names again and again.
type lookups struct {
	mu      sync.Mutex
	in      *tables
	matches map[string]matchPair
}

// matchPair is what a name matches for each signal.
type matchPair struct{ spans, points *rate.Match }

// all returns what each of the names matches, and forgets other names.
func (l *lookups) all(in *tables, names []string) []matchPair {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.matches
	if l.in != in {
		known = nil
	}
	pairs, matches := make([]matchPair, len(names)), make(map[string]matchPair, len(names))
	for i, name := range names {
		pair, ok := known[name]
		if !ok {
			pair = matchPair{in.spans.Lookup(name), in.points.Lookup(name)}
		}
		pairs[i], matches[name] = pair, pair
	}
	l.in, l.matches = in, matches
	return pairs
}
