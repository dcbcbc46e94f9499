// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

// Tables that cannot be read are problems. A table that was never read has been unreadable since the start.
func TestStatesThatAreProblems(t *testing.T) {
	started := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	read := started.Add(time.Hour)
	w := recent.New(labels.New(1, nil), (&problems.Counts{}).Sums).Window()
	for name, test := range map[string]struct {
		n     Namespaces
		kind  string
		since *time.Time
		count int64
	}{
		"overrides": {
			Namespaces{State: State{RuntimeOverrides: &RuntimeOverrides{ReadAt: &read, Error: new("no")}}}, "overrides_unreadable", &read, 0,
		},
		"overrides never read": {
			Namespaces{State: State{RuntimeOverrides: &RuntimeOverrides{Error: new("no")}}}, "overrides_unreadable", &started, 0,
		},
		"registry":          {Namespaces{Registry: &Registry{ReadAt: &read, Error: new("no")}}, "registry_unreadable", &read, 0},
		"fleet never asked": {Namespaces{State: State{Fleet: &FleetState{Error: new("no")}}}, "budgets_not_shared", &started, 0},
		"one row": {
			Namespaces{State: State{RuntimeOverrides: &RuntimeOverrides{ReadAt: &read, Rejected: 1, RejectedRows: []RejectedRow{{Error: "no"}}}}},
			"rows_skipped", &read, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := &View{Collector: Collector{CountingSince: started}, Groups: group.NewReader(group.Config{})}
			found := v.states(&test.n, w)
			require.Len(t, found, 1)
			assert.Equal(t, test.kind, found[0].Kind)
			assert.Equal(t, test.since, found[0].Since)
			assert.Equal(t, test.count, found[0].Count)
			assert.NotEmpty(t, found[0].Consequence)
		})
	}
	v := &View{Groups: group.NewReader(group.Config{})}
	assert.Empty(t, v.states(&Namespaces{State: State{RuntimeOverrides: &RuntimeOverrides{}, Fleet: &FleetState{}}}, w))
}
