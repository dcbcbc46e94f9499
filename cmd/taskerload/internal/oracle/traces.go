// SPDX-License-Identifier: Apache-2.0

package oracle

import "go.opentelemetry.io/collector/pdata/ptrace"

// memory is what requests have settled about a trace.
type memory struct {
	namespace string // whose rate applies, since the first request that determined it; empty: none yet
	isKept    bool   // a span has failed (T18)

	workflow  string // that decides the records of the trace; empty: none
	reported  string // the workflow that the trace belongs to, whether or not it decides
	overruled bool   // another sampler has decided about the trace (G3)
}

// trace is the part of a trace that is in one request.
type trace struct {
	spans      []int  // indices of its spans in the request
	root       int    // index of the first span without a parent, or noRoot
	remembered memory // what earlier requests settled
	isKept     bool   // an earlier request or this one keeps it whole (T18)
	canBeKept  bool   // any of its spans can be kept

	sampledBefore bool // another sampler has decided about any of its spans (G3)
	hasRandomness bool // another sampler has written a randomness to any of them

	namespace string // the namespace that decides; empty: the global rate applies to this request
	workflow  string // the workflow that decides; empty: none

	isWorkflowSeen bool // it is known, whether or not it decides

	// The same if every key is looked up. A workflow is the one that the trace belongs to, whether or not it decides.
	potential, potentialWorkflow string
}

const noRoot = -1

// namespaceOf is the remembered namespace, else that of the root, else that of the first span that has one.
func (r *spanRequest) namespaceOf(t *trace, namespace func(*resolution) string) string {
	if t.remembered.namespace != "" {
		return t.remembered.namespace
	}
	return namespace(r.first(t, func(res *resolution) bool { return namespace(res) != "" }))
}

// first returns the resolution of the root if it qualifies, else the first one that does, else an empty one.
func (r *spanRequest) first(t *trace, qualifies func(*resolution) bool) *resolution {
	if t.root != noRoot && qualifies(&r.resolutions[t.root]) {
		return &r.resolutions[t.root]
	}
	for _, i := range t.spans {
		if qualifies(&r.resolutions[i]) {
			return &r.resolutions[i]
		}
	}
	return &resolution{}
}

// fixedNamespace returns the namespace of a trace if no further lookup can change it.
func (r *spanRequest) fixedNamespace(t *trace) (namespace string, fixed bool) {
	if t.remembered.namespace != "" {
		return t.remembered.namespace, true
	}
	res := r.first(t, func(res *resolution) bool { return res.namespace() != "" || len(res.keys) > 0 })
	return res.namespace(), res.named != "" || len(res.keys) == 0
}

// lookupMatters reports whether looking up the key of the span with index i can change a decision, or an attribute of a
// kept span.
func (r *spanRequest) lookupMatters(span ptrace.Span, i int) bool {
	if !r.config.RatePerTrace {
		return r.canBeKept(span)
	}
	t := r.traces[span.TraceID()]
	if r.resolutions[i].named != "" {
		return r.missesWorkflow(t, i)
	}
	if t.isKept {
		return true
	}
	workflow, isWorkflowFixed := r.fixedWorkflow(t)
	namespace, isNamespaceFixed := r.fixedNamespace(t)
	switch {
	case !isWorkflowFixed:
		return true // G1: nothing is dropped for certain
	case isNamespaceFixed:
		rate, _ := r.config.SpanRates.Of(namespace)
		return r.decide(span, workflow, rate).keep
	default:
		return r.canBeKept(span) || t.canBeKept && r.canDetermine(t, i, func(res *resolution) bool { return res.namespace() != "" })
	}
}

// canDetermine reports whether the trace can get what it lacks from the span with index i: it is the root, or no earlier span
// has it.
func (r *spanRequest) canDetermine(t *trace, i int, has func(*resolution) bool) bool {
	if i == t.root {
		return true
	}
	for _, earlier := range t.spans {
		if earlier == i {
			return true
		}
		if has(&r.resolutions[earlier]) {
			return false
		}
	}
	panic("the span is not part of the trace")
}
