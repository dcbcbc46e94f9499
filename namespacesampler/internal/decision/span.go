// SPDX-License-Identifier: Apache-2.0

// Package decision decides which items are kept: spans by the randomness of their trace and the threshold that they arrive with,
// metric series by their identity, and both by the randomness of their group if they have one. Every collector of a fleet makes the same
// decision on the same input.
package decision

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Mode is how a rate combines with earlier sampling of the span (T4).
type Mode string

const (
	// Equalizing brings spans down to the rate. Spans that arrive sampled at the rate or below are kept as they are.
	Equalizing Mode = "equalizing"
	// Proportional samples what arrives at the rate, whatever it was sampled at before.
	Proportional Mode = "proportional"
)

// Modes are all modes.
var Modes = []Mode{Equalizing, Proportional}

// Fault is a fault of the tracestate of a span, or of its trace ID.
type Fault uint8

const (
	// NoFault is a valid tracestate.
	NoFault Fault = iota
	// Malformed is a tracestate that does not parse. It is not changed, and ignored (T8).
	Malformed
	// Inconsistent is a threshold above the randomness of the span, which cannot be true. It is erased unless the rate is 1 (T7).
	Inconsistent
	// Limit is a tracestate that stamping would grow beyond a limit. It is not changed (T10).
	Limit
	// NoRandomness is a trace ID whose bytes 9 to 15 are zero, without an rv: its randomness is the least, so that every rate below
	// 1 drops the span. IDs of 64 bits that were extended on the right are like that.
	NoRandomness
	// GroupOverruled is a span that an earlier sampler has decided by another randomness than that of its group (G3). It can come with
	// another fault, so that it is not in Span.Fault.
	GroupOverruled
)

// NumFaults is the number of values of Fault.
const NumFaults = GroupOverruled + 1

// Faults are the faults that are counted.
var Faults = []Fault{Malformed, Inconsistent, Limit, NoRandomness, GroupOverruled}

var faultNames = [NumFaults]string{
	NoFault: "none", Malformed: "malformed", Inconsistent: "inconsistent", Limit: "limit", NoRandomness: "no_randomness",
	GroupOverruled: "group_overruled",
}

// String returns the name of the fault in internal metrics.
func (f Fault) String() string { return faultNames[f] }

// Span is the decision on one span.
type Span struct {
	// Tracestate is the tracestate of the kept span; equal to the incoming one if nothing changed.
	Tracestate string
	Fault      Fault
	Keep       bool
	// IsGroupOverruled reports GroupOverruled.
	IsGroupOverruled bool
}

// SpanSampler decides spans: those of a group, or those without one.
type SpanSampler struct {
	mode      Mode
	precision int
	group     group.Group
}

// NewSpanSampler returns the sampler of a mode. Precision, 1 to 14 hexadecimal digits, applies to thresholds computed in
// proportional mode.
func NewSpanSampler(mode Mode, precision int) SpanSampler {
	return SpanSampler{mode: mode, precision: precision}
}

// In returns the sampler of the spans of a group. If the group is overruled, all of its spans are decided without it.
func (s SpanSampler) In(g group.Group) SpanSampler {
	s.group = g
	return s
}

// HasGroup reports whether the sampler decides by a group, or an earlier sampler has overruled it.
func (s SpanSampler) HasGroup() bool { return s.group.IsSettled() }

// Decide decides a span by its trace ID and its tracestate at a rate (rules T1 to T9, G3).
func (s SpanSampler) Decide(id pcommon.TraceID, tracestate string, r *rate.Rate) Span {
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

// noID is the empty trace ID. Comparing with it is faster than IsEmpty, which copies the ID.
var noID pcommon.TraceID

// faultOf returns NoRandomness if a trace ID that is not empty has none.
func faultOf(id *pcommon.TraceID) Fault {
	if binary.BigEndian.Uint64(id[8:])<<8 == 0 {
		return NoRandomness
	}
	return NoFault
}

// decideUnstamped decides by the trace ID alone, or by the group.
func (s SpanSampler) decideUnstamped(id *pcommon.TraceID, r *rate.Rate) Span {
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

// overrules reports whether a randomness is another than that of the group.
func (s SpanSampler) overrules(randomness sampling.Randomness) bool {
	return s.group.IsKnown() && randomness != s.group.Randomness()
}

// randomnessOf returns the randomness that decides a span, and false if it has none (T1, G3).
func (s SpanSampler) randomnessOf(id pcommon.TraceID, ts *tracestate) (randomness sampling.Randomness, byGroup, ok bool) {
	if s.group.Decides() && !ts.isSampled() {
		return s.group.Randomness(), true, true
	}
	randomness, ok = ts.randomnessOf(id)
	return randomness, false, ok
}

// decideStamped decides by the trace ID, or by the group, and by the earlier sampling that the tracestate tells of.
func (s SpanSampler) decideStamped(id pcommon.TraceID, ts *tracestate, r *rate.Rate) Span {
	randomness, byGroup, ok := s.randomnessOf(id, ts)
	untouched := Span{Keep: true, Tracestate: ts.raw, IsGroupOverruled: !byGroup && s.overrules(randomness)}
	if !ok {
		untouched.Keep = r.IsAlways() || draw(r) // T9
		return untouched
	}
	if !ts.hasRandomness && !byGroup {
		untouched.Fault = faultOf(&id)
	}
	dropped := Span{Fault: untouched.Fault, IsGroupOverruled: untouched.IsGroupOverruled}
	if ts.isFalse(randomness) {
		untouched.Fault = Inconsistent
		if !r.IsAlways() { // else T5 before T7
			untouched.Keep, untouched.Tracestate = r.Threshold.ShouldSample(randomness), ts.without()
		}
		return untouched
	}
	if r.IsAlways() {
		return untouched // T5
	}

	threshold, tvalue, ok := s.outgoing(ts, r)
	if !ok || !threshold.ShouldSample(randomness) {
		return dropped
	}
	if !sampling.ThresholdGreater(threshold, ts.threshold) {
		return untouched // T5: the incoming threshold is at least as high
	}
	stamped, ok := ts.with(s.stampOf(byGroup), tvalue)
	if !ok {
		untouched.Fault = Limit
		return untouched
	}
	untouched.Tracestate = stamped
	return untouched
}

// stampOf returns the group whose randomness is written with the threshold, or none.
func (s SpanSampler) stampOf(byGroup bool) group.Group {
	if byGroup {
		return s.group
	}
	return 0
}

// Drops reports whether Decide drops a span at a rate, and thus at every lower rate (T14). It is cheaper than Decide. A random
// draw cannot be foreseen: Drops returns false then.
func (s SpanSampler) Drops(id pcommon.TraceID, raw string, r *rate.Rate) bool {
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
	randomness, _, ok := s.randomnessOf(id, &ts)
	if !ok {
		return false
	}
	if ts.isFalse(randomness) {
		return !r.Threshold.ShouldSample(randomness)
	}
	threshold, _, ok := s.outgoing(&ts, r)
	return !ok || !threshold.ShouldSample(randomness)
}

// IsSampled reports whether a tracestate tells that an earlier sampler has decided the span, so that its group does not (G3).
func IsSampled(raw string) bool {
	if raw == "" {
		return false
	}
	ts, ok := parseTracestate(raw)
	return ok && ts.isSampled()
}

// outgoing returns the threshold of the kept span and its digits, and false if its probability is too small to be expressed (T4).
func (s SpanSampler) outgoing(ts *tracestate, r *rate.Rate) (sampling.Threshold, string, bool) {
	if s.mode == Equalizing || ts.threshold == sampling.AlwaysSampleThreshold {
		if sampling.ThresholdGreater(ts.threshold, r.Threshold) {
			return ts.threshold, "", true
		}
		return r.Threshold, r.TValue, true
	}
	out, err := sampling.ProbabilityToThresholdWithPrecision(r.Probability*ts.threshold.Probability(), s.precision)
	if err != nil {
		return sampling.NeverSampleThreshold, "", false
	}
	if sampling.ThresholdGreater(ts.threshold, out) { // rounding must not increase the probability (T5)
		return ts.threshold, "", true
	}
	return out, out.TValue(), true
}

// draw decides independently, for items without randomness.
func draw(r *rate.Rate) bool {
	randomness, err := sampling.UnsignedToRandomness(rand.Uint64() >> 8) //nolint:gosec // sampling is no secret
	return err == nil && r.Threshold.ShouldSample(randomness)
}
