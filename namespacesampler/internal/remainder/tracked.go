// SPDX-License-Identifier: Apache-2.0

package remainder

// tracked remembers the last values of dropped cumulative series. It counts numbers: those of a series are one of a sum, and of a histogram its
// buckets and two. Beyond the most that it may hold, it forgets the series that was quiet for longest (R7). If that was quiet for
// an hour, it has ended, and does not count as forgotten: nothing is missing.
//
// It is made to save memory: an entry has 48 bytes and no pointers, so that a million series cost the garbage collector nothing.
type tracked struct {
	most    int
	minute  uint16 // the time now, in minutes since any moment
	numbers int
	entries int

	index  map[halves]uint32
	chunks [][]entry
	free   uint32 // the first of a chain by next
	oldest uint32
	newest uint32

	histograms map[uint16]*arena // by the counts that one has
}

// entry is the last value of a series.
type entry struct {
	key         uint64
	start, time uint64 // as in the point; 0 is an unknown start
	value       uint64 // bits of a number, or of the sum of a histogram
	prev, next  uint32 // in the order of use
	at          uint32 // the counts of a histogram in its arena: those of its buckets, or the one that it has
	size        uint16 // their number, or a mark
	heard       uint16 // the minute in which the series was heard of
}

// halves is a key as two numbers: a map has no gaps between these and another number.
type halves struct{ high, low uint32 }

func halvesOf(key uint64) halves { return halves{uint32(key >> 32), uint32(key)} } //nolint:gosec // all of it

// Values of entry.size that are no size.
const (
	isNumber = 0
	// isKept marks a series that was kept although not all was known of it: if it is dropped, counting begins there (R3).
	isKept = 1<<16 - 1
	// mostCounts is the most counts of a histogram that can be remembered.
	mostCounts = isKept - 1
)

const (
	none      = 1<<32 - 1
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

func newTracked(most int) tracked {
	return tracked{most: most, index: map[halves]uint32{}, free: none, oldest: none, newest: none, histograms: map[uint16]*arena{}}
}

func (t *tracked) entry(i uint32) *entry { return &t.chunks[i>>chunkBits][i&(chunkSize-1)] }

// cost returns how many numbers an entry of a size counts for.
func cost(size uint16) int {
	switch size {
	case isNumber, isKept:
		return 1
	}
	return int(size) + 2 // a count and a sum
}

// find returns the entry of a series, which becomes the newest, or nil.
func (t *tracked) find(key uint64) *entry {
	i, ok := t.index[halvesOf(key)]
	if !ok {
		return nil
	}
	e := t.entry(i)
	if i != t.newest {
		t.unlink(e)
		t.link(i, e)
	}
	e.heard = t.minute
	return e
}

// endedAfter is the number of minutes after which a quiet series has ended.
const endedAfter = 60

// histogram returns the counts of a histogram.
func (t *tracked) histogram(e *entry) []uint64 { return t.histograms[e.size].get(e.at) }

// add adds an entry for a series that has none, and returns nil if there is no room for it at all. It also returns the number of series that were
// forgotten in its place, without those that have ended.
func (t *tracked) add(key uint64, size uint16) (e *entry, forgotten int) {
	if cost(size) > t.most {
		return nil, 0
	}
	for t.numbers+cost(size) > t.most {
		oldest := t.entry(t.oldest)
		if t.minute-oldest.heard < endedAfter {
			forgotten++
		}
		t.remove(oldest.key)
	}
	i := t.free
	if i == none {
		t.grow()
		i = t.free
	}
	e = t.entry(i)
	t.free = e.next
	*e = entry{key: key, size: size, heard: t.minute}
	if size != isNumber && size != isKept {
		if t.histograms[size] == nil {
			t.histograms[size] = &arena{size: int(size)}
		}
		e.at = t.histograms[size].take()
	}
	t.index[halvesOf(key)] = i
	t.numbers += cost(size)
	t.entries++
	t.link(i, e)
	return e, forgotten
}

// remove forgets a series, if it is there.
func (t *tracked) remove(key uint64) {
	i, ok := t.index[halvesOf(key)]
	if !ok {
		return
	}
	e := t.entry(i)
	t.unlink(e)
	delete(t.index, halvesOf(key))
	if e.size != isNumber && e.size != isKept && t.histograms[e.size].give(e.at) {
		delete(t.histograms, e.size)
	}
	t.numbers -= cost(e.size)
	t.entries--
	e.next, t.free = t.free, i
}

func (t *tracked) grow() {
	first := uint32(len(t.chunks)) << chunkBits //nolint:gosec // fewer than 2^22 chunks: most is an int32
	chunk := make([]entry, chunkSize)
	for i := range chunk {
		chunk[i].next = first + uint32(i) + 1
	}
	chunk[chunkSize-1].next = t.free
	t.chunks, t.free = append(t.chunks, chunk), first
}

func (t *tracked) link(i uint32, e *entry) {
	e.prev, e.next = t.newest, none
	if t.newest != none {
		t.entry(t.newest).next = i
	} else {
		t.oldest = i
	}
	t.newest = i
}

func (t *tracked) unlink(e *entry) {
	if e.prev != none {
		t.entry(e.prev).next = e.next
	} else {
		t.oldest = e.next
	}
	if e.next != none {
		t.entry(e.next).prev = e.prev
	} else {
		t.newest = e.prev
	}
}

// arena holds the counts of histograms with equally many of them.
type arena struct {
	size   int
	chunks [][]uint64
	used   uint32
	free   []uint32
}

// arenaCounts is about the number of counts in a chunk.
const arenaCounts = 8192

func (a *arena) histograms() int { return max(1, arenaCounts/a.size) }

func (a *arena) get(at uint32) []uint64 {
	i := int(at) % a.histograms() * a.size
	return a.chunks[int(at)/a.histograms()][i : i+a.size : i+a.size]
}

func (a *arena) take() uint32 {
	if n := len(a.free); n > 0 {
		at := a.free[n-1]
		a.free = a.free[:n-1]
		return at
	}
	if int(a.used)/a.histograms() == len(a.chunks) {
		a.chunks = append(a.chunks, make([]uint64, a.histograms()*a.size))
	}
	a.used++
	return a.used - 1
}

// give takes a place back, and reports whether no other is in use.
func (a *arena) give(at uint32) (isEmpty bool) {
	a.free = append(a.free, at)
	return len(a.free) == int(a.used)
}
