// SPDX-License-Identifier: Apache-2.0

package allowance

import (
	"maps"
	"sync"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

// Config is what all budgets have in common.
type Config struct {
	Interval time.Duration
	// MinRate and InitialRate are in (0, 1].
	MinRate, InitialRate float64
	Mode                 budget.Mode
}

// Book holds the budgets of a collector. It is safe for concurrent use.
type Book struct {
	cfg Config

	mu       sync.Mutex
	accounts map[ID]*account
	guarded  map[string]int64 // intervals in which a guard lowered rates, by signal

	metered  sync.Mutex
	reserved map[string]int // namespaces that are metered by themselves, by signal
}

// NewBook returns a book without budgets.
func NewBook(cfg Config) *Book {
	return &Book{cfg: cfg, accounts: map[ID]*account{}, guarded: map[string]int64{}, reserved: map[string]int{}}
}

// Allowance returns what a budget allows in the current interval. A budget that is new begins with the initial rate.
func (b *Book) Allowance(id ID, now time.Time) *Allowance {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.accounts[id]
	if !ok {
		a = newAccount(id, b, now)
		b.accounts[id] = a
	}
	return a.allowance
}

// Begin begins the first interval anew: budgets can be set up long before anything arrives.
func (b *Book) Begin(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.accounts {
		a.began = now
	}
}

// Advance ends the interval of a number and returns what has arrived in it. That sets the rates of the next interval, unless there are answers of a
// fleet. Budgets that are not in use are forgotten.
func (b *Book) Advance(number int64, now time.Time, isInUse func(ID) bool, answers map[ID]*budget.Answer) map[ID]map[string]budget.Arrivals {
	b.mu.Lock()
	defer b.mu.Unlock()
	arrived := make(map[ID]map[string]budget.Arrivals, len(b.accounts))
	for id, a := range b.accounts {
		if !isInUse(id) {
			a.close()
			delete(b.accounts, id)
			continue
		}
		arrived[id] = a.end(number, now, answers[id])
	}
	return arrived
}

// Adopt puts the rates in force that follow from answers of a fleet which the collector joins.
func (b *Book) Adopt(answers map[ID]*budget.Answer, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, answer := range answers {
		if a, ok := b.accounts[id]; ok {
			a.controller.Adopt(answer)
			a.put(a.controller.InForce(), now)
		}
	}
}

// Rates returns the rates in force, by budget and namespace. They must not be changed.
func (b *Book) Rates() map[ID]map[string]float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	rates := make(map[ID]map[string]float64, len(b.accounts))
	for id, a := range b.accounts {
		rates[id] = a.allowance.interval.Rates
	}
	return rates
}

// reserve reserves a place for one more namespace of a signal, and reports whether there is one.
func (b *Book) reserve(signal string) bool {
	b.metered.Lock()
	defer b.metered.Unlock()
	if b.reserved[signal] >= maxNamespaces {
		return false
	}
	b.reserved[signal]++
	return true
}

// hasPlace reports whether a place can be reserved for one more namespace of a signal.
func (b *Book) hasPlace(signal string) bool {
	b.metered.Lock()
	defer b.metered.Unlock()
	return b.reserved[signal] < maxNamespaces
}

func (b *Book) release(signal string) {
	b.metered.Lock()
	defer b.metered.Unlock()
	b.reserved[signal]--
}

// close gives up the places of an account.
func (a *account) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name := range a.meters {
		if name != rest {
			a.book.release(a.id.Signal)
		}
	}
	clear(a.meters)
	a.closed = true
}

// all returns the accounts.
func (b *Book) all() map[ID]*account {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.accounts)
}
