// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"slices"
)

// emissionsPerSeries is how often each series of a workflow is reported.
const emissionsPerSeries = 2

// childInstruments are those of perRequest that a child task in another namespace adds a series to.
var childInstruments = []string{"tasker.tasks.requests.total", "tasker.steps.successes.total", "tasker.step.execution.duration"}

// workflowSeries returns the series of the workflows, which all carry the correlation ID, in the order in which exporters send
// them. The first task of a workflow has one of each instrument, and child tasks in another namespace some of their own.
func workflowSeries(tasks []Task, seed uint64) []series {
	rng := newStream(seed, streamWorkflowSeries)
	seen := map[string]bool{}
	roots := map[string]string{} // namespaces by correlation ID; the first tasks precede the others
	var all []series
	for i := range tasks {
		t := &tasks[i]
		isRoot := t.ParentCorrelationID == ""
		if isRoot {
			roots[t.CorrelationID] = t.Namespace
		}
		for _, m := range perRequest {
			if !isRoot && (t.Namespace == roots[t.CorrelationID] || !slices.Contains(childInstruments, m.name)) {
				continue
			}
			if s := newRequestSeries(rng, m, t); !seen[s.id()] {
				seen[s.id()] = true
				all = append(all, s)
			}
		}
	}
	sortSeries(all)
	return all
}

// sortSeries sorts series by service and metric, as exporters send them.
func sortSeries(all []series) {
	slices.SortStableFunc(all, func(a, b series) int {
		return cmp.Or(cmp.Compare(a.service.name, b.service.name), cmp.Compare(a.instrument.name, b.instrument.name))
	})
}
