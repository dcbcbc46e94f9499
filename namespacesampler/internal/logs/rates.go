// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"cmp"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// recordRate is the rate of a record, the rule that it comes from, and the counters that count the record.
type recordRate struct {
	match       *rate.Match
	rule        labels.Rule
	unavailable bool
	counters    *batch.Counters
	budget      *batch.Budget // nil without one, and for the rate of a trace
}

// rateOf returns the rate of a record: that of its trace if it is remembered with a namespace, so that records follow it, unless there is one
// for log records alone; else that of its own namespace (L3). A record is counted under its own namespace if it has one, else under that of
// its trace.
func (w *walk) rateOf(rec *record) recordRate {
	if !rec.trace.IsNamed() {
		own := w.namespaces.OfItem(&rec.item)
		return recordRate{match: own.Rate, rule: own.Rule, unavailable: rec.item.IsUnavailable(), counters: own.Counters, budget: own.Budget}
	}
	trace := rec.trace.Trace
	name := cmp.Or(rec.item.Namespace, trace.Name)
	if name == "" { // that of the trace is too long to be remembered
		own := w.namespaces.OfUnknown()
		match, ofTrace := rec.trace.RateOfRecord(own.Rate)
		by := recordRate{match: match, rule: labels.Trace, counters: w.namespaces.CountersOf(trace.Label)}
		if !ofTrace {
			by.rule, by.budget = own.Rule, own.Budget
		}
		return by
	}
	own := w.namespaces.Of(name)
	match, ofTrace := rec.trace.RateOfRecord(own.Rate)
	by := recordRate{match: match, rule: own.Rule, counters: own.Counters}
	if ofTrace && (rec.item.Namespace == "" || !own.HasSettled(trace)) {
		by.rule = labels.Trace
	}
	if !ofTrace {
		by.budget = own.Budget
	}
	return by
}
