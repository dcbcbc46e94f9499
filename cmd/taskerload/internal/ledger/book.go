// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync"
)

// row is what happened to the items of one namespace.
type row struct {
	heading

	sent, expected, kept          int
	byTrace                       int // decided at the rate of their trace, which is not one that they know of
	missing, unexpected, repeated int
	wrongState, wrongNamespace    int
	altered                       int

	// draws counts the items of each independent draw: spans of a trace, and points of a series, stand or fall together.
	draws map[draw]int

	// How many items the row's items stood for when they were sent, and what those that arrived now say.
	weightSent, weightKept float64
}

func (r *row) ok() bool {
	return r.missing+r.unexpected+r.repeated+r.wrongState+r.wrongNamespace+r.altered == 0
}

// draw is the randomness of a trace or series, and the rate that it is held against.
type draw struct {
	randomness uint64
	rate       float64
}

// entry is one item that was sent.
type entry struct {
	row     *row
	rate    float64
	keep    bool
	arrived int
}

// count names a counter of the collector's own.
type count struct{ namespace, decision, rule string }

func (c count) String() string { return c.namespace + " " + c.decision + " by " + c.rule }

func (o *outcome) count() count {
	c := count{o.namespace, "dropped", o.rule}
	if c.namespace == "" {
		c.namespace = "_none"
	}
	if o.keep {
		c.decision = "kept"
	}
	return c
}

// book is what both ledgers have in common: rows, and the items that are still to come. Senders write to it while the
// receiver does, so its methods take the lock; those of row and entry do not.
type book struct {
	signal string

	mu          sync.Mutex
	rows        map[string]*row
	sent        int
	outstanding int // sent, to be kept, not arrived
	arrivals    int // everything that arrived, also what should not
	strangers   int // arrived and never sent
	examples    []string
	exampled    map[string]int // how often, by kind
	via         map[string]int // how items come to their namespace
	counts      map[count]int  // what the collector must have counted
	keys        int            // distinct ones of each request that are looked up
}

// maxExamples of each kind of fault are enough to see a pattern and do not bury the table.
const maxExamples = 2

func newBook(signal string) book {
	return book{
		signal: signal, rows: map[string]*row{}, exampled: map[string]int{}, via: map[string]int{}, counts: map[count]int{},
	}
}

func (b *book) row(h heading) *row {
	r, ok := b.rows[h.label]
	if !ok {
		r = &row{heading: h, draws: map[draw]int{}}
		b.rows[h.label] = r
	}
	return r
}

// add notes an item before it is sent, so that it cannot arrive before it is known. Its weight is how many it stands for.
func (b *book) add(o *outcome, weight float64) entry {
	r := b.row(o.heading)
	b.sent++
	b.via[o.via]++
	b.counts[o.count()]++
	r.sent++
	r.draws[draw{o.randomness, o.rate}]++
	r.weightSent += weight
	if o.rule == ruleTrace {
		r.byTrace++
	}
	if o.keep {
		r.expected++
		b.outstanding++
	}
	return entry{row: r, rate: o.rate, keep: o.keep}
}

// arrive notes that an item came, and says whether for the first time.
func (b *book) arrive(e *entry, what func() string) bool {
	e.arrived++
	switch {
	case e.arrived > 1:
		e.row.repeated++
		b.example("%s: arrived %d times", what(), e.arrived)
		return false
	case !e.keep:
		e.row.unexpected++
		b.example("%s: arrived, should have been dropped at rate %v, row %s", what(), e.rate, e.row.label)
	default:
		b.outstanding--
	}
	e.row.kept++
	return true
}

func (b *book) stranger(what string) {
	b.strangers++
	b.example("%s: arrived, was never sent like this", what)
}

func (b *book) lose(e *entry, what string) {
	if e.keep && e.arrived == 0 {
		e.row.missing++
		b.example("%s: missing, should have been kept at rate %v, row %s", what, e.rate, e.row.label)
	}
}

// example keeps the first faults of each kind; the format is the kind.
func (b *book) example(format string, args ...any) {
	b.exampled[format]++
	if b.exampled[format] <= maxExamples {
		b.examples = append(b.examples, b.signal+": "+fmt.Sprintf(format, args...))
	}
}

// standing is the state of a book at one moment.
type standing struct{ sent, outstanding, arrivals int }

func (b *book) standing() standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return standing{b.sent, b.outstanding, b.arrivals}
}

// sum adds one count over all rows.
func (b *book) sum(count func(*row) int) (total int) {
	for _, r := range b.rows {
		total += count(r)
	}
	return total
}
