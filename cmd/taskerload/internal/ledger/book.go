// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// book is the part that the ledgers of all signals share: the summary so far, and the number of items still to come.
// Senders and the receiver use it concurrently; its unexported methods expect the lock to be held.
type book struct {
	mu          sync.Mutex
	summary     *Summary
	outstanding int            // sent and to be kept, not arrived
	arrived     int            // including items that should not arrive
	faults      map[string]int // by kind of fault
}

// entry is an item that was sent.
type entry struct {
	row     *Row
	rate    float64
	keep    bool
	arrived int
}

// maxExamples limits the examples of each kind of fault. A few show the pattern.
const maxExamples = 2

func newBook(metric string) book {
	return book{
		summary: &Summary{
			Metric: metric, Rows: map[string]*Row{}, Sources: map[oracle.Source]int{}, Counters: map[oracle.Counter]int{},
		},
		faults: map[string]int{},
	}
}

// Progress is the state of a ledger during the run.
type Progress struct{ Sent, Outstanding, Arrived int }

// Progress returns the current state.
func (b *book) Progress() Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Progress{b.summary.Sent, b.outstanding, b.arrived}
}

func (b *book) row(g oracle.Group) *Row {
	r, ok := b.summary.Rows[g.Label]
	if !ok {
		r = &Row{Group: g, Draws: map[Draw]int{}}
		b.summary.Rows[g.Label] = r
	}
	return r
}

// send records an item that is about to be sent. Its weight is the number of items that it represents.
func (b *book) send(o *oracle.Outcome, weight float64) entry {
	b.summary.Sent++
	return b.tally(o, weight, 1)
}

// revise records that an item which was sent has another outcome than was expected.
func (b *book) revise(from, to *oracle.Outcome, weight float64) entry {
	b.tally(from, weight, -1)
	return b.tally(to, weight, 1)
}

// tally counts an item n times.
func (b *book) tally(o *oracle.Outcome, weight float64, n int) entry {
	r := b.row(o.Group)
	add(b.summary.Sources, o.Source, n)
	add(b.summary.Counters, o.Counter(), n)
	add(r.Draws, Draw{o.Randomness, o.Rate}, n)
	r.Sent += n
	r.WeightSent += float64(n) * weight
	switch o.Rule {
	case oracle.RuleTrace:
		r.ByTrace += n
	case oracle.RuleAlwaysKeepTrace:
		r.Failing += n
	}
	if o.Keep {
		b.outstanding += n
	}
	if r.Sent == 0 {
		delete(b.summary.Rows, o.Group.Label)
	}
	return entry{row: r, rate: o.Rate, keep: o.Keep}
}

// add adds n to a count, and removes it if nothing is left.
func add[K comparable](counts map[K]int, key K, n int) {
	if counts[key] += n; counts[key] == 0 {
		delete(counts, key)
	}
}

// arrive records that an item arrived. It reports whether this was the first time.
func (b *book) arrive(e *entry, describe func() string) bool {
	e.arrived++
	switch {
	case e.arrived > 1:
		e.row.Repeated++
		b.example("%s: arrived %d times", describe(), e.arrived)
		return false
	case !e.keep:
		e.row.Unexpected++
		b.example("%s: arrived, should have been dropped at rate %v, row %s", describe(), e.rate, e.row.Label)
	default:
		b.outstanding--
	}
	e.row.Kept++
	return true
}

// arriveUnknown records an item that was never sent.
func (b *book) arriveUnknown(item string) {
	b.summary.Unknown++
	b.example("%s: arrived, but was never sent", item)
}

// settle records an item as missing if it should have arrived and did not.
func (b *book) settle(e *entry, item string) {
	if e.keep && e.arrived == 0 {
		e.row.Missing++
		b.example("%s: missing, should have been kept at rate %v, row %s", item, e.rate, e.row.Label)
	}
}

// example keeps the first faults of each kind. The format identifies the kind.
func (b *book) example(format string, args ...any) {
	b.faults[format]++
	if b.faults[format] <= maxExamples {
		b.summary.Examples = append(b.summary.Examples, b.summary.Metric+": "+fmt.Sprintf(format, args...))
	}
}
