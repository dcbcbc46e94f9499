// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// Prediction is what the processor does because of a request with spans.
type Prediction struct {
	Spans   []SpanOutcome // for each span of the request, in its order
	Keys    Keys          // that are looked up
	Decided []Decided     // spans of earlier requests that waited for this one
}

// Spans predicts what the processor does because of a request.
func (o *Oracle) Spans(request ptrace.Traces) Prediction {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.read(request)
	for _, t := range r.traces {
		t.potential = r.namespaceOf(t, (*resolution).potential)
		t.potentialWorkflow = r.first(t, func(res *resolution) bool { return res.potentialWorkflow() != "" }).potentialWorkflow()
	}
	p := Prediction{Keys: r.lookUp(request)}
	for id, t := range r.traces {
		if r.settle(id, t) {
			p.Decided = append(p.Decided, o.letGo(id, t)...)
		}
	}
	for s := range items.Spans(request) {
		one := span{s.SpanID(), s.TraceID(), s.TraceState().AsRaw(), r.resolutions[len(p.Spans)]}
		t := r.traces[one.trace]
		out := o.outcome(&one, t)
		if out.Held = o.mustWait(&one, t); out.Held {
			o.held[one.trace] = append(o.held[one.trace], one)
		}
		p.Spans = append(p.Spans, out)
	}
	return p
}

// span is what decides about a span, but for its trace.
type span struct {
	id         pcommon.SpanID
	trace      pcommon.TraceID
	tracestate string
	resolution resolution
}

// lookUp looks up the keys whose answers matter, in rounds: the next key of a span is looked up if Postgres does not know the one
// before.
func (r *spanRequest) lookUp(request ptrace.Traces) Keys {
	keys := Keys{}
	for r.round(request, keys) {
	}
	return keys
}

// round decides by what is known before it which keys are looked up, and reports whether there are any.
func (r *spanRequest) round(request ptrace.Traces, keys Keys) (isAsked bool) {
	var asked []*resolution
	i := 0
	for s := range items.Spans(request) {
		if res := &r.resolutions[i]; res.canBeAsked() {
			if res.unused = !r.lookupMatters(s.Span, i); !res.unused {
				asked = append(asked, res)
			}
		}
		i++
	}
	for _, res := range asked {
		keys[res.ask()] = true
	}
	return len(asked) > 0
}

// outcome predicts the outcome for a span. The rate is that of the trace or, without a rate per trace, that of the span's own
// namespace. The span is counted under its own namespace if that is known, else under the trace's. The rule is "trace" if
// the two differ.
func (o *Oracle) outcome(s *span, t *trace) SpanOutcome {
	r := &s.resolution
	deciding, counted, label := r.namespace(), r.namespace(), r.label()
	if o.config.RatePerTrace {
		deciding = t.namespace
	}
	if counted == "" && deciding != "" {
		counted, label = deciding, deciding
	}
	rate, rule := o.config.SpanRates.Of(deciding)
	if r.namespace() != deciding {
		rule = RuleTrace
	}
	if t.isKept {
		rate, rule = 1, RuleAlwaysKeepTrace // T18
	}
	d := decide(s.trace, s.tracestate, t.workflow, rate, o.config.Precision)
	write := r.lookedUp
	if r.namespace() == "" && o.config.RatePerTrace && o.config.Inherit {
		write = t.namespace // T20
	}
	return SpanOutcome{
		Outcome: Outcome{
			Group:      o.config.SpanRates.group(label, counted),
			Source:     r.source(),
			Workflow:   t.potentialWorkflow,
			Keep:       d.keep,
			Randomness: d.randomness,
			Rate:       rate,
			Namespace:  counted,
			Rule:       rule,
			Write:      write,
		},
		Tracestate:     d.tracestate,
		Weight:         d.weight,
		TraceNamespace: t.potential,
		TraceResolved:  t.namespace != "",
		Foreign:        t.hasRandomness || o.config.ByWorkflow && t.sampledBefore,
		Overruled:      t.sampledBefore && t.potentialWorkflow != "" && d.randomness != WorkflowRandomness(t.potentialWorkflow),
		IsSeen:         t.isWorkflowSeen,
	}
}

func (o *Oracle) decide(span ptrace.Span, workflow string, rate float64) decision {
	return decide(span.TraceID(), span.TraceState().AsRaw(), workflow, rate, o.config.Precision)
}

// canBeKept reports whether any rate keeps the span, or a failure of Postgres does.
func (o *Oracle) canBeKept(span ptrace.Span) bool {
	highest := o.config.SpanRates.Highest()
	return o.config.KeepOnFailure || highest == 1 || o.decide(span, "", highest).keep
}

// spanRequest is a request with spans.
type spanRequest struct {
	*Oracle
	resolutions []resolution // of each span, in the order of the request
	traces      map[pcommon.TraceID]*trace
}

func (o *Oracle) read(request ptrace.Traces) *spanRequest {
	r := &spanRequest{Oracle: o, traces: map[pcommon.TraceID]*trace{}}
	for s := range items.Spans(request) {
		id, i := s.TraceID(), len(r.resolutions)
		t := r.traces[id]
		if t == nil {
			known := o.remembered[id]
			t = &trace{root: noRoot, remembered: known, isKept: known.isKept}
			r.traces[id] = t
		}
		t.spans = append(t.spans, i)
		if t.root == noRoot && s.ParentSpanID().IsEmpty() {
			t.root = i
		}
		t.isKept = t.isKept || o.config.KeepFailedTraces && s.Status().Code() == ptrace.StatusCodeError
		t.sampledBefore = t.sampledBefore || sampledBefore(s.TraceState().AsRaw())
		t.hasRandomness = t.hasRandomness || hasRandomness(s.TraceState().AsRaw())
		t.canBeKept = t.canBeKept || o.canBeKept(s.Span)
		r.resolutions = append(r.resolutions, o.resolve(s.Attributes(), s.Scope, s.Resource))
	}
	return r
}
