// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"time"
)

// pace says how many statements to send at once, so that isolating keys takes no more than half of the time that is left of a load: a load
// that runs out of time counts as an outage.
type pace struct {
	end     time.Time     // zero for no bound
	began   time.Time     // of the round trip
	fastest time.Duration // round trip, with one statement
	each    time.Duration // what a further statement takes
	isKnown bool          // each was measured, and is not the time of a whole round trip
}

// newPace returns a pace for isolating keys now. first is what the first round trip took.
func newPace(ctx context.Context, first time.Duration) *pace {
	p := &pace{fastest: first, each: first}
	if deadline, ok := ctx.Deadline(); ok {
		p.end = time.Now().Add(time.Until(deadline) / 2)
	}
	return p
}

// begin notes that a round trip begins.
func (p *pace) begin() { p.began = time.Now() }

// sent notes that n statements were answered in one round trip.
func (p *pace) sent(n int) {
	took := time.Since(p.began)
	p.fastest = min(p.fastest, took)
	if n > 1 {
		p.each, p.isKnown = (took-p.fastest)/time.Duration(n-1), true
	}
}

// fitting returns how many statements may be sent at once, up to most. They take a quarter of the time that is left, so that there is
// time for their parts, and the parts of these.
func (p *pace) fitting(most int) int {
	if p.end.IsZero() {
		return most
	}
	left := time.Until(p.end)
	if left <= 0 {
		return 0
	}
	if p.isKnown {
		left /= 4
	}
	if p.each <= 0 || left/p.each >= time.Duration(most) {
		return most
	}
	return max(int(left/p.each), 1)
}
