// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"math"
	"time"
)

// commit adds the batch to what all batches share, and takes from it what the batch emits, at once (R4).
func (b *Batch) commit() {
	r := b.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches++
	m := moment{batch: r.batches, at: time.Now()}
	r.tracked.minute = uint16(m.at.Sub(r.started.at) / time.Minute) //nolint:gosec // it wraps
	var others []string
	for i := range b.standings {
		s := &b.standings[i]
		found, isKnown := r.standings.get(s.standingKey)
		if found.note(s.threshold, isKnown, r.standings.before != nil, m) && !r.changed.has(s.name) {
			others = append(others, s.name)
		}
		s.found = found
	}
	if others != nil {
		r.changed.add(others)
	}
	for i := range b.exports {
		x := &b.exports[i]
		x.found, _ = r.exports.get(x.key)
		x.found.note(x.last, m)
	}
	for _, k := range b.kept {
		b.keep(k, m)
	}
	for i := range b.drops {
		b.add(&b.drops[i], m)
	}
	for _, f := range b.fed {
		b.take(f)
	}
	r.counts.Folded += b.folded
	r.counts.Lost += b.lost
}

// keep notes that a series was kept: what it counted until now is not for a remainder (R9).
func (b *Batch) keep(k kept, m moment) {
	t := &b.r.tracked
	e := t.find(k.series)
	if e != nil && e.size == isKept && k.isMark {
		return
	}
	if e != nil {
		t.remove(k.series)
	}
	if k.isMark {
		_, forgotten := t.add(k.series, isKept)
		b.r.forget(forgotten, m)
	}
}

func (r *Remainder) forget(n int, m moment) {
	if n > 0 {
		r.counts.Forgotten += int64(n)
		r.forgotten = m
	}
}

// add adds what a dropped series has grown by to its remainder (R3).
func (b *Batch) add(d *drop, m moment) {
	r, f := b.r, d.feed
	numbers := b.numbers[d.at : d.at+d.size]
	e := r.tracked.find(d.series)
	switch {
	case e == nil || e.size == isKept:
		wasKept := e != nil
		if wasKept {
			r.tracked.remove(d.series)
		}
		isWhole, earlier := false, uint64(0)
		if !wasKept && !d.isUnsure {
			isWhole, earlier = isNew(b.exports[d.export].found, b.standings[d.standing].found, r.forgotten, r.started, d.start, d.time)
		}
		var forgotten int
		if e, forgotten = r.tracked.add(d.series, uint16(d.size)); e == nil { //nolint:gosec // at most mostCounts
			forgotten = 1 // it is too large to be remembered
		}
		r.forget(forgotten, m)
		since := d.time
		if isWhole {
			since = d.start
			if earlier > 0 {
				since = max(since, earlier)
			}
		}
		f.feedFrom(since)
		if isWhole {
			b.grow(d, 0, nil, numbers)
		} else if d.size > 0 {
			f.to.total.extremes.lacksSum = f.to.total.extremes.lacksSum || d.lacksSum
		}
	case d.isLate(e):
		return
	default:
		f.feedFrom(e.time)
		before := e.value
		var had []uint64
		if d.size > 0 {
			had = r.tracked.histogram(e)
		}
		if d.isReset(e, had, numbers) {
			r.counts.Resets++
			before, had = 0, nil
		}
		b.grow(d, before, had, numbers)
	}
	if e == nil {
		return
	}
	e.start, e.time, e.value = d.start, d.time, d.value
	if d.size > 0 {
		copy(r.tracked.histogram(e), numbers)
	}
}

// feedFrom notes that what is added was counted from a time on.
func (f *feed) feedFrom(since uint64) {
	if !f.isFed || since < f.start {
		f.start = since
	}
	f.isFed = true
}

// isLate reports whether a point is not later than the last one of its series.
func (d *drop) isLate(e *entry) bool {
	if d.start != e.start && d.start > 0 && e.start > 0 {
		return d.start < e.start
	}
	return d.time <= e.time
}

// isReset reports whether a series has begun anew: with a later start, or a lower count (R3).
func (d *drop) isReset(e *entry, had, numbers []uint64) bool {
	switch {
	case e.start > 0 && d.start > e.start:
		return true
	case d.size == 0 && d.isDouble:
		return math.Float64frombits(d.value) < math.Float64frombits(e.value)
	case d.size == 0:
		return int64(d.value) < int64(e.value) //nolint:gosec // their bits
	}
	for i, n := range numbers { // a bucket that has lost something shows a reset, even one that the count hides
		if n < had[i] {
			return true
		}
	}
	return false
}

// grow adds what a series has grown by since it had a value, and, if it is a histogram, counts.
func (b *Batch) grow(d *drop, before uint64, had, numbers []uint64) {
	to := &d.feed.to.total
	switch {
	case d.size == 0 && d.isDouble:
		to.double += max(math.Float64frombits(d.value)-math.Float64frombits(before), 0)
	case d.size == 0:
		growth, _ := addInts(int64(d.value), -int64(before)) //nolint:gosec // their bits
		to.addInt(max(growth, 0))
	default:
		to.extremes.sum += finite(math.Float64frombits(d.value) - math.Float64frombits(before))
		to.extremes.lacksSum = to.extremes.lacksSum || d.lacksSum
		for i, n := range numbers {
			if had != nil {
				n -= had[i]
			}
			to.addCount(n)
			if len(to.counts) > 0 {
				to.addBucket(i, n)
			}
		}
	}
}

// take advances a remainder that was fed, and takes its point.
func (b *Batch) take(f *feed) {
	if !f.isFed {
		return
	}
	s := f.to
	if f.isNew = s.time == 0; f.isNew {
		s.begin(f.start, f.latest)
	}
	before := s.advance(f.latest)
	f.began, f.time = s.start, s.time
	if f.isDelta {
		f.began = before
	} else {
		f.value = s.total.snapshot()
		s.total.isSaturated = false
	}
	if f.value.isSaturated || f.exponential != nil && f.exponential.isSaturated {
		b.r.counts.Saturated++
	}
}
