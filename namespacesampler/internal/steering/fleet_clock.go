// SPDX-License-Identifier: Apache-2.0

package steering

import "time"

// fleetClock tells the time of the server, which all collectors of a fleet share (B6). The local clock may be off, and may be set.
type fleetClock struct {
	interval time.Duration
	base     time.Time     // of the local clock; differences to it are monotonic
	atBase   time.Duration // the server's time at base, since 1970; the local clock's before the first reading
	error    time.Duration // at most, of atBase
	read     time.Duration // since base, when atBase was read; 0 before the first reading
}

func newFleetClock(interval time.Duration) fleetClock {
	now := time.Now()
	return fleetClock{interval: interval, base: now, atBase: time.Duration(now.UnixNano())}
}

// isKnown reports whether the server has told its time.
func (c *fleetClock) isKnown() bool { return c.read > 0 }

// maxReadingAge is the number of intervals for which a reading is preferred to less exact ones that are later.
const maxReadingAge = 10

// observe takes a reading of the server's time, in an answer to a question that was asked and answered at local times.
func (c *fleetClock) observe(server, asked, answered time.Time) {
	now, uncertainty := answered.Sub(c.base), answered.Sub(asked)/2
	if c.isKnown() && uncertainty > c.error && now-c.read < maxReadingAge*c.interval {
		return
	}
	c.atBase = time.Duration(server.UnixNano()) - (now - uncertainty)
	c.error, c.read = uncertainty, max(now, 1)
}

// now returns the server's time since 1970.
func (c *fleetClock) now() time.Duration { return c.atBase + time.Since(c.base) }

// number returns the number of the interval in progress.
func (c *fleetClock) number() int64 { return int64(c.now() / c.interval) }

// until returns how long it is until a part of the interval of a number has passed; below 0 if it has.
func (c *fleetClock) until(number int64, part float64) time.Duration {
	return time.Duration(number)*c.interval + time.Duration(part*float64(c.interval)) - c.now()
}
