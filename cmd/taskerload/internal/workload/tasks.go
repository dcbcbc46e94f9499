// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"math/rand/v2"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// share is a namespace and its part of all tasks, in percent.
type share struct {
	namespace string
	percent   int
}

// The first four have a rate of their own in testdata/demo.yaml; no configuration lists the others.
var namespaceShares = []share{
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

// worldEpoch is the time in the oldest UUID. It is fixed: identifiers must not change from run to run.
var worldEpoch = time.Date(2026, time.June, 1, 8, 0, 0, 0, time.UTC)

// Each kind of thing has a random stream of its own, so that a change to one leaves the others as they were.
const (
	streamTasks uint64 = iota + 1
	streamSpans
	streamSeries
	streamCuts
)

func stream(seed, which uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, which))
}

// task is a Tasker task as its telemetry knows it.
type task struct {
	taskerdb.Task
	kind string // the task template's name, on the wire as task_type
	rows rows
	// child is a task that this one started, mostly in another namespace; without UUID: none.
	child taskerdb.Task
}

// rows are those that Postgres has of a task. Telemetry overtakes the rows that it is about, so a few tasks have none, and
// of a few more the steps are not there yet: the collector's question about them has the answer unknown.
type rows int

const (
	allRows rows = iota
	noStepRows
	noRows
)

// newTasks makes n tasks, the same ones for the same seed.
func newTasks(seed uint64, n int) []task {
	rng := stream(seed, streamTasks)
	tasks := make([]task, n)
	for i := range tasks {
		created := worldEpoch.Add(time.Duration(i) * 25 * time.Millisecond)
		namespace := pickNamespace(rng)
		t := &tasks[i]
		*t = task{
			Task: taskerdb.Task{
				UUID:          uuidV7(rng, created),
				CorrelationID: uuidV7(rng, created),
				Namespace:     namespace,
				CreatedAt:     created,
			},
			kind: namespace + "_" + pick(rng, "process", "sync", "reconcile"),
			rows: pickRows(rng),
		}
		for range pickStepCount(rng) {
			t.Steps = append(t.Steps, uuidV7(rng, created.Add(3*time.Millisecond)))
		}
		if i > 0 {
			relate(rng, t, &tasks[rng.IntN(i)])
		}
	}
	return tasks
}

// relate gives some tasks the correlation of an earlier one, in every way that occurs in the field: nested workflows,
// which name their parent's correlation, and requests that started several root tasks, some within one microsecond.
// Which of them speaks for the correlation is then a question of order, and the namespaces often differ.
func relate(rng *rand.Rand, t, earlier *task) {
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
	for _, s := range namespaceShares {
		if p -= s.percent; p < 0 {
			return s.namespace
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

func pick[T any](rng *rand.Rand, choices ...T) T {
	return choices[rng.IntN(len(choices))]
}

// uuidV7 lays a UUID out as version 7 does: milliseconds, version, variant, random bits.
func uuidV7(rng *rand.Rand, at time.Time) string {
	var b [16]byte
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	fill(rng, b[6:])
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f

	text := make([]byte, 0, 36)
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}

// seededTasks are those that have a row, with the steps that have one.
func seededTasks(tasks []task) []taskerdb.Task {
	seeded := make([]taskerdb.Task, 0, len(tasks))
	for i := range tasks {
		row := tasks[i].Task
		switch tasks[i].rows {
		case noRows:
			continue
		case noStepRows:
			row.Steps = nil
		case allRows:
		}
		seeded = append(seeded, row)
	}
	return seeded
}
