// SPDX-License-Identifier: Apache-2.0

package allowance

import (
	"sync"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

const (
	// maxNamespaces bounds the namespaces of a signal that are metered by themselves; those beyond it share one place for each budget (B2).
	maxNamespaces = 10_000
	// maxNameBytes bounds the names of namespaces that are metered by themselves, since they come from telemetry.
	maxNameBytes = 1024
	// rest is the name of the place that the other namespaces share.
	rest = "\x00rest"
	// forgetAfter is how long a namespace of which nothing arrives keeps its meter. Traces may be remembered that meter with it.
	forgetAfter = 10 * time.Minute
)

// account is a budget from interval to interval.
type account struct {
	id    ID
	book  *Book
	began time.Time // of the interval

	controller *budget.Controller // used by Book.Advance, one at a time
	allowance  *Allowance         // in force; guarded by the mutex of the book

	mu      sync.Mutex
	meters  map[string]*Meter
	closed  bool // it has given up its places
	history history
	changed map[string]time.Time // when the rates that are in force came to be so
}

func newAccount(id ID, book *Book, now time.Time) *account {
	a := &account{id: id, book: book, began: now, meters: map[string]*Meter{}, changed: map[string]time.Time{}}
	a.controller = budget.NewController(budget.Budget{
		Items: id.ItemsPerSecond * book.cfg.Interval.Seconds(), IsShared: id.IsShared, Mode: book.cfg.Mode,
		MinRate: book.cfg.MinRate, InitialRate: book.cfg.InitialRate,
	})
	a.allowance = a.newAllowance(a.controller.InForce())
	return a
}

func (a *account) newAllowance(interval budget.Interval) *Allowance {
	next := &Allowance{account: a, interval: interval, shares: map[string]*Share{}}
	if a.id.IsShared {
		next.guard = budget.NewGuard(interval.ShareOf(""))
	}
	return next
}

// meter returns the meter of a namespace, and the name under which it is metered.
func (a *account) meter(name string) (string, *Meter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, ok := a.meters[name]
	if ok {
		return name, m
	}
	if name != rest && (a.closed || !a.book.reserve(a.id.Signal)) { // a batch may still have a table with a closed account
		name = rest
		if m, ok = a.meters[rest]; ok {
			return rest, m
		}
	}
	m = &Meter{}
	a.meters[name] = m
	return name, m
}

// canMeter reports whether a namespace is metered by itself, or can be.
func (a *account) canMeter(name string) bool {
	if len(name) > maxNameBytes {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.meters[name]
	return ok || a.book.hasPlace(a.id.Signal)
}

// end ends the interval of a number, puts another allowance in force, and returns what has arrived. An interval that has only begun goes on if it
// tells the rates alone.
func (a *account) end(number int64, now time.Time, answer *budget.Answer) map[string]budget.Arrivals {
	length, elapsed := a.book.cfg.Interval, now.Sub(a.began)
	isAlone := answer == nil && !a.controller.IsInFleet()
	if elapsed <= 0 || isAlone && elapsed < length/2 {
		return nil
	}
	a.began = now
	if a.allowance.isGuarded() {
		a.book.guarded[a.id.Signal]++
	}
	arrived := a.take(elapsed)
	// In a fleet, what arrives in the first part of an interval arrives at other collectors. But an interval is longer if its end was missed.
	if isAlone || elapsed > length*5/4 {
		arrived = scaled(arrived, float64(length)/float64(elapsed))
	}
	a.put(a.controller.Advance(number, arrived, answer), now)
	return arrived
}

// put puts the allowance of an interval in force.
func (a *account) put(interval budget.Interval, now time.Time) {
	before := a.allowance.interval
	a.allowance = a.newAllowance(interval)
	a.note(before, interval, now)
}

// scaled returns what would have arrived in an interval of another length.
func scaled(arrived map[string]budget.Arrivals, factor float64) map[string]budget.Arrivals {
	all := make(map[string]budget.Arrivals, len(arrived))
	for name, a := range arrived {
		all[name] = a.Scaled(factor)
	}
	return all
}

// take takes what was metered in the interval that ends.
func (a *account) take(elapsed time.Duration) map[string]budget.Arrivals {
	own := map[string]budget.Arrivals{}
	last := moment{arrived: map[string]float64{}}
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, m := range a.meters {
		c, idle := m.take()
		if len(c.Arrivals) > 0 {
			own[name] = c.Arrivals
			last.arrived[name] = c.Arrivals.Items() / elapsed.Seconds()
			last.kept += float64(c.Kept) / elapsed.Seconds()
		}
		if time.Duration(idle)*a.book.cfg.Interval > forgetAfter {
			delete(a.meters, name)
			if name != rest {
				a.book.release(a.id.Signal)
			}
		}
	}
	a.history.add(last)
	return own
}

// note notes when rates have changed.
func (a *account) note(before, after budget.Interval, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, rate := range after.Rates {
		if was, ok := before.Rates[name]; !ok || was != rate {
			a.changed[name] = now
		}
	}
	for name := range a.changed {
		if _, ok := after.Rates[name]; !ok {
			delete(a.changed, name)
		}
	}
}
