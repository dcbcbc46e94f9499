// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

type attribute struct{ key, value string }

// placeholderUUID is what a very old producer sends before a task has its UUID. It is no well-formed lookup key.
const placeholderUUID = "pending"

// plannedSpan is a span without trace and span IDs.
type plannedSpan struct {
	service          *service
	name             string
	kind             ptrace.SpanKind
	parent           int           // index of an earlier span of the plan; -1 for the root
	offset, duration time.Duration // offset is from the start of the trace
	failure          string        // the status message of a failed span
	attributes       []attribute
}

func (s *plannedSpan) endOffset() time.Duration { return s.offset + s.duration }

// identified reports whether the span carries a namespace or a well-formed lookup key. Postgres need not know the key.
func (s *plannedSpan) identified() bool {
	return s.service.setsNamespace() || slices.ContainsFunc(s.attributes, func(a attribute) bool {
		switch a.key {
		case "namespace":
			return a.value != unknownNamespace
		case "task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id":
			return a.value != placeholderUUID
		default:
			return false
		}
	})
}

// plan builds the spans of one trace, which is one run of a task. Parents precede their children, so any prefix is a valid
// trace, and end after them.
type plan struct {
	rng   *rand.Rand
	task  *Task
	spans []plannedSpan
	open  int // index of the span that new spans are children of; -1: none
	clock time.Duration

	hasChild bool // the child task is planned
}

func planTrace(rng *rand.Rand, t *Task) []plannedSpan {
	p := &plan{rng: rng, task: t, spans: make([]plannedSpan, 0, spansPerTrace), open: -1}
	if len(t.Steps) == 1 {
		p.oneStep(t.Steps[0])
	} else {
		p.twoSteps(t.Steps[0], t.Steps[1])
	}
	return p.spans
}

// span adds a span, calls children to add its children, and returns its index. Rust's tracing marks every span INTERNAL
// unless told otherwise.
func (p *plan) span(s *service, name string, attributes []attribute, children ...func()) int {
	parent, own := p.open, len(p.spans)
	p.advance(100, 1000)
	p.spans = append(p.spans, plannedSpan{
		service: s, name: name, kind: ptrace.SpanKindInternal, parent: parent, offset: p.clock, attributes: attributes,
	})
	p.open = own
	for _, add := range children {
		add()
	}
	p.open = parent
	p.advance(100, 5000)
	p.spans[own].duration = p.clock - p.spans[own].offset
	return own
}

// advance moves the clock by at least one microsecond, so that no two spans of a trace start or end at the same time.
func (p *plan) advance(least, most int) {
	p.clock += time.Duration(least+p.rng.IntN(most-least)) * time.Microsecond
}

// call adds a span for an outgoing call of the open span. It carries neither a namespace nor a lookup key.
func (p *plan) call(name string, kind ptrace.SpanKind, attributes ...attribute) {
	caller := p.spans[p.open].service
	p.spans[p.span(caller.client(), name, attributes)].kind = kind
}

func (p *plan) sql(operation, table string) {
	p.call(operation+" "+table, ptrace.SpanKindClient,
		attribute{"db.system.name", "postgresql"}, attribute{"db.operation.name", operation})
}

func (p *plan) http(method string) {
	p.call(method, ptrace.SpanKindClient,
		attribute{"http.request.method", method}, attribute{"server.address", "api.partner.example"})
}

func (p *plan) queue(name string) {
	p.call("send "+name, ptrace.SpanKindProducer,
		attribute{"messaging.system", "pgmq"}, attribute{"messaging.destination.name", name})
}

// inOrderOfEnd returns the indices of the spans in the order in which SDKs export them: children first, the root last.
func inOrderOfEnd(spans []plannedSpan) []int {
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(spans[a].endOffset(), spans[b].endOffset()) })
	return order
}
