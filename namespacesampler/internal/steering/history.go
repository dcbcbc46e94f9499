// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"slices"
	"sync"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// maxChanges is how many changes are remembered.
const maxChanges = 20

// ChangeKind is what happened to an override.
type ChangeKind string

// Kinds of changes. An override has ended if it expired, and was removed if it was taken out of the table before that.
const (
	Added   ChangeKind = "added"
	Changed ChangeKind = "changed"
	Removed ChangeKind = "removed"
	Ended   ChangeKind = "ended"
)

// Change is a change of the overrides in force. It is immutable.
type Change struct {
	At       time.Time
	Kind     ChangeKind
	Override rate.Override // as it was if it is no longer in force, else as it became
	// From and To are the effective rates of the override's key before and after, for each signal that the override applies to.
	From, To map[rate.Signal]Effective
}

// Effective is the rate that is in effect.
type Effective struct {
	Probability    float64
	ItemsPerSecond float64 // the budget that the probability follows from; 0 if there is none
}

// history remembers the last changes.
type history struct {
	mu      sync.Mutex
	changes []Change // oldest first
}

// add remembers the last ones of the differences between two tables. Rates are looked up for no others.
func (h *history) add(all []difference, before, after *Tables, now time.Time) {
	last := all[max(len(all)-maxChanges, 0):]
	changes := make([]Change, len(last))
	for i := range last {
		o := last[i].override()
		changes[i] = Change{At: now, Kind: last[i].kind, Override: *o, From: before.effectiveRates(o), To: after.effectiveRates(o)}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	changes = append(h.changes, changes...)
	h.changes = slices.Clone(changes[max(len(changes)-maxChanges, 0):]) // without what lies before them in memory
}

// Changes returns the last changes of the overrides in force, newest first, 20 at most. Their maps are shared and must not be modified.
func (r *Rates) Changes() []Change {
	r.history.mu.Lock()
	changes := slices.Clone(r.history.changes)
	r.history.mu.Unlock()
	slices.Reverse(changes)
	return changes
}

// signalsOf returns the signals that an override applies to.
func signalsOf(o *rate.Override) []rate.Signal {
	if o.Signal == rate.All {
		return rate.Signals
	}
	return []rate.Signal{o.Signal}
}

// effectiveRates returns the rates of the key of an override, for the signals that the override applies to.
func (t *Tables) effectiveRates(o *rate.Override) map[rate.Signal]Effective {
	rates := map[rate.Signal]Effective{}
	for _, signal := range signalsOf(o) {
		match := t.Of(signal).Peek(o.Key)
		rates[signal] = Effective{match.Probability, match.ItemsPerSecond}
	}
	return rates
}
