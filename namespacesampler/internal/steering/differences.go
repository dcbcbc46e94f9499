// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// difference is how an override differs between two tables.
type difference struct {
	kind ChangeKind
	was  *rate.Override // nil if it was added
	is   *rate.Override // nil if it is no longer in force
}

// override returns the override as it is, or was.
func (d *difference) override() *rate.Override {
	if d.is == nil {
		return d.was
	}
	return d.is
}

// differences returns how the overrides of two tables differ: first those that were added or have changed, then those that are no longer
// in force, each in the order of the tables.
func differences(before, after *Tables, now time.Time) (all []difference) {
	old := make(map[rate.OverrideID]*rate.Override, len(before.Overrides))
	for i := range before.Overrides {
		old[before.Overrides[i].ID()] = &before.Overrides[i]
	}
	for i := range after.Overrides {
		is := &after.Overrides[i]
		was, ok := old[is.ID()]
		delete(old, is.ID())
		switch {
		case !ok:
			all = append(all, difference{Added, nil, is})
		case !isEqual(was, is):
			all = append(all, difference{Changed, was, is})
		}
	}
	for i := range before.Overrides {
		was := &before.Overrides[i]
		switch _, gone := old[was.ID()]; {
		case !gone:
		case was.IsExpired(now):
			all = append(all, difference{Ended, was, nil})
		default:
			all = append(all, difference{Removed, was, nil})
		}
	}
	return all
}
