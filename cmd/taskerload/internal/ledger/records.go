// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Records records every log record that is sent, by its identity.
type Records struct {
	book
	oracle  *oracle.Oracle
	records map[string]*recordEntry
	traces  map[pcommon.TraceID]*Count // records that must be kept with their trace

	drawn map[string]bool // randomness of records that arrived after an independent draw
}

type recordEntry struct {
	entry
	trace    pcommon.TraceID
	workflow string // empty: none
	part     Part   // of the workflow

	// Of a record that is kept, or that a draw may keep: what the changeable attributes must be, and everything else.
	namespace string
	stamps    recordStamps
	content   string

	follows, overruled bool // see oracle.RecordOutcome

	draw *oracle.RecordOutcome // if a draw decides
}

// recordStamps are the values of the two attributes with their types, as text; empty: absent.
type recordStamps struct{ threshold, randomness string }

// NewRecords returns a ledger that expects what the oracle predicts.
func NewRecords(o *oracle.Oracle) *Records {
	l := &Records{
		book:    newBook("log_records"),
		oracle:  o,
		records: map[string]*recordEntry{},
		traces:  map[pcommon.TraceID]*Count{},
		drawn:   map[string]bool{},
	}
	l.summary.ByDraw, l.summary.Faults = map[float64]*Count{}, map[string]int{}
	return l
}

// Send records a request that is about to be sent.
func (l *Records) Send(request plog.Logs) {
	l.mu.Lock()
	defer l.mu.Unlock()
	outcomes, keys := l.oracle.Records(request)
	l.summary.Keys += len(keys)
	for r := range items.Records(request) {
		l.sendRecord(r, &outcomes[0])
		outcomes = outcomes[1:]
	}
}

func (l *Records) sendRecord(r items.Record, out *oracle.RecordOutcome) {
	if l.records[r.ID()] != nil {
		panic("two log records of the load share an identity")
	}
	e := &recordEntry{
		entry:     l.send(&out.Outcome, 0), // no backend estimates numbers of records here
		trace:     r.TraceID(),
		workflow:  out.Workflow,
		part:      Part{cmp.Or(out.TraceNamespace, out.Group.Label), out.Rate},
		follows:   out.FollowsTrace,
		overruled: out.Overruled,
	}
	if out.Fault != "" {
		l.summary.Faults[out.Fault]++
	}
	if out.IsDrawn {
		draw := *out
		e.draw = &draw
		l.drawOf(out.Rate).Sent++
	}
	if e.keep || out.IsDrawn {
		namespace, _ := items.Namespace(r.Attributes())
		e.namespace, e.stamps, e.content = cmp.Or(out.Write, namespace), stampsOf(r).after(&out.Stamps), r.Content()
	}
	if e.follows {
		if l.traces[e.trace] == nil {
			l.traces[e.trace] = &Count{}
		}
		l.traces[e.trace].Sent++
	}
	l.records[r.ID()] = e
}

func (l *Records) drawOf(rate float64) *Count {
	if l.summary.ByDraw[rate] == nil {
		l.summary.ByDraw[rate] = &Count{}
	}
	return l.summary.ByDraw[rate]
}

func stampsOf(r items.Record) recordStamps {
	return recordStamps{r.Stamp(items.ThresholdAttribute), r.Stamp(items.RandomnessAttribute)}
}

// after returns the stamps of a kept record.
func (s recordStamps) after(written *oracle.Stamps) recordStamps {
	if written.RemovesThreshold {
		s.threshold = ""
	}
	if written.Threshold != "" {
		s.threshold = fmt.Sprintf("%q", written.Threshold)
	}
	if written.Randomness != "" {
		s.randomness = fmt.Sprintf("%q", written.Randomness)
	}
	return s
}

// Receive compares a request that arrived with what was sent.
func (l *Records) Receive(request plog.Logs) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range items.Records(request) {
		l.receiveRecord(r)
	}
}

func (l *Records) receiveRecord(r items.Record) {
	describe := func() string {
		return fmt.Sprintf("%q, trace %s, record %s", r.Body().AsString(), r.TraceID(), r.ID())
	}
	l.arrived++
	e := l.records[r.ID()]
	if e == nil {
		l.arriveUnknown(describe())
		return
	}
	if e.draw != nil && e.arrived == 0 {
		l.drawKept(e)
	}
	if !l.arrive(&e.entry, describe) {
		return
	}
	if e.follows {
		l.traces[e.trace].Arrived++
	}
	if !e.keep {
		return // the content of an unexpected record is not specified
	}
	want := e.stamps
	if e.draw != nil && e.draw.Threshold != "" {
		want.randomness = l.checkDraw(e, r)
	}
	if got := stampsOf(r); got != want {
		e.row.WrongStamp++
		l.example("%s: threshold and randomness %+v, want %+v", describe(), got, want)
	}
	switch got, _ := items.Namespace(r.Attributes()); {
	case got != e.namespace:
		e.row.WrongNamespace++
		l.example("%s: attribute namespace %q, want %q", describe(), got, e.namespace)
	case r.Content() != e.content:
		e.row.Altered++
		l.example("%s: is %s, want %s", describe(), r.Content(), e.content)
	}
}

// drawKept notes that a draw has kept a record, which was counted as dropped and not expected.
func (l *Records) drawKept(e *recordEntry) {
	kept := e.draw.Outcome
	kept.Keep = true
	e.entry = l.revise(&e.draw.Outcome, &kept, 0)
	l.drawOf(kept.Rate).Arrived++
}

// checkDraw returns the randomness that a record must carry: its own, if it passes the threshold and no other record has it.
func (l *Records) checkDraw(e *recordEntry, r items.Record) (want string) {
	randomness := r.Text(items.RandomnessAttribute)
	switch {
	case !oracle.Passes(randomness, e.draw.Threshold):
		return "one that passes the threshold"
	case l.drawn[randomness]:
		return "one that no other record has"
	}
	l.drawn[randomness] = true
	return r.Stamp(items.RandomnessAttribute)
}

// Settle counts the records that did not arrive and returns the result, with the records of each workflow. The traces learn how many of
// their records were sent and arrived. The ledger must not be used afterwards.
func (l *Records) Settle(traces Traces, workflows Workflows) *Summary {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.records {
		l.settle(&e.entry, fmt.Sprintf("record %s, trace %s", id, e.trace))
		if e.workflow != "" {
			one := workflows.of(e.workflow)
			one.Overruled = one.Overruled || e.overruled
			one.add(e.part, 1, min(e.arrived, 1))
		}
	}
	for id, count := range l.traces {
		if t := traces[id]; t != nil {
			t.Records = *count
		}
	}
	l.records, l.drawn = nil, nil // not needed any more, and large
	return l.summary
}
