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

	// With a remainder: the sums that dropped points belong to, and the series whose growth is checked.
	dropped map[string]bool
	growing growing
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
	grows    bool   // it is one of the series whose growth is checked
}

// NewPoints returns a ledger that expects what the oracle predicts.
func NewPoints(o *oracle.Oracle) *Points {
	return &Points{
		book:    newBook("datapoints"),
		oracle:  o,
		points:  map[pointKey]*pointEntry{},
		dropped: map[string]bool{},
		growing: newGrowing(),
	}
}

// Send records a request that is about to be sent.
func (l *Points) Send(request pmetric.Metrics) { l.record(request, false) }

// SendGrowing records a request with series whose growth is checked. The request before must have been answered.
func (l *Points) SendGrowing(request pmetric.Metrics) { l.record(request, true) }

func (l *Points) record(request pmetric.Metrics, grows bool) {
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
		l.points[key] = &pointEntry{entry: l.send(out, 0), reading: p.Reading, workflow: out.Workflow, write: out.Write, grows: grows}
		if !l.oracle.HasRemainder() || !p.Grows() || out.Keep && !grows {
			continue
		}
		sum := p.Sum(l.oracle.Without(), out.Write)
		if !out.Keep {
			l.dropped[sum] = true
		}
		if grows {
			l.growing.send(p, sum, out.Keep)
		}
	}
	l.outstanding += l.growing.end()
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
	if l.oracle.HasRemainder() && p.IsRemainder() {
		l.receiveRemainder(p)
		return
	}
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
	if !l.arrive(&e.entry, p.String) {
		return
	}
	if e.grows {
		l.growing.receive(p, p.Sum(l.oracle.Without(), ""))
	}
	if !e.keep {
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

// receiveRemainder records a point that dropped ones add up to. It is not one that was kept.
func (l *Points) receiveRemainder(p *items.Point) {
	l.summary.Remainders++
	sum := p.Sum(l.oracle.Without(), "")
	if !l.dropped[sum] {
		l.summary.Unknown++
		l.example("%s: arrived, but nothing that was dropped adds up to it", p)
	}
	if l.growing.dropped[sum] {
		l.outstanding--
		l.growing.receive(p, sum)
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
	if l.growing.sent.Series() > 0 {
		l.summary.Increases = l.growing.settle(func(sum string, i *Increase) {
			l.example("%s: grew by %v, of which %v was kept and %v is in remainders", sum, i.Sent, i.Kept, i.Remainder)
		})
	}
	l.points = nil // not needed any more, and large
	return l.summary, workflows
}
