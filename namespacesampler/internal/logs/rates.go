// SPDX-License-Identifier: Apache-2.0

package logs

import (
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
}

// rateOf returns the rate of a record: that of its own namespace, unless its trace is remembered with a namespace. Then it is the rate of the
// trace, so that records follow it, unless there is one for log records alone (L3). A record is counted under its own namespace if it has
// one, else under that of its trace.
func (w *walk) rateOf(rec *record) recordRate {
	if !rec.trace.IsNamed() {
		own := w.namespaces.OfItem(&rec.item)
		return recordRate{match: own.Rate, rule: own.Rule, unavailable: rec.item.IsUnavailable(), counters: own.Counters}
	}
	trace := rec.trace.Trace
	name := rec.item.Namespace
	if name == "" {
		name = trace.Name
	}
	if name == "" { // that of the trace is too long to be remembered
		return recordRate{match: trace.Rate, rule: labels.Trace, counters: w.namespaces.CountersOf(trace.Label)}
	}
	own := w.namespaces.Of(name)
	switch {
	case own.Rate.Signal == rate.Logs:
		return recordRate{match: own.Rate, rule: own.Rule, counters: own.Counters}
	case rec.item.Namespace != "" && own.Counters.Label == trace.Label && *own.Rate == *trace.Rate:
		return recordRate{match: trace.Rate, rule: own.Rule, counters: own.Counters}
	}
	return recordRate{match: trace.Rate, rule: labels.Trace, counters: own.Counters}
}
