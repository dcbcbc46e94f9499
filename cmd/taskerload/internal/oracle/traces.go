// SPDX-License-Identifier: Apache-2.0

package oracle

import "go.opentelemetry.io/collector/pdata/ptrace"

// memory is what requests have settled about a trace.
type memory struct {
	namespace string // whose rate applies, since the first request that determined it; empty: none yet
	isKept    bool   // a span has failed (T18)
}

// trace is the part of a trace that is in one request.
type trace struct {
	spans      []int  // indices of its spans in the request
	root       int    // index of the first span without a parent, or noRoot
	remembered memory // what earlier requests settled
	isKept     bool   // an earlier request or this one keeps it whole (T18)
	canBeKept  bool   // any of its spans can be kept

	potential string // the namespace that decides if every key is looked up; empty: none
	namespace string // the namespace that decides; empty: the global rate applies to this request
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
	return res.namespace(), len(res.keys) == 0
}

// lookupMatters reports whether looking up the key of the span with index i can change a decision, or an attribute of a
// kept span.
func (r *spanRequest) lookupMatters(span ptrace.Span, i int) bool {
	if !r.config.RatePerTrace {
		return r.canBeKept(span)
	}
	t := r.traces[span.TraceID()]
	if t.isKept {
		return true
	}
	if namespace, fixed := r.fixedNamespace(t); fixed {
		rate, _ := r.config.SpanRates.Of(namespace)
		return r.decide(span, rate).keep
	}
	return r.canBeKept(span) || t.canBeKept && r.canDetermineTrace(t, i)
}

// canDetermineTrace reports whether the trace can get its namespace from the span with index i: it is the root, or no
// earlier span names a namespace.
func (r *spanRequest) canDetermineTrace(t *trace, i int) bool {
	if i == t.root {
		return true
	}
	for _, earlier := range t.spans {
		if earlier == i {
			return true
		}
		if r.resolutions[earlier].namespace() != "" {
			return false
		}
	}
	panic("the span is not part of the trace")
}
