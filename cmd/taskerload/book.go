// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync"
)

// row is what happened to the items of one namespace.
type row struct {
	label, rule string
	rate        float64

	sent, expected, kept          int
	missing, unexpected, repeated int
	wrongState, wrongNamespace    int
	altered                       int

	// draws counts the items of each independent draw: spans of a trace, and points of a series, stand or fall together.
	draws map[uint64]int

	// How many items the row's items stood for when they were sent, and what those that arrived now say.
	weightSent, weightKept float64
}

func (r *row) ok() bool {
	return r.missing+r.unexpected+r.repeated+r.wrongState+r.wrongNamespace+r.altered == 0
}

// entry is one item that was sent.
type entry struct {
	row     *row
	keep    bool
	arrived int
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
}

// maxExamples of each kind of fault are enough to see a pattern and do not bury the table.
const maxExamples = 2

func newBook(signal string) book {
	return book{signal: signal, rows: map[string]*row{}, exampled: map[string]int{}, via: map[string]int{}}
}

func (b *book) open(label, rule string, rate float64) *row {
	r, ok := b.rows[label]
	if !ok {
		r = &row{label: label, rule: rule, rate: rate, draws: map[uint64]int{}}
		b.rows[label] = r
	}
	return r
}

// add notes an item before it is sent, so that it cannot arrive before it is known.
func (b *book) add(e *entry, via string, draw uint64, weight float64) {
	b.sent++
	b.via[via]++
	e.row.sent++
	e.row.draws[draw]++
	e.row.weightSent += weight
	if e.keep {
		e.row.expected++
		b.outstanding++
	}
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
		b.example("%s: arrived, should have been dropped at rate %v of %s", what(), e.row.rate, e.row.label)
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
		b.example("%s: missing, should have been kept at rate %v of %s", what, e.row.rate, e.row.label)
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
