// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

type attribute struct{ key, value string }

// spanPlan is a span before it has identifiers.
type spanPlan struct {
	service    *service
	name       string
	kind       ptrace.SpanKind
	parent     int // index in the trace's plans, below the span's own; -1 is the root
	offset     time.Duration
	duration   time.Duration
	failure    string
	attributes []attribute
}

// trace plans one run of a task: task.orchestration over (task.state_transition over discovery, enqueuing, evaluation)
// and over one step.execution a step. Parents come before their children, so any prefix is a valid trace.
type tracePlan struct {
	rng   *rand.Rand
	task  *task
	plans []spanPlan
}

func planTrace(rng *rand.Rand, t *task) []spanPlan {
	p := &tracePlan{rng: rng, task: t}
	p.orchestrate()
	for _, step := range t.Steps {
		p.execute(step)
	}
	return p.plans
}

// add returns the index of the new span. Rust's tracing marks every span INTERNAL unless told otherwise.
func (p *tracePlan) add(s *service, name string, parent int, attributes ...attribute) int {
	offset := time.Duration(0)
	if parent >= 0 {
		offset = p.plans[parent].offset + time.Duration(100+p.rng.IntN(900))*time.Microsecond
	}
	p.plans = append(p.plans, spanPlan{
		service: s, name: name, kind: ptrace.SpanKindInternal, parent: parent,
		offset: offset, duration: time.Duration(200+p.rng.IntN(40_000)) * time.Microsecond,
		attributes: attributes,
	})
	return len(p.plans) - 1
}

// client adds an infrastructure span: no namespace, no identifier.
func (p *tracePlan) client(s *service, name string, kind ptrace.SpanKind, parent int, attributes ...attribute) {
	i := p.add(s, name, parent, attributes...)
	p.plans[i].kind = kind
}

func (p *tracePlan) orchestrate() {
	t := p.task
	taskUUID, correlation := attribute{"task_uuid", t.UUID}, attribute{"correlation_id", t.CorrelationID}
	attributes := []attribute{taskUUID, correlation, {"namespace", t.Namespace}}
	if t.ParentCorrelationID != "" {
		attributes = append(attributes, attribute{"parent_correlation_id", t.ParentCorrelationID})
	}
	root := p.add(orchestration, "task.orchestration", -1, attributes...)
	transition := p.add(orchestration, "task.state_transition", root,
		taskUUID, correlation, attribute{"from_state", "pending"}, attribute{"to_state", "initializing"})
	p.add(orchestration, "step.discovery", transition, taskUUID)
	p.add(orchestration, "step.enqueuing", transition, p.sometimesMalformed(taskUUID))
	if len(t.Steps) == 0 {
		return
	}
	evaluation := p.add(orchestration, "result.evaluation", transition, taskUUID)
	p.client(orchestration, "SELECT tasker.tasks", ptrace.SpanKindClient, evaluation,
		attribute{"db.system.name", "postgresql"}, attribute{"db.operation.name", "SELECT"})
}

// A very old producer writes a placeholder before the task has its UUID. It is no key at all.
func (p *tracePlan) sometimesMalformed(a attribute) attribute {
	if p.rng.IntN(500) == 0 {
		a.value = "pending"
	}
	return a
}

func (p *tracePlan) execute(step string) {
	t, rng := p.task, p.rng
	s := p.worker()
	stepUUID, taskUUID := attribute{"step_uuid", step}, attribute{"task_uuid", t.UUID}
	correlation := attribute{"correlation_id", t.CorrelationID}
	stepName := pick(rng, "validate", "reserve", "charge", "notify")

	execution := p.add(s, "step.execution", 0, p.named(s,
		stepUUID, attribute{"step_name", stepName}, taskUUID, correlation)...)
	p.add(s, "step.state_transition", execution, stepUUID, taskUUID,
		attribute{"named_step_uuid", uuidV7(rng, worldEpoch)},
		attribute{"from_state", "enqueued"}, attribute{"to_state", "in_progress"})
	handler := p.add(s, "handler.execution", execution, p.named(s, attribute{"handler_name", stepName + "_handler"})...)
	p.client(s, "POST", ptrace.SpanKindClient, handler,
		attribute{"http.request.method", "POST"}, attribute{"server.address", "api.partner.example"})
	if rng.IntN(100) < 3 {
		p.plans[execution].failure = "step failed"
		p.plans[handler].failure = "handler raised PermanentError"
	}
	p.add(s, "result.submission", execution, stepUUID, correlation)
	p.client(s, "send tasker_step_results", ptrace.SpanKindProducer, execution,
		attribute{"messaging.system", "pgmq"}, attribute{"messaging.destination.name", "tasker_step_results"})
	p.add(orchestration, "result.processing", 0, stepUUID, correlation)
	p.batch(s, execution, step)
}

// batch adds the spans of batch processing, whose code does not agree on the step's attribute.
func (p *tracePlan) batch(s *service, parent int, step string) {
	taskUUID := attribute{"task_uuid", p.task.UUID}
	switch draw := p.rng.IntN(100); {
	case draw < 15:
		p.add(s, "batch.processing", parent, taskUUID, attribute{"step_uuid", step})
	case draw < 30:
		p.add(s, "batch.processing", parent, taskUUID, attribute{"workflow_step_uuid", step})
	case draw < 50:
		p.add(s, "batch.cursor", parent, attribute{"workflow_step_uuid", step})
	}
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
