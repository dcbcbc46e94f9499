// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"slices"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// overrides returns the overrides in force, sorted by key.
func (v *View) overrides() []Override {
	tables := v.Steering.Rates.InForce()
	inForce := slices.Clone(tables.Overrides)
	slices.SortStableFunc(inForce, func(a, b rate.Override) int { return strings.Compare(a.Key, b.Key) })
	overrides, unmatched := make([]Override, len(inForce)), v.Steering.Unmatched()
	for i := range inForce {
		o := &inForce[i]
		overrides[i] = Override{
			Key: o.Key, Signal: string(o.Signal), ItemsPerSecond: o.ItemsPerSecond, Source: string(o.Source), ExpiresAt: timeOrNil(o.Until),
			Reason: o.Reason, UpdatedBy: o.UpdatedBy, UpdatedAt: timeOrNil(o.UpdatedAt), Superseded: superseded(tables, o),
		}
		overrides[i].DidYouMean, overrides[i].Unmatched = unmatched[o.Key]
		if o.ItemsPerSecond == 0 {
			overrides[i].SampleRate = &o.Probability
		}
	}
	return overrides
}

// superseded returns the signals for which another override applies to whatever an override is for. Of a pattern it is enough that another one
// has the same text; whether others match all its namespaces cannot be known.
func superseded(tables *steering.Tables, o *rate.Override) (signals []string) {
	for _, s := range rate.Signals {
		if o.Signal != rate.All && o.Signal != s {
			continue
		}
		winner := tables.Of(s).Peek(o.Key)
		if rate.IsPattern(o.Key) {
			winner = tables.Of(s).Winner(o.Key)
		}
		if winner.Source != o.Source || winner.Signal != o.Signal || winner.Rule != rate.Exact {
			signals = append(signals, string(s))
		}
	}
	return signals
}

// maxRejectedShown bounds the rejected rows in an answer.
const maxRejectedShown = 100

func (v *View) runtimeOverrides(w *steering.OverrideWatch) *RuntimeOverrides {
	state := w.State()
	r := &RuntimeOverrides{
		Table: w.Table(), ReadAt: timeOrNil(state.ReadAt), Error: errorOrNil(state.Err), Rejected: len(state.Rejected), RejectedRows: []RejectedRow{},
	}
	unmatched := v.Steering.Unmatched()
	for _, row := range state.Rejected[:min(len(state.Rejected), maxRejectedShown)] {
		r.RejectedRows = append(r.RejectedRows, RejectedRow{
			Namespace: row.Namespace, Signal: row.Signal, Error: row.Reason, DidYouMean: unmatched[row.Namespace],
		})
	}
	return r
}
