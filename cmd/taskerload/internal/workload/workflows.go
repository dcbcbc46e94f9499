// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/xxh64"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// A workflow is 3 to 8 tasks that share a correlation ID. Nothing else connects them: every task, and every run of a step,
// has traces of its own.
const (
	minTasks = 3
	maxTasks = 8
)

// workflow is what the tasks of a workflow have in common.
type workflow struct {
	randomness string // by which a first tier of collectors that keeps whole workflows has kept all of it; empty: none has
	isForeign  bool   // each trace has whatever tracestate its callers left
}

// newWorkflows makes the tasks of n workflows. The first tasks of all workflows precede the second ones, and so on, so that
// the parts of a workflow are far apart. In one workflow of ten, some tasks are in another namespace than the first.
func newWorkflows(seed uint64, n int) []Task {
	rng := newStream(seed, streamWorkflows)
	var stages [maxTasks][]Task
	for i := range n {
		created := epoch.Add(time.Duration(i) * 25 * time.Millisecond)
		first := newWorkflowTask(rng, created, pickNamespace(rng))
		first.workflow = newWorkflow(rng, first.CorrelationID)
		stages[0] = append(stages[0], first)
		isNested := rng.IntN(10) == 0
		count := minTasks + rng.IntN(maxTasks-minTasks+1)
		for k := 1; k < count; k++ {
			namespace := first.Namespace
			if isNested && (k == 1 || rng.IntN(2) == 0) {
				namespace = pickNamespace(rng)
			}
			t := newWorkflowTask(rng, created.Add(time.Duration(k)*time.Second), namespace)
			t.CorrelationID, t.ParentCorrelationID, t.workflow = first.CorrelationID, first.CorrelationID, first.workflow
			stages[k] = append(stages[k], t)
		}
	}
	return slices.Concat(stages[:]...)
}

func newWorkflowTask(rng *rand.Rand, created time.Time, namespace string) Task {
	t := Task{
		Task: taskerdb.Task{
			UUID:          newUUID(rng, created),
			CorrelationID: newUUID(rng, created),
			Namespace:     namespace,
			CreatedAt:     created,
		},
		template: namespace + "_" + pick(rng, "process", "sync", "reconcile"),
	}
	for range pickStepCount(rng) {
		t.Steps = append(t.Steps, newUUID(rng, created.Add(3*time.Millisecond)))
	}
	return t
}

// newWorkflow lets a first tier keep one workflow of twenty at 50 %. One of ten has traces that other samplers may have decided
// about, each by itself.
func newWorkflow(rng *rand.Rand, correlationID string) (w workflow) {
	switch p := rng.IntN(20); {
	case p == 0:
		if r := xxh64.Sum(correlationID) >> 8; r >= 1<<55 {
			w.randomness = fmt.Sprintf("%014x", r)
		}
	case p < 3:
		w.isForeign = true
	}
	return w
}

// tracestate returns that of all traces of a workflow that is not foreign.
func (w workflow) tracestate() string {
	if w.randomness == "" {
		return ""
	}
	return "ot=rv:" + w.randomness + ";th:" + firstTierThreshold
}

// workflowTraces yields the traces of the tasks, one task after the other.
func workflowTraces(tasks []Task, seed uint64, start time.Time) iter.Seq[*trace] {
	return func(yield func(*trace) bool) {
		rng := newStream(seed, streamWorkflowSpans)
		for i := range tasks {
			task := &tasks[i]
			begin := start.Add(time.Duration(i) * time.Millisecond)
			for _, plan := range planWorkflowTask(rng, task) {
				t := newTrace(rng, plan, begin)
				if t.isForeign, t.randomness = task.workflow.isForeign, task.workflow.randomness; !t.isForeign {
					t.tracestate = task.workflow.tracestate()
				}
				if !yield(t) {
					return
				}
			}
		}
	}
}
