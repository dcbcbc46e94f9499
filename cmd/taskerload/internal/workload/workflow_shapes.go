// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// planWorkflowTask plans the traces of a task in a workflow: one of the task, and two or three of each step. All spans of a
// trace are about one task, but only some carry the correlation ID. The others are marked as with [plan.oneStep].
//
//	task.orchestration         t c n       step.execution            s t c n     result.processing     s c
//	├ task.state_transition    t c         ├ step.state_transition   s t         ├ state_transition    t c
//	│ └ UPDATE tasker.tasks    –           │ └ UPDATE                –           ├ result.evaluation   t
//	├ step.discovery           t           ├ handler.execution       n           └ state_transition    t c
//	├ task.state_transition    t c         │ └ POST                  –
//	├ step.enqueuing           t           └ result.submission       s c         batch.processing      s t, or handler.execution  n
//	│ └ send tasker_steps      –                                                 └ batch.cursor        s
//	└ task.state_transition    t c                                                 └ SELECT            –
//
// One task in eight was started by a request, whose span carries none of these and is the root. One step in three processes a
// batch, in a trace without any correlation ID.
func planWorkflowTask(rng *rand.Rand, t *Task) (traces [][]plannedSpan) {
	add := func(build func(*plan)) {
		p := &plan{rng: rng, task: t, open: -1}
		build(p)
		traces = append(traces, p.spans)
	}
	add((*plan).workflowTask)
	for _, step := range t.Steps {
		s := pickWorker(rng, t)
		add(func(p *plan) {
			p.execute(s, step, func() {
				p.handle(s, func() { p.http("POST") })
				p.span(s, "result.submission", p.stepAndCorrelation(step))
			})
		})
		add(func(p *plan) { p.result(step) })
		if rng.IntN(3) == 0 {
			add(func(p *plan) { p.batch(s, step) })
		}
	}
	return traces
}

func (p *plan) workflowTask() {
	if p.rng.IntN(8) > 0 {
		p.orchestrate()
		return
	}
	request := p.span(orchestration, "POST /v1/tasks", []attribute{{"http.request.method", "POST"}, {"http.route", "/v1/tasks"}}, p.orchestrate)
	p.spans[request].kind = ptrace.SpanKindServer
}

func (p *plan) orchestrate() {
	p.span(orchestration, "task.orchestration", p.rootAttributes(), func() {
		p.transition("pending", "initializing", func() { p.sql("UPDATE", "tasker.tasks") })
		p.span(orchestration, "step.discovery", p.taskUUID())
		p.transition("initializing", "enqueuing_steps", func() {})
		p.enqueue()
		p.transition("steps_in_process", "complete", func() {})
	})
}

func (p *plan) result(step string) {
	p.span(orchestration, "result.processing", p.stepAndCorrelation(step), func() {
		p.transition("steps_in_process", "evaluating_results", func() {})
		p.span(orchestration, "result.evaluation", p.taskUUID())
		p.transition("evaluating_results", "steps_in_process", func() {})
	})
}

func (p *plan) batch(s *service, step string) {
	cursor := func() {
		p.span(s, "batch.cursor", []attribute{{"workflow_step_uuid", step}}, func() { p.sql("SELECT", "tasker.workflow_steps") })
	}
	if p.rng.IntN(2) == 0 {
		p.handle(s, cursor)
		return
	}
	p.span(s, "batch.processing", []attribute{{"task_uuid", p.task.UUID}, {pick(p.rng, "step_uuid", "workflow_step_uuid"), step}}, cursor)
}
