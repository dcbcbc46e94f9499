// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Points records every data point that is sent, by series and time.
type Points struct {
	book
	oracle *oracle.Oracle
	points map[pointKey]*pointEntry
}

type pointKey struct {
	series string
	time   pcommon.Timestamp
}

type pointEntry struct {
	entry
	reading  items.Reading
	workflow string // empty: none
	write    string // the namespace that must have been added; empty: none
}

// NewPoints returns a ledger that expects what the oracle predicts.
func NewPoints(o *oracle.Oracle) *Points {
	return &Points{
		book:   newBook("datapoints"),
		oracle: o,
		points: map[pointKey]*pointEntry{},
	}
}

// Send records a request that is about to be sent.
func (l *Points) Send(request pmetric.Metrics) {
	l.mu.Lock()
	defer l.mu.Unlock()
	outcomes, keys := l.oracle.Points(request)
	l.summary.Keys += len(keys)
	for p := range items.Points(request) {
		out := &outcomes[0]
		outcomes = outcomes[1:]
		key := pointKey{p.Series(), p.Reading.Time}
		if l.points[key] != nil {
			panic("two data points of the load have the same series and time: " + p.String())
		}
		// M1: a data point has no weight.
		l.points[key] = &pointEntry{entry: l.send(out, 0), reading: p.Reading, workflow: out.Workflow, write: out.Write}
	}
}

// Receive compares a request that arrived with what was sent.
func (l *Points) Receive(request pmetric.Metrics) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range items.Points(request) {
		l.receivePoint(p)
	}
}

func (l *Points) receivePoint(p *items.Point) {
	l.arrived++
	written := ""
	e := l.points[pointKey{p.Series(), p.Reading.Time}]
	if e == nil {
		// The series differs from any that was sent, unless the collector added the namespace.
		if e = l.points[pointKey{p.SeriesWithoutNamespace(), p.Reading.Time}]; e == nil {
			l.arriveUnknown(p.String())
			return
		}
		written, _ = items.Namespace(p.Attributes)
	}
	if !l.arrive(&e.entry, p.String) || !e.keep {
		return
	}
	if written != e.write {
		e.row.WrongNamespace++
		l.example("%s: namespace written %q, want %q", p, written, e.write)
	}
	if p.Reading != e.reading {
		e.row.Altered++
		l.example("%s: value %+v, want %+v", p, p.Reading, e.reading)
	}
}

// Settle counts the data points that did not arrive and returns the result, with the points of each workflow. The ledger must
// not be used afterwards.
func (l *Points) Settle() (*Summary, Workflows) {
	l.mu.Lock()
	defer l.mu.Unlock()
	workflows := Workflows{}
	for key, e := range l.points {
		l.settle(&e.entry, fmt.Sprintf("%q at %d", key.series, key.time))
		if e.workflow != "" {
			workflows.of(e.workflow).add(Part{e.row.Label, e.rate}, 1, min(e.arrived, 1))
		}
	}
	l.points = nil // not needed any more, and large
	return l.summary, workflows
}
