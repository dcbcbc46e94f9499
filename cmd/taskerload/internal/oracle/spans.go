// SPDX-License-Identifier: Apache-2.0

package main

import "go.opentelemetry.io/collector/pdata/ptrace"

// spanOutcome is what must become of a span.
type spanOutcome struct {
	outcome
	state  string  // the tracestate of a kept span
	weight float64 // how many spans it stands for as it came; 0 where the tracestate cannot say, in or out
	trace  *traceView
}

// span decides a span of a trace, of which it is known what it will be. The rate is that of the trace or, for
// trace_id_ratio, of the span's own namespace. It counts under its own namespace where one is known, else under the trace's;
// the rule is trace where those are not the same.
func (o *oracle) span(span ptrace.Span, r *resolution, v *traceView) spanOutcome {
	deciding, counted, label := r.namespace(), r.namespace(), r.label()
	if o.byTrace {
		deciding = v.namespace
	}
	if counted == "" && deciding != "" {
		counted, label = deciding, deciding
	}
	rate, rule := o.traces.of(deciding)
	if r.namespace() != deciding {
		rule = ruleTrace
	}
	d := o.decide(span, rate)
	return spanOutcome{
		outcome: outcome{
			heading:    o.traces.heading(label, counted),
			keep:       d.keep,
			randomness: d.randomness,
			rate:       rate,
			namespace:  counted,
			rule:       rule,
			via:        r.via(),
			write:      r.resolved,
		},
		state:  d.state,
		weight: d.weight,
		trace:  v,
	}
}

// keySet is the distinct keys of a request.
type keySet map[string]bool

func (k keySet) add(key string) {
	if key != "" {
		k[key] = true
	}
}
