// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Span is the decision on one span.
type Span struct {
	// Tracestate is the tracestate of the kept span; equal to the incoming one if nothing changed.
	Tracestate string
	Fault      Fault
	Keep       bool
	// IsGroupOverruled reports GroupOverruled.
	IsGroupOverruled bool
}

// Decide decides a span by its trace ID and its tracestate at a rate (rules T1 to T9, G3).
func (s Sampler) Decide(id pcommon.TraceID, tracestate string, r *rate.Rate) Span {
	if r.IsNever() {
		return Span{}
	}
	if tracestate == "" {
		return s.decideUnstamped(&id, r)
	}
	ts, ok := parseTracestate(tracestate)
	if !ok {
		// T8: decide as if there were no tracestate, and do not change it.
		d := s.decideUnstamped(&id, r)
		d.Tracestate, d.Fault = tracestate, Malformed
		return d
	}
	return s.decideStamped(id, &ts, r)
}

// decideUnstamped decides by the trace ID alone, or by the group.
func (s Sampler) decideUnstamped(id *pcommon.TraceID, r *rate.Rate) Span {
	if s.group.Decides() {
		return decideGroup(s.group, r)
	}
	isOverruled := s.overrules(sampling.TraceIDToRandomness(*id))
	switch {
	case *id == noID:
		return Span{Keep: r.IsAlways() || draw(r), IsGroupOverruled: isOverruled} // T9
	case r.IsAlways():
		return Span{Keep: true, Fault: faultOf(id), IsGroupOverruled: isOverruled} // T5
	case !r.Threshold.ShouldSample(sampling.TraceIDToRandomness(*id)):
		return Span{Fault: faultOf(id), IsGroupOverruled: isOverruled}
	}
	return Span{Keep: true, Tracestate: r.Tracestate, IsGroupOverruled: isOverruled}
}

// decideGroup decides a span without a tracestate by its group (G3).
func decideGroup(g group.Group, r *rate.Rate) Span {
	switch {
	case r.IsAlways():
		return Span{Keep: true} // T5
	case !r.Threshold.ShouldSample(g.Randomness()):
		return Span{}
	}
	return Span{Keep: true, Tracestate: groupTracestate(g, r)}
}

// decideStamped decides by the trace ID, or by the group, and by the earlier sampling that the tracestate tells of.
func (s Sampler) decideStamped(id pcommon.TraceID, ts *tracestate, r *rate.Rate) Span {
	randomness, byGroup, ok := s.randomnessOf(&id, &ts.earlier)
	d := Span{Tracestate: ts.raw, IsGroupOverruled: !byGroup && s.overrules(randomness)}
	if !ok {
		d.Keep = r.IsAlways() || draw(r) // T9
		return d
	}
	if !ts.hasRandomness && !byGroup {
		d.Fault = faultOf(&id)
	}
	v := s.judge(randomness, &ts.earlier, r)
	d.Keep = v.keep
	switch {
	case v.isFalse:
		d.Fault = Inconsistent
		if v.erases {
			d.Tracestate = ts.without()
		}
	case !v.keep:
		d.Tracestate = ""
	case v.isRaised:
		stamped, ok := ts.with(s.stampOf(byGroup), digitsOf(v.threshold, r))
		if !ok {
			d.Fault = Limit
			return d
		}
		d.Tracestate = stamped
	}
	return d
}

// stampOf returns the group whose randomness is written with the threshold, or none.
func (s Sampler) stampOf(byGroup bool) group.Group {
	if byGroup {
		return s.group
	}
	return 0
}

// Drops reports whether Decide drops a span at a rate, and thus at every lower rate (T14). It is cheaper than Decide. A random
// draw cannot be foreseen: Drops returns false then.
func (s Sampler) Drops(id pcommon.TraceID, raw string, r *rate.Rate) bool {
	switch {
	case r.IsAlways():
		return false
	case r.IsNever():
		return true
	}
	var ts tracestate
	if raw != "" {
		var ok bool
		if ts, ok = parseTracestate(raw); !ok {
			ts = tracestate{} // T8
		}
	}
	return s.drops(&id, &ts.earlier, r)
}

// IsSampled reports whether a tracestate tells that an earlier sampler has decided the span, so that its group does not (G3).
func IsSampled(raw string) bool {
	if raw == "" {
		return false
	}
	ts, ok := parseTracestate(raw)
	return ok && ts.isSampled()
}

// ProbabilityOf returns the probability that a span arrived with, by its tracestate; 1 if it tells of none.
func ProbabilityOf(raw string) float64 {
	if raw == "" {
		return 1
	}
	ts, ok := parseTracestate(raw)
	if !ok {
		return 1
	}
	return probabilityOf(ts.threshold)
}
