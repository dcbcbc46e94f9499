// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// account notes what becomes of the items of a signal, by their numbers. Only payments has a rate above 0, and on_failure is keep, so a kept
// item belongs to payments or could not be looked up.
type account struct {
	signal string // as in the name of its counter

	mu    sync.Mutex
	sent  int
	fresh map[uint64]phase // items with fresh keys, and the phase in which they were sent
	must  map[uint64]bool  // items that must arrive
	seen  map[uint64]int   // how often items arrived
}

func newAccount(signal string) *account {
	return &account{signal: signal, fresh: map[uint64]phase{}, must: map[uint64]bool{}, seen: map[uint64]int{}}
}

// send notes an item that is sent.
func (a *account) send(n uint64, l faultItem, in phase) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent++
	if l.must {
		a.must[n] = true
	}
	if l.fresh {
		a.fresh[n] = in
	}
}

// receive notes an item that arrived.
func (a *account) receive(n uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[n]++
}

// arrived reports whether an item has arrived.
func (a *account) arrived(n uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[n] > 0
}

// total returns how many items were sent, and how many arrived.
func (a *account) total() (sent, arrived int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sent, len(a.seen)
}

// keptFresh returns how many items with fresh keys were sent in a phase, and how many of them were kept because their lookup failed.
func (a *account) keptFresh(p phase) (sent, kept int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n, in := range a.fresh {
		if in == p {
			sent++
			kept += min(1, a.seen[n])
		}
	}
	return sent, kept
}

// assert asserts that every item is accounted for exactly once: none was lost or duplicated, all items of payments arrived, and the
// collector's counter agrees.
func (a *account) assert(t testing.TB, collector *harness.Collector) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for n, times := range a.seen {
		if !assert.Equal(t, 1, times, "%s: item %d", a.signal, n) {
			return
		}
		_, isFresh := a.fresh[n]
		if !assert.True(t, isFresh || a.must[n], "%s: item %d should have been dropped", a.signal, n) {
			return
		}
	}
	for n := range a.must {
		if !assert.Equal(t, 1, a.seen[n], "%s: item %d of payments is missing", a.signal, n) {
			return
		}
	}
	assertCountedOnce(t, collector, a.signal, a.sent, len(a.seen))
}
