// SPDX-License-Identifier: Apache-2.0

// Package allowance holds what budgets allow at the moment: the rates that they have come to, the guards of the interval, and the meters that count
// what arrives. Batches meter and are guarded concurrently; the end of an interval replaces what is in force.
package allowance

import (
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

// ID identifies a budget.
type ID struct {
	// Signal is traces or logs.
	Signal string
	// Key is the name of a namespace, or a pattern whose namespaces have a budget each. It is empty for a shared budget.
	Key string
	// IsShared reports whether all namespaces without an override share the budget (B3).
	IsShared       bool
	ItemsPerSecond float64
}

// Share is what a namespace has of a budget in one interval. It is immutable, but for what it points to.
type Share struct {
	Budget ID
	// Rate is the rate before the guard lowers it.
	Rate float64
	// Guard is that of the interval, for all namespaces of the budget that share it.
	Guard *budget.Guard
	// Meter counts what arrives of the namespace, from interval to interval.
	Meter *Meter
	Mode  budget.Mode

	name string
}

// Allowance is what a budget allows in one interval. It is safe for concurrent use.
type Allowance struct {
	account  *account
	interval budget.Interval
	guard    *budget.Guard // nil if each namespace has its own

	mu     sync.RWMutex
	shares map[string]*Share
}

// Of returns the share of a namespace, the same one for the whole interval.
func (a *Allowance) Of(name string) *Share {
	if len(name) > maxNameBytes {
		name = rest
	}
	if s := a.known(name); s != nil {
		return s
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if s, ok := a.shares[name]; ok {
		return s
	}
	name, meter := a.account.meter(name)
	if s, ok := a.shares[name]; ok { // what has no meter of its own
		return s
	}
	s := a.newShare(name)
	s.Meter = meter
	a.shares[name] = s
	return s
}

// Peek returns the share of a namespace, to be shown. One that is not known yet has no meter, and does not become known.
func (a *Allowance) Peek(name string) *Share {
	if s := a.known(name); s != nil {
		return s
	}
	if !a.account.canMeter(name) {
		name = rest
		if s := a.known(name); s != nil {
			return s
		}
	}
	return a.newShare(name)
}

func (a *Allowance) known(name string) *Share {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.shares[name]
}

func (a *Allowance) newShare(name string) *Share {
	s := &Share{
		Budget: a.account.id, Rate: a.interval.RateOf(name), Guard: a.guard, Mode: a.account.book.cfg.Mode, name: name,
	}
	if s.Guard == nil {
		s.Guard = budget.NewGuard(a.interval.ShareOf(name))
	}
	return s
}

// Highest returns the highest rate that a namespace can have.
func (a *Allowance) Highest() float64 {
	highest := a.account.book.cfg.InitialRate
	for _, rate := range a.interval.Rates {
		highest = max(highest, rate)
	}
	return highest
}

// IsRest reports whether the share is that of the namespaces that have no meter of their own.
func (s *Share) IsRest() bool { return s.name == rest }
