// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"errors"
	"fmt"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// traceSource is the source of the rate of a remembered trace.
const traceSource = "trace"

// Explain implements Source. It answers by the rate alone, since exemptions depend on the span.
func (v *View) Explain(q Question) (Explanation, error) {
	g, err := v.groupOf(q.Group)
	if err != nil {
		return Explanation{}, err
	}
	name, tables := q.Namespace, v.Steering.Rates.InForce()
	if v.IsMissing(name) {
		name = ""
	}
	if q.Signal == MetricsSignal {
		return v.explainPoint(g, tables.Metrics.Lookup(name)), nil
	}
	return v.explainSpan(q, g, tables.Traces.Lookup(name)), nil
}

// groupOf returns the group of a key, or none without one.
func (v *View) groupOf(key string) (group.Group, error) {
	switch {
	case key == "":
		return 0, nil
	case !v.Groups.IsActive():
		return 0, errors.New("group: must be left out: without consistent_by in the configuration, nothing is decided by a group")
	case !v.Groups.IsKey(key):
		return 0, fmt.Errorf("group: must be valid UTF-8 of at most %d bytes and no missing value, got %q", group.MaxKeyBytes, namespace.Shown(key))
	}
	return group.Of(key), nil
}

// explainPoint explains the decision on a data point of a group. The identity of a series cannot be asked for.
func (v *View) explainPoint(g group.Group, match *rate.Match) Explanation {
	e := v.explanation(match)
	if g.IsKnown() && v.Static.Metrics.By == BySeries {
		e.set(decision.FromGroup, g.Randomness())
		e.Threshold = decision.Digits(match.GroupThreshold)
		e.Decision = new(labels.DecisionOf(decision.KeepGroup(g, &match.Rate)).String())
	}
	if !v.Static.Metrics.Enabled {
		e.Disabled = "metrics::enabled"
		if e.Decision != nil {
			e.Decision = new(labels.Dropped.String())
		}
	}
	return e
}

// explainSpan explains the decision on a span at the rate of its namespace and by its group, or by what is remembered of its trace.
func (v *View) explainSpan(q Question, g group.Group, match *rate.Match) Explanation {
	var known tracememory.Known
	if v.Memory != nil && q.HasTraceID {
		known = v.Memory.Peek(&q.TraceID, v.Memory.Now())
	}
	if known.Trace != nil {
		match = known.Trace.Rate
	}
	e := v.explanation(match)
	if known.Trace != nil {
		e.Source = traceSource
		e.ExpiresAt = nil // the rate holds as long as the trace is remembered
		if known.Trace.IsKept {
			e.Rule = labels.AlwaysKeepTrace.String()
		}
	}
	if q.HasTraceID || g.IsKnown() {
		v.decide(&e, q, known.Group.With(g), &match.Rate)
	}
	if !v.Static.Tracing.Enabled {
		e.Disabled = "tracing::enabled"
	}
	return e
}

// decide explains the decision on a span of a group.
func (v *View) decide(e *Explanation, q Question, g group.Group, r *rate.Rate) {
	d := v.Sampler.In(g).Explain(q.TraceID, q.Tracestate, r)
	e.Threshold = decision.Digits(d.Threshold)
	switch {
	case d.Fault != decision.NoFault:
		e.Fault = d.Fault.String()
	case d.IsGroupOverruled:
		e.Fault = decision.GroupOverruled.String()
	}
	if d.HasRandomness {
		e.set(d.Source, d.Randomness)
	}
	switch {
	case !v.Static.Tracing.Enabled:
		e.Decision = new(labels.Dropped.String())
	case !d.Drawn:
		e.Decision = new(labels.DecisionOf(d.Keep).String())
	}
}

// set sets the randomness, and where it comes from.
func (e *Explanation) set(source decision.Source, randomness sampling.Randomness) {
	e.Randomness, e.RandomnessSource = new(randomness.RValue()), new(string(source))
}

func (v *View) explanation(m *rate.Match) Explanation {
	return Explanation{Rate: rateOf(m), Threshold: decision.Digits(m.Threshold), DryRun: v.Static.DryRun}
}
