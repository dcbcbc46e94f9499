// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// namespaces are the namespaces of the load with their shares of all tasks, in percent. The first four have a rate of
// their own in testdata/demo.yaml.
var namespaces = []struct {
	name  string
	share int
}{
	{"payments", 12},
	{"orders", 18},
	{"analytics", 22},
	{"integrations", 10},
	{"inventory", 6},
	{"shipping", 6},
	{"notifications", 6},
	{"fulfillment", 5},
	{"customer_success", 4},
	{"rust_e2e_linear", 4},
	{"reporting", 4},
	{"identity", 3},
}

// Names that services report in place of the task's namespace.
const (
	unknownNamespace   = "unknown"
	aggregateNamespace = "aggregate"
)

// Namespaces is the number of distinct namespaces in the load. The namespace "aggregate" occurs in metrics only.
func Namespaces() int { return len(namespaces) + 1 }

// epoch is the time of the first task. It is fixed, so that identifiers do not change from run to run.
var epoch = time.Date(2026, time.June, 1, 8, 0, 0, 0, time.UTC)

// Task is a task of the load.
type Task struct {
	taskerdb.Task
	template string // the name of the task template: task_type on the wire
	rows     rows
	child    taskerdb.Task // the task that this one started, usually in another namespace; no UUID: none
	workflow workflow      // that it is part of; see newWorkflows
}

// rows says which of a task's rows Postgres has. Telemetry can arrive before the rows that it refers to, so a few tasks
// have no rows, and a few more have no rows for their steps. Lookups for those find nothing.
type rows int

const (
	allRows rows = iota
	noStepRows
	noRows
)

// NewTasks makes n tasks, the same ones for the same seed.
func NewTasks(seed uint64, n int) []Task {
	rng := newStream(seed, streamTasks)
	tasks := make([]Task, n)
	for i := range tasks {
		created := epoch.Add(time.Duration(i) * 25 * time.Millisecond)
		namespace := pickNamespace(rng)
		t := &tasks[i]
		*t = Task{
			Task: taskerdb.Task{
				UUID:          newUUID(rng, created),
				CorrelationID: newUUID(rng, created),
				Namespace:     namespace,
				CreatedAt:     created,
			},
			template: namespace + "_" + pick(rng, "process", "sync", "reconcile"),
			rows:     pickRows(rng),
		}
		for range pickStepCount(rng) {
			t.Steps = append(t.Steps, newUUID(rng, created.Add(3*time.Millisecond)))
		}
		if i > 0 {
			relate(rng, t, &tasks[rng.IntN(i)])
		}
	}
	return tasks
}

// relate gives some tasks the correlation ID of an earlier task, in every way that occurs in the field: nested workflows,
// which name their parent's correlation, and requests that started several root tasks, some of them in the same
// microsecond. The namespaces of such tasks often differ, so their order decides what the correlation ID resolves to.
func relate(rng *rand.Rand, t, earlier *Task) {
	switch p := rng.IntN(1000); {
	case p < 60:
		t.CorrelationID, t.ParentCorrelationID = earlier.CorrelationID, earlier.CorrelationID
		earlier.child = t.Task
	case p < 70:
		t.CorrelationID = earlier.CorrelationID
	case p < 73:
		t.CorrelationID, t.CreatedAt = earlier.CorrelationID, earlier.CreatedAt
	}
}

func pickNamespace(rng *rand.Rand) string {
	p := rng.IntN(100)
	for _, n := range namespaces {
		if p -= n.share; p < 0 {
			return n.name
		}
	}
	panic("the shares of the namespaces do not add up to 100")
}

func pickStepCount(rng *rand.Rand) int {
	if rng.IntN(100) < 70 {
		return 1
	}
	return 2
}

func pickRows(rng *rand.Rand) rows {
	switch p := rng.IntN(100); {
	case p < 1:
		return noRows
	case p < 3:
		return noStepRows
	default:
		return allRows
	}
}

// Rows returns the tasks that have a row in Postgres, with those steps that have one.
func Rows(tasks []Task) []taskerdb.Task {
	all := make([]taskerdb.Task, 0, len(tasks))
	for i := range tasks {
		row := tasks[i].Task
		switch tasks[i].rows {
		case noRows:
			continue
		case noStepRows:
			row.Steps = nil
		case allRows:
		}
		all = append(all, row)
	}
	return all
}
