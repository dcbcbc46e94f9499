// SPDX-License-Identifier: Apache-2.0

package harness

import "time"

// pollInterval is the time between two checks of a condition.
const pollInterval = 10 * time.Millisecond

// poll checks a condition until it is done and returns its result, or false after the timeout.
func poll(timeout time.Duration, condition func() (done, ok bool)) bool {
	deadline := time.Now().Add(timeout)
	for {
		done, ok := condition()
		if done {
			return ok
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(pollInterval)
	}
}

// Eventually reports whether a condition becomes true within the timeout.
func Eventually(timeout time.Duration, condition func() bool) bool {
	return poll(timeout, func() (done, ok bool) { return condition(), true })
}
