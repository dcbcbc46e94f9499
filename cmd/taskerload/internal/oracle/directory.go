// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"slices"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// lookupAttributes are in the order in which the tasker layout tries them.
var lookupAttributes = [...]string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}

// LookupAttributes returns them.
func LookupAttributes() []string { return slices.Clone(lookupAttributes[:]) }

// directory is what Postgres answers: the namespace of each key, by lookup attribute.
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

// newWorkflows returns the correlation ID of each task and step.
func newWorkflows(rows []taskerdb.Task) map[string]string {
	workflows := map[string]string{}
	for _, t := range rows {
		workflows[t.UUID] = t.CorrelationID
		for _, step := range t.Steps {
			workflows[step] = t.CorrelationID
		}
	}
	return workflows
}

// compareRoots orders the tasks that share a correlation ID. The ID resolves to the first: tasks without a parent precede
// those with one, then the earliest, then the least UUID. Lower-case UUIDs sort as text as they do in Postgres.
func compareRoots(a, b taskerdb.Task) int {
	return cmp.Or(
		cmp.Compare(min(1, len(a.ParentCorrelationID)), min(1, len(b.ParentCorrelationID))),
		a.CreatedAt.Compare(b.CreatedAt),
		cmp.Compare(a.UUID, b.UUID),
	)
}
