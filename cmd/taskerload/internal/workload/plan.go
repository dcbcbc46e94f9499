// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

type attribute struct{ key, value string }

// spanPlan is a span before it has identifiers.
type spanPlan struct {
	service          *service
	name             string
	kind             ptrace.SpanKind
	parent           int           // index in the trace's plans, below the span's own; -1 is the root
	offset, duration time.Duration // the offset is from the start of the trace
	failure          string
	attributes       []attribute
}

func (s *spanPlan) endOffset() time.Duration { return s.offset + s.duration }

// speaks reports whether a span has a namespace, or an identifier to look one up by, whether Postgres knows it or not.
func (s *spanPlan) speaks() bool {
	return s.service.ownsNamespace() || slices.ContainsFunc(s.attributes, func(a attribute) bool {
		switch {
		case a.key == namespaceAttribute:
			return a.value != "unknown"
		case slices.Contains(lookupAttributes[:], a.key):
			return wellFormed.MatchString(a.value)
		default:
			return false
		}
	})
}

// tracePlan plans one run of a task. Parents come before their children, so any prefix is a valid trace, and end after
// them.
type tracePlan struct {
	rng   *rand.Rand
	task  *task
	plans []spanPlan
	open  int // the span that others are planned below; -1: none
	clock time.Duration

	hasChild bool // the task's child is planned
}

func planTrace(rng *rand.Rand, t *task) []spanPlan {
	p := &tracePlan{rng: rng, task: t, plans: make([]spanPlan, 0, spansPerTrace), open: -1}
	if len(t.Steps) == 1 {
		p.oneStep(t.Steps[0])
	} else {
		p.twoSteps(t.Steps[0], t.Steps[1])
	}
	return p.plans
}

// span plans a span, and what is below it within its time. It returns the span's index. Rust's tracing marks every span
// INTERNAL unless told otherwise.
func (p *tracePlan) span(s *service, name string, attributes []attribute, below ...func()) int {
	parent, own := p.open, len(p.plans)
	p.pass(100, 1000)
	p.plans = append(p.plans, spanPlan{
		service: s, name: name, kind: ptrace.SpanKindInternal, parent: parent, offset: p.clock, attributes: attributes,
	})
	p.open = own
	for _, plan := range below {
		plan()
	}
	p.open = parent
	p.pass(100, 5000)
	p.plans[own].duration = p.clock - p.plans[own].offset
	return own
}

// pass lets some microseconds pass, and never none: no two spans of a trace begin or end at once.
func (p *tracePlan) pass(least, most int) {
	p.clock += time.Duration(least+p.rng.IntN(most-least)) * time.Microsecond
}

// client plans a bare span: what the service of the open span asks of others.
func (p *tracePlan) client(name string, kind ptrace.SpanKind, attributes ...attribute) {
	caller := p.plans[p.open].service
	p.plans[p.span(caller.network(), name, attributes)].kind = kind
}

func (p *tracePlan) sql(operation, table string) {
	p.client(operation+" "+table, ptrace.SpanKindClient,
		attribute{"db.system.name", "postgresql"}, attribute{"db.operation.name", operation})
}

func (p *tracePlan) http(method string) {
	p.client(method, ptrace.SpanKindClient,
		attribute{"http.request.method", method}, attribute{"server.address", "api.partner.example"})
}

func (p *tracePlan) queue(name string) {
	p.client("send "+name, ptrace.SpanKindProducer,
		attribute{"messaging.system", "pgmq"}, attribute{"messaging.destination.name", name})
}

// inOrderOfEnd gives the indices of a trace's spans as SDKs export them: children first, the root last.
func inOrderOfEnd(plans []spanPlan) []int {
	order := make([]int, len(plans))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(plans[a].endOffset(), plans[b].endOffset()) })
	return order
}
