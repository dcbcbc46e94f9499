// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// Change is a change of the overrides in force.
type Change struct {
	At time.Time `json:"at"`
	// Change is added, changed, removed or ended.
	Change string `json:"change"`
	Key    string `json:"key"`
	Signal string `json:"signal"`
	Source string `json:"source"`
	// From and To are the rates of the key before and after, by signal.
	From map[string]Effective `json:"from"`
	To   map[string]Effective `json:"to"`
	// ExpiresAt is when the override ends, or was to end.
	ExpiresAt *time.Time `json:"expires_at"`
	Reason    string     `json:"reason,omitempty"`
	UpdatedBy string     `json:"updated_by,omitempty"`
}

// Effective is a rate, or the budget that it follows from.
type Effective struct {
	// SampleRate is null if ItemsPerSecond is set.
	SampleRate     *float64 `json:"sample_rate"`
	ItemsPerSecond float64  `json:"items_per_second,omitempty"`
}

// changes returns the last changes, the newest first.
func (v *View) changes() []Change {
	var changes []Change
	for _, c := range v.Steering.Rates.Changes() {
		o := &c.Override
		changes = append(changes, Change{
			At: c.At.UTC().Truncate(time.Millisecond), Change: string(c.Kind), Key: o.Key, Signal: string(o.Signal), Source: string(o.Source),
			From: effective(c.From), To: effective(c.To), ExpiresAt: timeOrNil(o.Until), Reason: o.Reason, UpdatedBy: o.UpdatedBy,
		})
	}
	return changes
}

func effective(rates map[rate.Signal]steering.Effective) map[string]Effective {
	shown := make(map[string]Effective, len(rates))
	for s, e := range rates {
		if e.ItemsPerSecond > 0 {
			shown[string(s)] = Effective{ItemsPerSecond: e.ItemsPerSecond}
		} else {
			shown[string(s)] = Effective{SampleRate: &e.Probability}
		}
	}
	return shown
}
