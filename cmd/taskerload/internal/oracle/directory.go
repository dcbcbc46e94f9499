// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// lookupAttributes in the order in which the tasker layout tries them.
var lookupAttributes = [...]string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}

// directory is what Postgres answers: for each lookup attribute, from identifier to namespace.
type directory map[string]map[string]string

func newDirectory(rows []taskerdb.Task) directory {
	tasks, steps, correlations := map[string]string{}, map[string]string{}, map[string]string{}
	roots := map[string]taskerdb.Task{}
	for _, t := range rows {
		tasks[t.UUID] = t.Namespace
		for _, step := range t.Steps {
			steps[step] = t.Namespace
		}
		if root, seen := roots[t.CorrelationID]; !seen || compareRoots(t, root) < 0 {
			roots[t.CorrelationID] = t
			correlations[t.CorrelationID] = t.Namespace
		}
	}
	return directory{
		"task_uuid":          tasks,
		"step_uuid":          steps,
		"workflow_step_uuid": steps,
		"correlation_id":     correlations,
	}
}

// compareRoots orders the tasks of one correlation: the first speaks for it. No parent comes before any parent, then
// the earliest, then the least UUID (in lower case, text sorts as Postgres sorts UUIDs).
func compareRoots(a, b taskerdb.Task) int {
	return cmp.Or(
		cmp.Compare(min(1, len(a.ParentCorrelationID)), min(1, len(b.ParentCorrelationID))),
		a.CreatedAt.Compare(b.CreatedAt),
		cmp.Compare(a.UUID, b.UUID),
	)
}
