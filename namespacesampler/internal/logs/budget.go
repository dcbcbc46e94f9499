// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// sifting says how a record that was not named counts for a budget (B2).
type sifting struct {
	// isOut is true if the record was not looked up because no rate keeps it. Others stand for it.
	isOut bool
	// at is the probability of the rate that the record had to pass to be looked up, or 0.
	at float64
}

// siftedAt returns the probability of the highest rate if a record is only looked up because it passes that rate, else 0.
func (w *walk) siftedAt(rec *record) float64 {
	if rec.item.Namespace != "" || rec.isExempt() || w.lacksGroup(rec) || rec.id.IsEmpty() {
		return 0
	}
	if highest := w.highestOf(rec); !highest.IsAlways() {
		return highest.Probability
	}
	return 0
}

// meter counts a record that a rate has decided which follows from a budget.
func (w *walk) meter(rec *record, by *recordRate, d *decision.Record) {
	if d.Keep {
		by.budget.Keep()
	}
	if rec.sifting.isOut {
		return
	}
	var load batch.Load
	if d.Fault == decision.Inconsistent { // its threshold is false
		load.Add(1)
	} else {
		load.Add(rec.stamp.Probability())
	}
	by.budget.Arrive(load, rec.sifting.at, by.match.Probability, 0)
}
