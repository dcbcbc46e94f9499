// SPDX-License-Identifier: Apache-2.0

package logs

import "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"

// needsLookup reports whether the namespace or the group of a record can change a decision, or an attribute of a kept record.
func (w *walk) needsLookup(rec *record) bool {
	lacksName := rec.item.Namespace == ""
	if rec.isExempt() {
		return lacksName // it is written to the record
	}
	if !lacksName {
		by := w.rateOf(rec)
		return w.lacksGroup(rec) && !by.match.IsNever() && !by.match.IsAlways()
	}
	highest := w.highestOf(rec)
	if w.lacksGroup(rec) { // a group can have any randomness
		return !highest.IsNever()
	}
	return !w.samplerOf(rec).DropsRecord(&rec.id, &rec.stamp, highest)
}

// highestOf returns the highest rate that a record without a namespace can get. What it drops needs no lookup (T14).
func (w *walk) highestOf(rec *record) *rate.Rate {
	table := w.namespaces.Table()
	if !rec.trace.IsNamed() {
		return w.p.common.HighestRate(table)
	}
	highest := &rec.trace.Trace.Rate.Rate
	if own := table.HighestOfSignal(); own != nil && own.Probability > highest.Probability {
		return &own.Rate
	}
	return highest
}
