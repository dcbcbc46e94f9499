// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Matches remembers the rates of names while the same tables are in force, for repeated questions about the same names outside
// the data's path. Without it, each question would try every pattern on every name. The zero value is ready for use.
type Matches struct {
	mu     sync.Mutex
	tables *Tables
	known  map[string]Pair
}

// Pair is the rates of a name for both signals.
type Pair struct{ Traces, Metrics *rate.Match }

// Of returns the rates of names, in their order. Other names are forgotten.
func (m *Matches) Of(tables *Tables, names []string) []Pair {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.known
	if m.tables != tables {
		known = nil
	}
	pairs, next := make([]Pair, len(names)), make(map[string]Pair, len(names))
	for i, name := range names {
		pair, ok := known[name]
		if !ok {
			pair = Pair{tables.Traces.Lookup(name), tables.Metrics.Lookup(name)}
		}
		pairs[i], next[name] = pair, pair
	}
	m.tables, m.known = tables, next
	return pairs
}
