// SPDX-License-Identifier: Apache-2.0

// Package clocktest sets the wall clock for tests, as an administrator or NTP does.
package clocktest

import (
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"
)

// Clock is a clock that runs like time.Now and whose wall clock can be set. Its monotonic clock runs on, as that of the operating
// system does. The zero value has not been set. It is safe for concurrent use.
type Clock struct{ step, passed atomic.Int64 }

// Set sets the wall clock forward, or back.
func (c *Clock) Set(by time.Duration) { c.step.Add(int64(by)) }

// Pass lets time pass, on both clocks.
func (c *Clock) Pass(d time.Duration) { c.passed.Add(int64(d)) }

// Now returns what time.Now would return with this clock. In a bubble of synctest, times have no monotonic reading.
func (c *Clock) Now() time.Time {
	return stepped(time.Now().Add(time.Duration(c.passed.Load())), time.Duration(c.step.Load()))
}

// SetFor sets the wall clock for somebody who noted a time and reads time.Now. A clock that is set forward is the same as one that
// was as much behind when the time was noted.
func SetFor(noted *time.Time, by time.Duration) { *noted = stepped(*noted, -by) }

// Noted returns the time that v has noted in a field, which may be a field of a field, and of another package.
func Noted(v any, fields ...string) *time.Time {
	at := reflect.ValueOf(v)
	for _, field := range fields {
		at = reflect.Indirect(at).FieldByName(field)
	}
	return (*time.Time)(at.Addr().UnsafePointer())
}

// hasMonotonic is the bit of a time that says that it has a monotonic reading. Then the 33 bits after it are seconds, and the other 30
// nanoseconds of the wall clock.
const hasMonotonic, secondsShift = 1 << 63, 30

// stepped moves the wall clock's reading by whole seconds, and leaves the monotonic reading alone, which no method of time.Time does.
func stepped(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t)) //nolint:gosec // the first field of a time
	if *wall&hasMonotonic == 0 {
		return t.Add(by)
	}
	*wall += uint64(by/time.Second) << secondsShift //nolint:gosec // two's complement
	return t
}
