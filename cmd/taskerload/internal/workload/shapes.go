// SPDX-License-Identifier: Apache-2.0

package workload

import "math/rand/v2"

// spansPerTrace is the number of spans in a complete trace. Eight of them are outgoing calls, which carry neither a
// namespace nor a lookup key, on the span or on the resource.
const spansPerTrace = 20

// The shape of a trace depends on the number of steps of its task. Outgoing calls are marked –. The other spans are marked
// with what they carry: the UUID of the task (t) or the step (s), the correlation ID (c), and the namespace (n), which
// workers of a single namespace set on the resource instead.
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
//	│ ├ batch or child task         see below      │ ├ step.state_transition       s t
//	│ └ result.submission           s c            │ │ └ UPDATE workflow_steps     –
//	│   └ send tasker_step_results  –              │ ├ handler.execution           n
//	├ result.processing             s c            │ │ └ POST                      –
//	└ task.state_transition         t c            │ └ batch or child task         see below
//	  ├ result.evaluation           t              └ result.evaluation             t
//	  └ UPDATE tasker.tasks         –                └ SELECT tasker.tasks         –
func (p *plan) oneStep(step string) {
	s := pickWorker(p.rng, p.task)
	p.span(orchestration, "task.orchestration", p.rootAttributes(), func() {
		p.maybeStartChildFirst()
		p.transition("pending", "initializing", func() {
			p.sql("UPDATE", "tasker.tasks")
			p.span(orchestration, "step.discovery", p.taskUUID(), func() { p.sql("SELECT", "tasker.workflow_steps") })
			p.enqueue()
		})
		p.execute(s, step, func() {
			p.handle(s, func() { p.http("GET"); p.http("POST") })
			p.batchOrChild(s, step)
			p.submit(s, step)
		})
		p.span(orchestration, "result.processing", p.stepAndCorrelation(step))
		p.transition("steps_in_process", "complete", func() {
			p.span(orchestration, "result.evaluation", p.taskUUID())
			p.sql("UPDATE", "tasker.tasks")
		})
	})
}

func (p *plan) twoSteps(first, second string) {
	p.span(orchestration, "task.orchestration", p.rootAttributes(), func() {
		p.maybeStartChildFirst()
		p.transition("pending", "initializing", func() {
			p.sql("UPDATE", "tasker.tasks")
			p.enqueue()
		})
		s := pickWorker(p.rng, p.task)
		p.execute(s, first, func() {
			p.handle(s, func() { p.http("POST") })
			p.submit(s, first)
		})
		s = pickWorker(p.rng, p.task)
		p.execute(s, second, func() {
			p.handle(s, func() { p.http("POST") })
			p.batchOrChild(s, second)
		})
		p.span(orchestration, "result.evaluation", p.taskUUID(), func() { p.sql("SELECT", "tasker.tasks") })
	})
}

func (p *plan) taskUUID() []attribute { return []attribute{{"task_uuid", p.task.UUID}} }

func (p *plan) stepAndCorrelation(step string) []attribute {
	return []attribute{{"step_uuid", step}, {"correlation_id", p.task.CorrelationID}}
}

// rootAttributes returns the attributes of task.orchestration. One in 25 was started before its namespace was known.
func (p *plan) rootAttributes() []attribute {
	t := p.task
	namespace := attribute{"namespace", t.Namespace}
	if p.rng.IntN(25) == 0 {
		namespace.value = unknownNamespace
	}
	attributes := []attribute{{"task_uuid", t.UUID}, {"correlation_id", t.CorrelationID}, namespace}
	if t.ParentCorrelationID != "" {
		attributes = append(attributes, attribute{"parent_correlation_id", t.ParentCorrelationID})
	}
	return attributes
}

func (p *plan) transition(from, to string, children func()) {
	p.span(orchestration, "task.state_transition", []attribute{
		{"task_uuid", p.task.UUID}, {"correlation_id", p.task.CorrelationID}, {"from_state", from}, {"to_state", to},
	}, children)
}

// enqueue adds step.enqueuing. One in 500 comes from the old producer that sends a placeholder for the UUID.
func (p *plan) enqueue() {
	key := p.taskUUID()
	if p.rng.IntN(500) == 0 {
		key[0].value = placeholderUUID
	}
	p.span(orchestration, "step.enqueuing", key, func() { p.queue("tasker_steps") })
}

// execute adds step.execution with the state transition of the step and further children. Three in a hundred fail.
func (p *plan) execute(s *service, step string, children func()) {
	t := p.task
	stepUUID, taskUUID := attribute{"step_uuid", step}, attribute{"task_uuid", t.UUID}
	name := attribute{"step_name", pick(p.rng, "validate", "reserve", "charge", "notify")}
	attributes := p.withNamespace(s, stepUUID, name, taskUUID, attribute{"correlation_id", t.CorrelationID})
	transition := []attribute{
		stepUUID, taskUUID, {"named_step_uuid", newUUID(p.rng, epoch)}, {"from_state", "enqueued"}, {"to_state", "in_progress"},
	}
	execution := p.span(s, "step.execution", attributes, func() {
		p.span(s, "step.state_transition", transition, func() { p.sql("UPDATE", "tasker.workflow_steps") })
		children()
	})
	if p.rng.IntN(100) < 3 {
		p.spans[execution].failure = "handler raised PermanentError"
	}
}

// handle adds handler.execution. It carries no lookup key but always a namespace.
func (p *plan) handle(s *service, children func()) {
	attributes := []attribute{{"handler_name", pick(p.rng, "order", "customer", "document") + "_handler"}}
	if !s.setsNamespace() {
		attributes = append(attributes, attribute{"namespace", p.task.Namespace})
	}
	p.span(s, "handler.execution", attributes, children)
}

func (p *plan) submit(s *service, step string) {
	p.span(s, "result.submission", p.stepAndCorrelation(step), func() { p.queue("tasker_step_results") })
}

// maybeStartChildFirst adds one child task in three before anything else. Its span ends first, so the exported trace begins
// with the namespace of another task.
func (p *plan) maybeStartChildFirst() {
	if p.task.child.UUID != "" && p.rng.IntN(3) == 0 {
		p.child()
	}
}

// batchOrChild adds the child task, unless it came first. Tasks without a child get a span of batch processing instead,
// whose code uses different attributes for the step.
func (p *plan) batchOrChild(s *service, step string) {
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

// child adds the task.orchestration span of the child task. One in three carries the identifiers but no namespace.
func (p *plan) child() {
	child := &p.task.child
	namespace := attribute{"namespace", child.Namespace}
	if p.rng.IntN(3) == 0 {
		namespace.value = unknownNamespace
	}
	p.span(orchestration, "task.orchestration", []attribute{
		{"task_uuid", child.UUID},
		{"correlation_id", child.CorrelationID},
		namespace,
		{"parent_correlation_id", child.ParentCorrelationID},
	})
	p.hasChild = true
}

// withNamespace adds the namespace to the attributes, unless the service sets it on the resource. One in twenty is unknown.
func (p *plan) withNamespace(s *service, attributes ...attribute) []attribute {
	unknown := p.rng.IntN(20) == 0
	switch {
	case s.setsNamespace():
		return attributes
	case unknown:
		return append(attributes, attribute{"namespace", unknownNamespace})
	default:
		return append(attributes, attribute{"namespace", p.task.Namespace})
	}
}

// pickWorker returns the service that runs a step. Payments and analytics have workers of their own.
func pickWorker(rng *rand.Rand, t *Task) *service {
	draw := rng.IntN(100)
	switch {
	case draw < 30 && t.Namespace == "payments":
		return paymentsWorker
	case draw < 30 && t.Namespace == "analytics":
		return analyticsWorker
	case draw < 70:
		return rustWorker
	case draw < 92:
		return rubyWorker
	default:
		return pythonWorker
	}
}
