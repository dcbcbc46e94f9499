// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"slices"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// BudgetsConfig is what all budgets have in common.
type BudgetsConfig struct {
	// Interval is how long rates stay the same, and what arrives is counted for. 0 if there can be no budgets.
	Interval time.Duration
	// MinRate and InitialRate are in (0, 1].
	MinRate, InitialRate float64
	// IsProportional reports whether rates combine with earlier sampling proportionally.
	IsProportional bool
}

func newBook(cfg BudgetsConfig) *allowance.Book {
	mode := budget.Equalizing
	if cfg.IsProportional {
		mode = budget.Proportional
	}
	return allowance.NewBook(allowance.Config{Interval: cfg.Interval, MinRate: cfg.MinRate, InitialRate: cfg.InitialRate, Mode: mode})
}

// Budgets returns the state of all budgets.
func (r *Rates) Budgets() *allowance.Book { return r.budgets }

// beginIntervals begins the first interval.
func (r *Rates) beginIntervals() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cfg.Budgets.Interval == 0 || r.stopped {
		return
	}
	now := r.now()
	r.budgets.Begin(now)
	if r.inFleet { // whose clock ends intervals
		return
	}
	r.boundary = now.Add(r.cfg.Budgets.Interval)
	r.intervals = time.AfterFunc(r.cfg.Budgets.Interval, r.endInterval)
}

// endInterval puts the rates in force that follow from what has arrived. The timer calls it.
func (r *Rates) endInterval() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	now, interval := r.now(), r.cfg.Budgets.Interval
	if late := now.Sub(r.boundary); late > interval || late < -interval { // the clock was set, or the machine suspended
		r.boundary = now
	}
	r.boundary = r.boundary.Add(interval)
	r.intervals.Reset(max(r.boundary.Sub(now), 0))

	r.advance(0, now, nil)
}

// advance ends an interval and returns what has arrived in it.
func (r *Rates) advance(number int64, now time.Time, answers map[allowance.ID]*budget.Answer) map[allowance.ID]map[string]budget.Arrivals {
	tables := r.InForce()
	arrived := r.budgets.Advance(number, now, tables.UsesBudget(), answers)
	if tables.hasBudgets() {
		r.put(tables.Overrides, now)
	}
	return arrived
}

// endFleetInterval is endInterval for a collector in a fleet.
func (r *Rates) endFleetInterval(number int64, answers map[allowance.ID]*budget.Answer) map[allowance.ID]map[string]budget.Arrivals {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil
	}
	return r.advance(number, r.now(), answers)
}

// joinFleet puts the rates of a fleet in force.
func (r *Rates) joinFleet(answers map[allowance.ID]*budget.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || len(answers) == 0 {
		return
	}
	now := r.now()
	r.budgets.Adopt(answers, now)
	r.put(r.InForce().Overrides, now)
}

// hasBudgets reports whether any rate follows from a budget.
func (t *Tables) hasBudgets() bool {
	return slices.ContainsFunc(t.all(), (*rate.Table).HasBudgets)
}

// UsesBudget returns a function that reports whether a rate follows from a budget.
func (t *Tables) UsesBudget() func(allowance.ID) bool {
	used := map[allowance.ID]bool{}
	for _, table := range t.all() {
		for _, id := range table.Budgets() {
			used[id] = true
		}
	}
	return func(id allowance.ID) bool { return used[id] }
}
