// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"errors"
	"sync"
	"time"
)

// recovery is what the dispatcher knows of a source that fails. Usually the next load tells whether it answers again. If every key is
// cached, or there is no telemetry, a probe tells: a load without keys, a cooldown after the last load that failed.
type recovery struct {
	reporting sync.Mutex // held while a load is reported, so that reports arrive in the order in which isFailing changes

	// Guarded by the mutex of the dispatcher.
	isFailing bool // the last load that asked the source failed
	isWanted  bool // keys have been refused since the last load
	timer     *time.Timer
}

// report reports a load, and notes its result.
func (d *dispatcher) report(l Load, result error) {
	d.recovery.reporting.Lock()
	defer d.recovery.reporting.Unlock()
	if d.cfg.Loaded != nil {
		d.cfg.Loaded(l)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recovery.isWanted = false
	if !errors.Is(result, errNotAsked) {
		d.recovery.isFailing = result != nil
	}
}

// scheduleProbe schedules a probe if the source is failing, in place of the one that is scheduled already.
func (d *dispatcher) scheduleProbe() {
	r := &d.recovery
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.isFailing && !d.closed {
		// The breaker becomes half open after its cooldown has passed, not at the end of it.
		r.timer = time.AfterFunc(d.cfg.Breaker.Cooldown+time.Nanosecond, d.probe)
	}
}

// probe asks a failing source whether it answers again, unless keys have been wanted since the last load: it leaves the half-open
// breaker to them then, for one cooldown. Otherwise a query that hangs, and that telemetry does not need, could keep the breaker open.
func (d *dispatcher) probe() {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &d.recovery
	if !r.isFailing || d.closed || d.running > 0 { // the end of a running load schedules the next probe
		return
	}
	d.loads.Go(d.breaker.notify)
	if !r.isWanted {
		d.next = &load{done: make(chan struct{})}
		d.start()
	}
	r.isWanted = false
	if d.running == 0 {
		d.scheduleProbe()
	}
}
