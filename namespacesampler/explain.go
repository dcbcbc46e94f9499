// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// traceSource is the source of a rate that is remembered with its trace.
const traceSource = "trace"

// Explain implements inspect.Source. It answers by the rate alone: it cannot know what exempts a span from it.
func (i *inspection) Explain(q inspect.Question) inspect.Explanation {
	name, rates := q.Namespace, i.rt.rates.inForce()
	if i.rt.reader.IsMissingName(name) {
		name = ""
	}
	if q.Signal == inspect.MetricsSignal {
		e := i.explanationOf(rates.points.Lookup(name))
		if !i.rt.cfg.Metrics.Enabled {
			e.Disabled = "metrics::enabled"
		}
		return e
	}
	match := rates.spans.Lookup(name)
	remembered := false
	if q.HasTraceID {
		if known, ok := i.rt.remembered(q.TraceID); ok {
			match, remembered = known.match, true
		}
	}
	e := i.explanationOf(match)
	if remembered {
		e.Source = traceSource
		e.ExpiresAt = nil // it holds as long as the trace is remembered
	}
	if q.HasTraceID {
		i.decide(&e, q, &match.Rate)
	}
	if !i.rt.cfg.Tracing.Enabled {
		e.Disabled = "tracing::enabled"
		if q.HasTraceID {
			e.Decision = new(decisionNames[dropped])
		}
	}
	return e
}

func (i *inspection) explanationOf(m *rate.Match) inspect.Explanation {
	return inspect.Explanation{Rate: shownRate(m), Threshold: decision.Digits(m.Threshold), DryRun: i.rt.cfg.DryRun}
}

// decide adds what becomes of a span at a rate.
func (i *inspection) decide(e *inspect.Explanation, q inspect.Question, r *rate.Rate) {
	d := i.sampler.Explain(q.TraceID, q.Tracestate, r)
	e.Threshold = decision.Digits(d.Threshold)
	if d.Fault != decision.NoFault {
		e.Fault = d.Fault.String()
	}
	if d.HasRandomness {
		digits := d.Randomness.RValue()
		e.Randomness = &digits
	}
	if !d.Drawn {
		e.Decision = new(decisionNames[dropped])
		if d.Keep {
			e.Decision = new(decisionNames[kept])
		}
	}
}

// remembered returns the rate that a trace is remembered with, for no longer than it would be without asking.
func (rt *runtime) remembered(id pcommon.TraceID) (traceRate, bool) {
	if rt.memory == nil {
		return traceRate{}, false
	}
	s := rt.memory.Open()
	defer s.Close()
	return s.Peek(id)
}
