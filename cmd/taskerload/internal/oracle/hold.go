// SPDX-License-Identifier: Apache-2.0

package oracle

import "go.opentelemetry.io/collector/pdata/pcommon"

// Decided is a span of an earlier request that was held, and the outcome that it has in place of the one that was predicted
// for the end of its wait.
type Decided struct {
	ID pcommon.SpanID
	SpanOutcome
}

// settle finds the namespace of a trace, and reports whether it is remembered from now on: because a namespace is known that
// no further lookup could change, or because the trace is kept whole.
func (r *spanRequest) settle(id pcommon.TraceID, t *trace) bool {
	t.namespace = r.namespaceOf(t, (*resolution).namespace)
	t.workflow, _ = r.fixedWorkflow(t)
	t.isWorkflowSeen = r.config.ByWorkflow && r.first(t, func(res *resolution) bool { return res.workflow != "" }).workflow != ""
	known := memory{namespace: t.namespace, isKept: t.isKept, workflow: t.workflow, reported: t.potentialWorkflow, overruled: t.sampledBefore}
	_, fixed := r.fixedNamespace(t)
	if !fixed && !t.isKept {
		known.namespace = ""
	}
	r.remembered[id] = known
	return known.namespace != "" || known.isKept
}

// letGo predicts the outcomes for the held spans of a trace that a request has settled.
func (o *Oracle) letGo(id pcommon.TraceID, t *trace) (decided []Decided) {
	for _, s := range o.held[id] {
		decided = append(decided, Decided{s.id, o.outcome(&s, t)})
	}
	delete(o.held, id)
	return decided
}

// mustWait reports whether a span is held (T19): nothing has named its trace, and a name could change what becomes of it.
func (o *Oracle) mustWait(s *span, t *trace) bool {
	return o.config.Hold && t.namespace == "" && !t.isKept && o.canChange(s)
}

// canChange reports whether a namespace would be written to the span, or whether the lowest rate does anything else to it than
// rate 1 and the rule that keeps whole traces, which leave it as it is.
func (o *Oracle) canChange(s *span) bool {
	lowest := decide(s.trace, s.tracestate, "", o.config.SpanRates.Lowest(), o.config.Precision)
	return o.config.Inherit || !lowest.keep || lowest.tracestate != s.tracestate
}
