// SPDX-License-Identifier: Apache-2.0

package main

// Every trace has spansPerTrace spans. barePerTrace of them carry neither a namespace nor an identifier, on themselves or
// on their resource: the infrastructure.
const (
	spansPerTrace = 20
	barePerTrace  = 8
)

// A trace has one of two shapes, by the number of its task's steps. Bare spans are marked –, the others with what they
// carry: the identifiers of the task (t), the step (s) and the correlation (c), and the namespace (n), which the workers of
// one namespace leave to their resource.
//
//	one step                                       two steps
//
//	task.orchestration              t c n          task.orchestration              t c n
//	├ task.state_transition         t c            ├ task.state_transition         t c
//	│ ├ UPDATE tasker.tasks         –              │ ├ UPDATE tasker.tasks         –
//	│ ├ step.discovery              t              │ └ step.enqueuing              t
//	│ │ └ SELECT workflow_steps     –              │   └ send tasker_steps         –
//	│ └ step.enqueuing              t              ├ step.execution                s t c n
//	│   └ send tasker_steps         –              │ ├ step.state_transition       s t
//	├ step.execution                s t c n        │ │ └ UPDATE workflow_steps     –
//	│ ├ step.state_transition       s t            │ ├ handler.execution           n
//	│ │ └ UPDATE workflow_steps     –              │ │ └ POST                      –
//	│ ├ handler.execution           n              │ └ result.submission           s c
//	│ │ ├ GET                       –              │   └ send tasker_step_results  –
//	│ │ └ POST                      –              ├ step.execution                s t c n
//	│ ├ batch or child              see there      │ ├ step.state_transition       s t
//	│ └ result.submission           s c            │ │ └ UPDATE workflow_steps     –
//	│   └ send tasker_step_results  –              │ ├ handler.execution           n
//	├ result.processing             s c            │ │ └ POST                      –
//	└ task.state_transition         t c            │ └ batch or child              see there
//	  ├ result.evaluation           t              └ result.evaluation             t
//	  └ UPDATE tasker.tasks         –                └ SELECT tasker.tasks         –
func (p *tracePlan) oneStep(step string) {
	s := p.worker()
	p.span(orchestration, "task.orchestration", p.root(), func() {
		p.childFirst()
		p.transition("pending", "initializing", func() {
			p.sql("UPDATE", "tasker.tasks")
			p.span(orchestration, "step.discovery", p.taskKey(), func() { p.sql("SELECT", "tasker.workflow_steps") })
			p.enqueue()
		})
		p.execute(s, step, func() {
			p.handle(s, func() { p.http("GET"); p.http("POST") })
			p.batchOrChild(s, step)
			p.submit(s, step)
		})
		p.span(orchestration, "result.processing", p.stepAndCorrelation(step))
		p.transition("steps_in_process", "complete", func() {
			p.span(orchestration, "result.evaluation", p.taskKey())
			p.sql("UPDATE", "tasker.tasks")
		})
	})
}

func (p *tracePlan) twoSteps(first, second string) {
	p.span(orchestration, "task.orchestration", p.root(), func() {
		p.childFirst()
		p.transition("pending", "initializing", func() {
			p.sql("UPDATE", "tasker.tasks")
			p.enqueue()
		})
		s := p.worker()
		p.execute(s, first, func() {
			p.handle(s, func() { p.http("POST") })
			p.submit(s, first)
		})
		s = p.worker()
		p.execute(s, second, func() {
			p.handle(s, func() { p.http("POST") })
			p.batchOrChild(s, second)
		})
		p.span(orchestration, "result.evaluation", p.taskKey(), func() { p.sql("SELECT", "tasker.tasks") })
	})
}

func (p *tracePlan) taskKey() []attribute { return []attribute{{"task_uuid", p.task.UUID}} }

func (p *tracePlan) stepAndCorrelation(step string) []attribute {
	return []attribute{{"step_uuid", step}, {"correlation_id", p.task.CorrelationID}}
}

// root gives the attributes of task.orchestration. One in 25 was started before its namespace was known.
func (p *tracePlan) root() []attribute {
	t := p.task
	namespace := attribute{"namespace", t.Namespace}
	if p.rng.IntN(25) == 0 {
		namespace.value = "unknown"
	}
	attributes := []attribute{{"task_uuid", t.UUID}, {"correlation_id", t.CorrelationID}, namespace}
	if t.ParentCorrelationID != "" {
		attributes = append(attributes, attribute{"parent_correlation_id", t.ParentCorrelationID})
	}
	return attributes
}

func (p *tracePlan) transition(from, to string, below func()) {
	p.span(orchestration, "task.state_transition", []attribute{
		{"task_uuid", p.task.UUID}, {"correlation_id", p.task.CorrelationID}, {"from_state", from}, {"to_state", to},
	}, below)
}

// enqueue plans step.enqueuing. A very old producer writes a placeholder before the task has its UUID: no key at all.
func (p *tracePlan) enqueue() {
	key := p.taskKey()
	if p.rng.IntN(500) == 0 {
		key[0].value = "pending"
	}
	p.span(orchestration, "step.enqueuing", key, func() { p.queue("tasker_steps") })
}

// execute plans step.execution with the step's transition, and what else is below it. Three in a hundred fail.
func (p *tracePlan) execute(s *service, step string, below func()) {
	t := p.task
	stepUUID, taskUUID := attribute{"step_uuid", step}, attribute{"task_uuid", t.UUID}
	name := attribute{"step_name", pick(p.rng, "validate", "reserve", "charge", "notify")}
	attributes := p.named(s, stepUUID, name, taskUUID, attribute{"correlation_id", t.CorrelationID})
	transition := []attribute{
		stepUUID, taskUUID, {"named_step_uuid", uuidV7(p.rng, worldEpoch)}, {"from_state", "enqueued"}, {"to_state", "in_progress"},
	}
	execution := p.span(s, "step.execution", attributes, func() {
		p.span(s, "step.state_transition", transition, func() { p.sql("UPDATE", "tasker.workflow_steps") })
		below()
	})
	if p.rng.IntN(100) < 3 {
		p.plans[execution].failure = "handler raised PermanentError"
	}
}

// handle plans handler.execution, which has nothing to be looked up by, and so always knows its namespace.
func (p *tracePlan) handle(s *service, below func()) {
	attributes := []attribute{{"handler_name", pick(p.rng, "order", "customer", "document") + "_handler"}}
	if !s.ownsNamespace() {
		attributes = append(attributes, attribute{"namespace", p.task.Namespace})
	}
	p.span(s, "handler.execution", attributes, below)
}

func (p *tracePlan) submit(s *service, step string) {
	p.span(s, "result.submission", p.stepAndCorrelation(step), func() { p.queue("tasker_step_results") })
}

// childFirst plans the start of the task's child, which has a namespace of its own, before anything else: of every third
// child, for which the task waits. It ends first, so that a trace begins with the namespace of another.
func (p *tracePlan) childFirst() {
	if p.task.child.UUID != "" && p.rng.IntN(3) == 0 {
		p.child()
	}
}

// batchOrChild plans the start of the child, if it did not come first; or, for tasks without one, a span of batch
// processing, whose code does not agree on the step's attribute.
func (p *tracePlan) batchOrChild(s *service, step string) {
	taskUUID := attribute{"task_uuid", p.task.UUID}
	switch draw := p.rng.IntN(100); {
	case p.hasChild:
	case p.task.child.UUID != "":
		p.child()
	case draw < 30:
		p.span(s, "batch.processing", []attribute{taskUUID, {"step_uuid", step}})
	case draw < 60:
		p.span(s, "batch.processing", []attribute{taskUUID, {"workflow_step_uuid", step}})
	default:
		p.span(s, "batch.cursor", []attribute{{"workflow_step_uuid", step}})
	}
}

// child plans a task.orchestration below the open span. A third of them are known only by their identifier.
func (p *tracePlan) child() {
	child := &p.task.child
	namespace := attribute{"namespace", child.Namespace}
	if p.rng.IntN(3) == 0 {
		namespace.value = "unknown"
	}
	p.span(orchestration, "task.orchestration", []attribute{
		{"task_uuid", child.UUID},
		{"correlation_id", child.CorrelationID},
		namespace,
		{"parent_correlation_id", child.ParentCorrelationID},
	})
	p.hasChild = true
}

// named adds the namespace as the service reports it: on the item; for one in twenty as unknown; or on the resource.
func (p *tracePlan) named(s *service, attributes ...attribute) []attribute {
	unknown := p.rng.IntN(20) == 0
	switch {
	case s.ownsNamespace():
		return attributes
	case unknown:
		return append(attributes, attribute{"namespace", "unknown"})
	default:
		return append(attributes, attribute{"namespace", p.task.Namespace})
	}
}

// worker is the service that runs a step; payments and analytics have some of their own.
func (p *tracePlan) worker() *service {
	draw := p.rng.IntN(100)
	switch {
	case draw < 30 && p.task.Namespace == "payments":
		return paymentsWorker
	case draw < 30 && p.task.Namespace == "analytics":
		return analyticsWorker
	case draw < 70:
		return rustWorker
	case draw < 92:
		return rubyWorker
	default:
		return pythonWorker
	}
}
