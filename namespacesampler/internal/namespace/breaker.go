// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// BreakerConfig configures the circuit breaker, which keeps everybody from waiting for a source that cannot be asked.
type BreakerConfig struct {
	// Failures is how many loads in a row have to fail for it to open.
	Failures int
	// Cooldown is how long it stays open before one load tries again.
	Cooldown time.Duration
	// Changed is told of each change, in their order, one at a time. It may be nil.
	Changed func(BreakerState)
}

// BreakerState is the state of the circuit breaker.
type BreakerState uint8

const (
	// Closed means that all is well: what is wanted is loaded.
	Closed BreakerState = iota
	// HalfOpen means that one load tries whether the source can be asked again. Nobody waits for it.
	HalfOpen
	// Open means that nothing is loaded and nobody waits.
	Open
)

// String returns the state's name in internal metrics.
func (s BreakerState) String() string {
	switch s {
	case Closed:
		return "closed"
	case HalfOpen:
		return "half_open"
	case Open:
		return "open"
	}
	return fmt.Sprintf("BreakerState(%d)", uint8(s))
}

var breakerStates = map[gobreaker.State]BreakerState{
	gobreaker.StateClosed: Closed, gobreaker.StateHalfOpen: HalfOpen, gobreaker.StateOpen: Open,
}

// errSaysNothing is given to the breaker for loads that tell nothing about the source.
var errSaysNothing = errors.New("the source was not asked")

// breaker is the circuit breaker of the loads.
type breaker struct {
	steps   *gobreaker.TwoStepCircuitBreaker[struct{}]
	changed func(BreakerState)

	telling sync.Mutex // one at a time, so that changes are told in their order
	mu      sync.Mutex
	changes []BreakerState // not told yet
}

func newBreaker(cfg BreakerConfig) *breaker {
	b := &breaker{changed: cfg.Changed}
	b.steps = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     cfg.Cooldown,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(cfg.Failures) },
		// The library calls this with its lock held, so the change is only noted here.
		OnStateChange: func(_ string, _, to gobreaker.State) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.changes = append(b.changes, breakerStates[to])
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errSaysNothing) },
	})
	return b
}

func (b *breaker) state() BreakerState { return breakerStates[b.steps.State()] }

// allow reports whether a load may start; if so, its outcome is to be given to done.
func (b *breaker) allow() (done func(error), ok bool) {
	done, err := b.steps.Allow()
	return done, err == nil
}

// verdict is what a load says of the source. One in which nothing was asked, because all its lookups rest, or that ended
// because the resolver closes, says nothing.
func verdict(roundTrips int, err error) error {
	if errors.Is(err, context.Canceled) || err == nil && roundTrips == 0 {
		return errSaysNothing
	}
	return err
}

// tell tells of the changes since the last call.
func (b *breaker) tell() {
	b.telling.Lock()
	defer b.telling.Unlock()
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
