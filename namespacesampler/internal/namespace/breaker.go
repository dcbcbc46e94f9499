// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// BreakerConfig configures the circuit breaker, which keeps batches from waiting for a source that cannot be asked.
type BreakerConfig struct {
	// Failures is the number of consecutive failed loads that open the breaker.
	Failures int
	// Cooldown is how long the breaker stays open before one load tries again.
	Cooldown time.Duration
	// Changed is called for each change of state, in order, by one goroutine at a time. It may be nil.
	Changed func(BreakerState)
}

// BreakerState is the state of the circuit breaker. Its values are those of the gauge.
type BreakerState gobreaker.State

// States: closed, wanted keys are loaded; half open, one load tries the source, and no batch waits for it; open, nothing is
// loaded and no batch waits.
const (
	Closed   = BreakerState(gobreaker.StateClosed)
	HalfOpen = BreakerState(gobreaker.StateHalfOpen)
	Open     = BreakerState(gobreaker.StateOpen)
)

// String returns the name of the state in internal metrics.
func (s BreakerState) String() string {
	return strings.ReplaceAll(gobreaker.State(s).String(), "-", "_")
}

// errNotAsked is passed to the breaker for loads that say nothing about the source.
var errNotAsked = errors.New("the source was not asked")

// breaker is the circuit breaker of the loads.
type breaker struct {
	steps   *gobreaker.TwoStepCircuitBreaker[struct{}]
	changed func(BreakerState)

	notifying sync.Mutex // held while changes are reported, to keep their order
	mu        sync.Mutex
	changes   []BreakerState // not reported yet
}

func newBreaker(cfg BreakerConfig) *breaker {
	b := &breaker{changed: cfg.Changed}
	b.steps = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     cfg.Cooldown,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(cfg.Failures) },
		// The library calls this with its lock held, so that the change is only noted here.
		OnStateChange: func(_ string, _, to gobreaker.State) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.changes = append(b.changes, BreakerState(to))
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errNotAsked) },
	})
	return b
}

func (b *breaker) state() BreakerState { return BreakerState(b.steps.State()) }

// allow reports whether a load may start. If so, its result must be passed to done.
func (b *breaker) allow() (done func(error), ok bool) {
	done, err := b.steps.Allow()
	return done, err == nil
}

// verdict returns the result of a load for the breaker. A load in which nothing was asked, because all its queries are paused, or
// that was canceled because the resolver closes, says nothing about the source.
func verdict(roundTrips int, err error) error {
	if errors.Is(err, context.Canceled) || err == nil && roundTrips == 0 {
		return errNotAsked
	}
	return err
}

// notify reports the changes since the last call.
func (b *breaker) notify() {
	b.notifying.Lock()
	defer b.notifying.Unlock()
	b.mu.Lock()
	changes := b.changes
	b.changes = nil
	b.mu.Unlock()
	if b.changed == nil {
		return
	}
	for _, state := range changes {
		b.changed(state)
	}
}
