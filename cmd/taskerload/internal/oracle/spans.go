// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// Spans predicts the outcome for each span of a request, in its order, and the keys that are looked up.
func (o *Oracle) Spans(request ptrace.Traces) ([]SpanOutcome, Keys) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.read(request)
	for _, t := range r.traces {
		t.potential = r.namespaceOf(t, (*resolution).potential)
	}
	keys := r.lookUp(request)
	for id, t := range r.traces {
		if t.namespace = r.namespaceOf(t, (*resolution).namespace); t.namespace != "" {
			o.remembered[id] = t.namespace
		}
	}
	var outcomes []SpanOutcome
	for s := range items.Spans(request) {
		outcomes = append(outcomes, o.span(s.Span, &r.resolutions[len(outcomes)], r.traces[s.TraceID()]))
	}
	return outcomes, keys
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

// span predicts the outcome for a span. The rate is that of the trace or, without a rate per trace, that of the span's own
// namespace. The span is counted under its own namespace if that is known, else under the trace's. The rule is "trace" if
// the two differ.
func (o *Oracle) span(span ptrace.Span, r *resolution, t *trace) SpanOutcome {
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
	d := o.decide(span, rate)
	write := r.lookedUp
	if r.namespace() == "" && o.config.RatePerTrace && o.config.Inherit {
		write = t.namespace // T20
	}
	return SpanOutcome{
		Outcome: Outcome{
			Group:      o.config.SpanRates.group(label, counted),
			Source:     r.source(),
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
	}
}

func (o *Oracle) decide(span ptrace.Span, rate float64) decision {
	return decide(span.TraceID(), span.TraceState().AsRaw(), rate, o.config.Precision)
}

// canBeKept reports whether any rate keeps the span, or a failure of Postgres does.
func (o *Oracle) canBeKept(span ptrace.Span) bool {
	highest := o.config.SpanRates.highest()
	return o.config.KeepOnFailure || highest == 1 || o.decide(span, highest).keep
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
			t = &trace{root: noRoot, remembered: o.remembered[id]}
			r.traces[id] = t
		}
		t.spans = append(t.spans, i)
		if t.root == noRoot && s.ParentSpanID().IsEmpty() {
			t.root = i
		}
		t.canBeKept = t.canBeKept || o.canBeKept(s.Span)
		r.resolutions = append(r.resolutions, o.resolve(s.Attributes(), s.Scope, s.Resource))
	}
	return r
}
