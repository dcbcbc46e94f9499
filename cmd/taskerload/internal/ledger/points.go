// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// pointLedger holds every data point that was sent, by series and time.
type pointLedger struct {
	book
	oracle *oracle
	points map[pointKey]*pointEntry
}

type pointKey struct {
	series string
	at     pcommon.Timestamp
}

type pointEntry struct {
	entry
	reading reading
	write   string // the namespace that must have been added; empty: none
}

func newPointLedger(o *oracle) *pointLedger {
	return &pointLedger{
		book:   newBook("datapoints"),
		oracle: o,
		points: map[pointKey]*pointEntry{},
	}
}

// expect notes what must become of each point of a request that is about to be sent.
func (l *pointLedger) expect(request pmetric.Metrics) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lookups := keySet{}
	for p := range pointsOf(request) {
		metric := l.oracle.identity.metric(p.resource, p.scope, p.metric)
		out, lookup := l.oracle.point(metric, p.attributes, p.scope.Attributes(), p.resource.Attributes())
		lookups.add(lookup)
		key := pointKey{p.key(false), p.reading.at}
		if l.points[key] != nil {
			panic("two points of the load have one series and one time: " + p.String())
		}
		// M1: nothing tells a point's weight.
		l.points[key] = &pointEntry{entry: l.add(&out, 0), reading: p.reading, write: out.write}
	}
	l.keys += len(lookups)
}

// receive checks what arrived.
func (l *pointLedger) receive(request pmetric.Metrics) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range pointsOf(request) {
		l.receivePoint(p)
	}
}

func (l *pointLedger) receivePoint(p *point) {
	l.arrivals++
	written := ""
	e := l.points[pointKey{p.key(false), p.reading.at}]
	if e == nil {
		// Not as sent: then the collector may have added the namespace, and only that.
		if e = l.points[pointKey{p.key(true), p.reading.at}]; e == nil {
			l.stranger(p.String())
			return
		}
		written, _ = stringAttribute(p.attributes)
	}
	if !l.arrive(&e.entry, p.String) || !e.keep {
		return
	}
	if written != e.write {
		e.row.wrongNamespace++
		l.example("%s: namespace written %q, want %q", p, written, e.write)
	}
	if p.reading != e.reading {
		e.row.altered++
		l.example("%s: value %+v, want %+v", p, p.reading, e.reading)
	}
}

// settle counts what never came.
func (l *pointLedger) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.points {
		l.lose(&e.entry, fmt.Sprintf("%q at %d", key.series, key.at))
	}
	l.points = nil // the rest is in the book, which is kept for longer
}
