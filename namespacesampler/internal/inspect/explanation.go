// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// traceSource is the source of the rate of a remembered trace.
const traceSource = "trace"

// Explain implements Source. It answers by the rate alone, since exemptions depend on the span.
func (v *View) Explain(q Question) Explanation {
	name, tables := q.Namespace, v.Steering.Rates.InForce()
	if v.IsMissing(name) {
		name = ""
	}
	if q.Signal == MetricsSignal {
		e := v.explanation(tables.Metrics.Lookup(name))
		if !v.Static.Metrics.Enabled {
			e.Disabled = "metrics::enabled"
		}
		return e
	}
	if !q.HasTraceID {
		e := v.explanation(tables.Traces.Lookup(name))
		if !v.Static.Tracing.Enabled {
			e.Disabled = "tracing::enabled"
		}
		return e
	}
	return v.explainSpan(q, tables.Traces.Lookup(name))
}

// explainSpan explains the decision on a span at the rate of its namespace, or of its trace if that is remembered.
func (v *View) explainSpan(q Question, match *rate.Match) Explanation {
	var trace *tracememory.Trace
	if v.Memory != nil {
		trace = v.Memory.Peek(&q.TraceID, v.Memory.Now())
	}
	if trace != nil {
		match = trace.Rate
	}
	e := v.explanation(match)
	if trace != nil {
		e.Source = traceSource
		e.ExpiresAt = nil // the rate holds as long as the trace is remembered
		if trace.IsKept {
			e.Rule = labels.AlwaysKeepTrace.String()
		}
	}
	d := v.Sampler.Explain(q.TraceID, q.Tracestate, &match.Rate)
	e.Threshold = decision.Digits(d.Threshold)
	if d.Fault != decision.NoFault {
		e.Fault = d.Fault.String()
	}
	if d.HasRandomness {
		digits := d.Randomness.RValue()
		e.Randomness = &digits
	}
	if !d.Drawn {
		e.Decision = new(labels.DecisionOf(d.Keep).String())
	}
	if !v.Static.Tracing.Enabled {
		e.Disabled = "tracing::enabled"
		e.Decision = new(labels.Dropped.String())
	}
	return e
}

func (v *View) explanation(m *rate.Match) Explanation {
	return Explanation{Rate: rateOf(m), Threshold: decision.Digits(m.Threshold), DryRun: v.Static.DryRun}
}
