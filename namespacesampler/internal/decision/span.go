// SPDX-License-Identifier: Apache-2.0

// Package decision decides which items are kept: spans by the randomness of their trace and the threshold that they arrive with,
// metric series by their identity. Every collector of a fleet makes the same decision on the same input.
package decision

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

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
)

// NumFaults is the number of values of Fault.
const NumFaults = NoRandomness + 1

// Faults are the faults that are counted.
var Faults = []Fault{Malformed, Inconsistent, Limit, NoRandomness}

var faultNames = [NumFaults]string{
	NoFault: "none", Malformed: "malformed", Inconsistent: "inconsistent", Limit: "limit", NoRandomness: "no_randomness",
}

// String returns the name of the fault in internal metrics.
func (f Fault) String() string { return faultNames[f] }

// Span is the decision on one span.
type Span struct {
	// Tracestate is the tracestate of the kept span; equal to the incoming one if nothing changed.
	Tracestate string
	Fault      Fault
	Keep       bool
}

// SpanSampler decides spans.
type SpanSampler struct {
	mode      Mode
	precision int
}

// NewSpanSampler returns the sampler of a mode. Precision, 1 to 14 hexadecimal digits, applies to thresholds computed in
// proportional mode.
func NewSpanSampler(mode Mode, precision int) SpanSampler {
	return SpanSampler{mode: mode, precision: precision}
}

// Decide decides a span by its trace ID and its tracestate at a rate (rules T1 to T9).
func (s SpanSampler) Decide(id pcommon.TraceID, tracestate string, r *rate.Rate) Span {
	if r.IsNever() {
		return Span{}
	}
	if tracestate == "" {
		return decideUnstamped(&id, r)
	}
	ts, ok := parseTracestate(tracestate)
	if !ok {
		// T8: decide as if there were no tracestate, and do not change it.
		d := decideUnstamped(&id, r)
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

// decideUnstamped decides by the trace ID alone.
func decideUnstamped(id *pcommon.TraceID, r *rate.Rate) Span {
	switch {
	case *id == noID:
		return Span{Keep: r.IsAlways() || draw(r)} // T9
	case r.IsAlways():
		return Span{Keep: true, Fault: faultOf(id)} // T5
	case !r.Threshold.ShouldSample(sampling.TraceIDToRandomness(*id)):
		return Span{Fault: faultOf(id)}
	}
	return Span{Keep: true, Tracestate: r.Tracestate}
}

// decideStamped decides by the trace ID and the earlier sampling that the tracestate tells of.
func (s SpanSampler) decideStamped(id pcommon.TraceID, ts *tracestate, r *rate.Rate) Span {
	untouched := Span{Keep: true, Tracestate: ts.raw}

	randomness, ok := ts.randomnessOf(id)
	if !ok {
		untouched.Keep = r.IsAlways() || draw(r) // T9
		return untouched
	}
	if !ts.hasRandomness {
		untouched.Fault = faultOf(&id)
	}
	if ts.isFalse(randomness) {
		untouched.Fault = Inconsistent
		if r.IsAlways() {
			return untouched // T5 before T7
		}
		return Span{
			Keep:       r.Threshold.ShouldSample(randomness),
			Tracestate: ts.without(),
			Fault:      Inconsistent,
		}
	}
	if r.IsAlways() {
		return untouched // T5
	}

	threshold, tvalue, ok := s.outgoing(ts, r)
	if !ok || !threshold.ShouldSample(randomness) {
		return Span{Fault: untouched.Fault}
	}
	if !sampling.ThresholdGreater(threshold, ts.threshold) {
		return untouched // T5: the incoming threshold is at least as high
	}
	stamped, ok := ts.with(tvalue)
	if !ok {
		untouched.Fault = Limit
		return untouched
	}
	return Span{Keep: true, Tracestate: stamped, Fault: untouched.Fault}
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
	randomness, ok := ts.randomnessOf(id)
	if !ok {
		return false
	}
	if ts.isFalse(randomness) {
		return !r.Threshold.ShouldSample(randomness)
	}
	threshold, _, ok := s.outgoing(&ts, r)
	return !ok || !threshold.ShouldSample(randomness)
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
