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

	tables := r.InForce()
	r.budgets.Advance(now, tables.usesBudget)
	if tables.hasBudgets() {
		r.put(tables.Overrides, now)
	}
}

// hasBudgets reports whether any rate follows from a budget.
func (t *Tables) hasBudgets() bool {
	return slices.ContainsFunc(t.all(), (*rate.Table).HasBudgets)
}

// usesBudget reports whether a rate follows from a budget.
func (t *Tables) usesBudget(id allowance.ID) bool {
	for _, table := range t.all() {
		if slices.Contains(table.Budgets(), id) {
			return true
		}
	}
	return false
}
