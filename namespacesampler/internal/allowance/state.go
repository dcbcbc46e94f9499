// SPDX-License-Identifier: Apache-2.0

package allowance

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// maxMoments is the number of intervals that are remembered to be shown.
const maxMoments = 60

// moment is what was metered in an interval, in items a second.
type moment struct {
	arrived map[string]float64 // by namespace; of the last interval only
	total   float64            // of all namespaces
	kept    float64
}

// history is the last intervals, the latest last.
type history struct{ moments []moment }

func (h *history) add(m moment) {
	for _, n := range m.arrived {
		m.total += n
	}
	if n := len(h.moments); n > 0 {
		h.moments[n-1].arrived = nil
	}
	if len(h.moments) == maxMoments {
		h.moments = slices.Delete(h.moments, 0, 1)
	}
	h.moments = append(h.moments, m)
}

// last returns the latest interval, or nil.
func (h *history) last() *moment {
	if len(h.moments) == 0 {
		return nil
	}
	return &h.moments[len(h.moments)-1]
}

// State is a budget as it is shown.
type State struct {
	ID
	// Arrived and Kept are items a second in the last intervals, the latest last.
	Arrived, Kept []float64
	// IsGuarded reports whether the guard lowers a rate now.
	IsGuarded bool
	// Namespaces is the number of namespaces that are metered by themselves. Items without a namespace count as one.
	Namespaces int
}

// States returns the budgets, sorted.
func (b *Book) States() []State {
	states := []State{}
	for _, a := range b.all() {
		states = append(states, a.state())
	}
	slices.SortFunc(states, func(x, y State) int {
		return cmp.Or(cmp.Compare(x.Signal, y.Signal), cmp.Compare(x.Key, y.Key), cmp.Compare(x.ItemsPerSecond, y.ItemsPerSecond))
	})
	return states
}

func (a *account) state() State {
	s := State{ID: a.id, Arrived: []float64{}, Kept: []float64{}}
	a.book.mu.Lock()
	allowance := a.allowance
	a.book.mu.Unlock()
	s.IsGuarded = allowance.isGuarded()
	a.mu.Lock()
	defer a.mu.Unlock()
	s.Namespaces = len(a.meters)
	if _, ok := a.meters[rest]; ok {
		s.Namespaces--
	}
	for _, m := range a.history.moments {
		s.Arrived, s.Kept = append(s.Arrived, m.total), append(s.Kept, m.kept)
	}
	return s
}

// isGuarded reports whether a guard lowers a rate.
func (a *Allowance) isGuarded() bool {
	if a.guard != nil {
		return a.guard.Halvings() > 0
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, s := range a.shares {
		if s.Guard.Halvings() > 0 {
			return true
		}
	}
	return false
}

// Reading is what is known of a namespace with a budget.
type Reading struct {
	// ArrivedPerSecond is that of the last interval that has ended; HasArrived is false before the first has. For a namespace that is not metered by
	// itself it is that of all of those.
	ArrivedPerSecond float64
	HasArrived       bool
	// Since is when the rate came to be what it is; zero if it is the initial rate.
	Since time.Time
	// Halvings is how many times the guard halves the rate.
	Halvings int
}

// Read returns what is known of the namespace of a share.
func (b *Book) Read(s *Share) (r Reading) {
	r.Halvings = s.Guard.Halvings()
	b.mu.Lock()
	a := b.accounts[s.Budget]
	b.mu.Unlock()
	if a == nil {
		return r
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if last := a.history.last(); last != nil {
		r.ArrivedPerSecond, r.HasArrived = last.arrived[s.name], true
	}
	r.Since = a.changed[s.name]
	return r
}

// Guarded returns the number of intervals in which guards have lowered rates, by signal.
func (b *Book) Guarded() map[string]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.guarded)
}

// Names returns the namespaces of a signal that have a budget, or share one, and are metered. Those that are not metered by themselves are not
// among them.
func (b *Book) Names(signal string) (names []string) {
	for id, a := range b.all() {
		if id.Signal == signal {
			names = append(names, a.names()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (a *account) names() (names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name := range a.meters {
		if name != rest {
			names = append(names, name)
		}
	}
	return names
}
