// SPDX-License-Identifier: Apache-2.0

package inspect

import "time"

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
