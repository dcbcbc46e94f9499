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

// Explanation is the answer of /explain.
type Explanation struct {
	Namespace string `json:"namespace"`
	Signal    string `json:"signal"`
	Rate
	// Threshold is in hexadecimal digits without trailing zeros, or "never".
	Threshold string `json:"threshold"`
	// Randomness, 14 hexadecimal digits, and Decision, kept or dropped, are null without a trace ID or a group.
	Randomness *string `json:"randomness"`
	// RandomnessSource is trace_id, rv or group; null without Randomness.
	RandomnessSource *string `json:"randomness_source"`
	Decision         *string `json:"decision"`
	// Disabled is the setting that drops all items of the signal.
	Disabled string `json:"disabled,omitempty"`
	// DryRun means that nothing is dropped; Decision is what would happen.
	DryRun bool `json:"dry_run,omitempty"`
	// Fault is the fault of the tracestate or of the trace ID, or group_overruled.
	Fault string `json:"fault,omitempty"`
	// RememberedNamespace is the namespace that the trace is remembered with, if any.
	RememberedNamespace string `json:"remembered_namespace,omitempty"`
	// Rules are the rules that were tried, up to and including the one that applies.
	Rules []Attempt `json:"rules"`
	// Text is the answer in words. Names in it are cut like those of other fields.
	Text string `json:"text"`
}

// Attempt is a rule that was tried.
type Attempt struct {
	Rule   string `json:"rule"`
	Source string `json:"source"`
	// Signal is the signal that the overrides of the rule are for, or all; empty for a remembered trace.
	Signal string `json:"signal,omitempty"`
	// Patterns is the number of patterns that were tried, and Pattern the one that matches, if Rule is pattern.
	Patterns int    `json:"patterns,omitempty"`
	Pattern  string `json:"pattern,omitempty"`
	Matches  bool   `json:"matches"`
}

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
	var known tracememory.Known
	if v.Memory != nil && q.HasTraceID && q.Signal != MetricsSignal {
		known = v.Memory.Peek(&q.TraceID, v.Memory.Now())
	}
	var by decider
	var e Explanation
	switch q.Signal {
	case MetricsSignal:
		by = decider{named: namedBy(tables.Metrics, name), group: g}
		e = v.explainPoint(by)
	case LogsSignal:
		by = recordBy(known, g, tables.Logs, name)
		e = v.explain(q, &by, "logs::enabled", v.Static.Logs.Enabled)
	default:
		by = spanBy(known, g, namedBy(tables.Traces, name))
		e = v.explain(q, &by, "tracing::enabled", v.Static.Tracing.Enabled)
	}
	if known.IsNamed() {
		e.RememberedNamespace = namespace.Shown(known.Trace.Name)
	}
	e.Rules = by.rules(&e)
	e.Text = words{Explanation: &e, static: &v.Static, question: q, asked: name, by: by}.text()
	return e, nil
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
func (v *View) explainPoint(by decider) Explanation {
	match, g := by.rate, by.group
	e := v.explanation(match)
	if g.IsKnown() && v.Static.Metrics.By == BySeries {
		e.set(decision.FromGroup, g.Randomness())
		e.Threshold = decision.Digits(match.GroupThreshold)
		e.Decision = new(labels.DecisionOf(decision.KeepGroup(g, &match.Rate)).String())
	}
	if !v.Static.Metrics.Enabled {
		e.disable("metrics::enabled", e.Decision != nil)
	}
	return e
}

// explain explains the decision on a span or a log record. Setting is the one that drops all of them unless enabled is true. The rate of
// by becomes the one in force.
func (v *View) explain(q Question, by *decider, setting string, enabled bool) Explanation {
	var budget *Budget
	if by.trace == nil { // a trace keeps the rate that it began with
		by.rate, budget = v.inForce(by.rate)
	}
	e := v.explanation(by.rate)
	e.Budget = budget
	if by.trace != nil {
		e.Source = traceSource
		e.ExpiresAt = nil // the rate holds as long as the trace is remembered
		if by.trace.IsKept {
			e.Rule = labels.AlwaysKeepTrace.String()
		}
	}
	isDecided := q.HasTraceID || by.group.IsKnown()
	if isDecided {
		v.decide(&e, q, by.group, &by.rate.Rate)
	}
	if !enabled {
		e.disable(setting, isDecided)
	}
	return e
}

// disable sets the setting that drops all items of the signal. The answer has a decision if isDecided is true.
func (e *Explanation) disable(setting string, isDecided bool) {
	e.Disabled = setting
	if isDecided {
		e.Decision = new(labels.Dropped.String())
	}
}

// decide explains the decision on a span or a log record of a group. The record is one that was not sampled before: it is decided like a span
// without a tracestate (L2).
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
	if !d.Drawn {
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
