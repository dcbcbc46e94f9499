// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"sync/atomic"
	"time"
)

// itemKind is what a batch consists of.
type itemKind uint8

const (
	spanItems itemKind = iota
	pointItems
	itemKinds // their number
)

// seen is what happened to the items of a namespace since the start. It is added to once a batch.
type seen struct {
	counts [decisions]atomic.Int64
	last   atomic.Int64 // in nanoseconds since 1970; 0 for never
}

// add adds the items of a batch.
func (s *seen) add(counts [decisions]int64, now time.Time) {
	if counts == [decisions]int64{} {
		return // a slot that was looked at only
	}
	for d, n := range counts {
		s.counts[d].Add(n)
	}
	s.last.Store(now.UnixNano())
}

// lastSeen returns when there were items of any signal, nil for never.
func (l *label) lastSeen() *time.Time {
	var last int64
	for i := range l.seen {
		last = max(last, l.seen[i].last.Load())
	}
	if last == 0 {
		return nil
	}
	return shownTime(time.Unix(0, last))
}
