// SPDX-License-Identifier: Apache-2.0

// Package decision decides which items are kept: spans and log records by the randomness of their trace and the threshold that they arrive
// with, metric series by their identity, and all of them by the randomness of their group if they have one. Every collector of a fleet makes
// the same decision on the same input.
package decision

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Mode is how a rate combines with earlier sampling of the item (T4).
type Mode string

const (
	// Equalizing brings items down to the rate. Those that arrive sampled at the rate or below are kept as they are.
	Equalizing Mode = "equalizing"
	// Proportional samples what arrives at the rate, whatever it was sampled at before.
	Proportional Mode = "proportional"
)

// Modes are all modes.
var Modes = []Mode{Equalizing, Proportional}

// Sampler decides spans and log records: those of a group, or those without one.
type Sampler struct {
	mode      Mode
	precision int
	group     group.Group
}

// NewSampler returns the sampler of a mode. Precision, 1 to 14 hexadecimal digits, applies to thresholds computed in
// proportional mode.
func NewSampler(mode Mode, precision int) Sampler {
	return Sampler{mode: mode, precision: precision}
}

// In returns the sampler of the items of a group. If the group is overruled, all of them are decided without it.
func (s Sampler) In(g group.Group) Sampler {
	s.group = g
	return s
}

// HasGroup reports whether the sampler decides by a group, or an earlier sampler has overruled it.
func (s Sampler) HasGroup() bool { return s.group.IsSettled() }

// earlier is what an item tells of earlier sampling.
type earlier struct {
	randomness    sampling.Randomness
	threshold     sampling.Threshold // that of probability 1 if there is none
	hasRandomness bool
	hasThreshold  bool
}

// isSampled reports whether an earlier sampler has decided the item: it carries a randomness, or a threshold above 0 (G3).
func (e *earlier) isSampled() bool {
	return e.hasRandomness || sampling.ThresholdGreater(e.threshold, sampling.AlwaysSampleThreshold)
}

// isFalse reports whether the threshold cannot be true, because an item of this randomness does not pass it (T7).
func (e *earlier) isFalse(randomness sampling.Randomness) bool {
	return e.hasThreshold && !e.threshold.ShouldSample(randomness)
}

// randomnessOf returns the randomness that decides an item, and false if it has none (T1, G3).
func (s Sampler) randomnessOf(id *pcommon.TraceID, e *earlier) (randomness sampling.Randomness, byGroup, ok bool) {
	switch {
	case s.group.Decides() && !e.isSampled():
		return s.group.Randomness(), true, true
	case e.hasRandomness:
		return e.randomness, false, true
	}
	return sampling.TraceIDToRandomness(*id), false, *id != noID
}

// overrules reports whether a randomness is another than that of the group.
func (s Sampler) overrules(randomness sampling.Randomness) bool {
	return s.group.IsKnown() && randomness != s.group.Randomness()
}

// verdict is the decision on an item with a randomness, and what it changes about a kept one.
type verdict struct {
	keep bool
	// threshold is that of the kept item.
	threshold sampling.Threshold
	// isRaised reports whether threshold is above the one that the item arrived with, isRounded whether rounding would have lowered that.
	isRaised, isRounded bool
	// isFalse reports whether the item arrived with a false threshold. erases reports whether it must be erased.
	isFalse, erases bool
}

// judge decides an item by its randomness at a rate, and by earlier sampling (T4 to T7).
func (s Sampler) judge(randomness sampling.Randomness, e *earlier, r *rate.Rate) verdict {
	if e.isFalse(randomness) {
		return verdict{keep: r.Threshold.ShouldSample(randomness), isFalse: true, erases: !r.IsAlways()} // T5 before T7
	}
	if r.IsAlways() {
		return verdict{keep: true, threshold: e.threshold} // T5
	}
	threshold, isRounded := s.outgoing(e, r)
	if !threshold.ShouldSample(randomness) {
		return verdict{}
	}
	isRaised := sampling.ThresholdGreater(threshold, e.threshold) // T5
	return verdict{keep: true, threshold: threshold, isRaised: isRaised, isRounded: isRounded}
}

// outgoing returns the threshold of the kept item, that of probability 0 if its probability is too small to be expressed (T4). It reports
// whether rounding would have lowered the threshold that the item arrived with, which must not be (T5).
func (s Sampler) outgoing(e *earlier, r *rate.Rate) (threshold sampling.Threshold, isRounded bool) {
	if s.mode == Equalizing || e.threshold == sampling.AlwaysSampleThreshold {
		if sampling.ThresholdGreater(e.threshold, r.Threshold) {
			return e.threshold, false
		}
		return r.Threshold, false
	}
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(r.Probability*e.threshold.Probability(), s.precision)
	switch {
	case err != nil:
		return sampling.NeverSampleThreshold, false
	case sampling.ThresholdGreater(e.threshold, threshold):
		return e.threshold, true
	}
	return threshold, false
}

// digitsOf returns the digits of the threshold of an item that is kept at a rate.
func digitsOf(threshold sampling.Threshold, r *rate.Rate) string {
	if threshold == r.Threshold {
		return r.TValue
	}
	return threshold.TValue()
}

// probabilityOf returns the probability of a threshold.
func probabilityOf(t sampling.Threshold) float64 {
	if t == sampling.AlwaysSampleThreshold {
		return 1
	}
	return t.Probability()
}

// drops reports whether an item is dropped at a rate, and thus at every lower rate (T14), without deciding on it. A random draw cannot be
// foreseen: the result is false then.
func (s Sampler) drops(id *pcommon.TraceID, e *earlier, r *rate.Rate) bool {
	if r.IsNever() {
		return true
	}
	randomness, _, ok := s.randomnessOf(id, e)
	return ok && !s.judge(randomness, e, r).keep
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

// draw decides independently, for items without randomness.
func draw(r *rate.Rate) bool {
	return r.Threshold.ShouldSample(drawAbove(sampling.AlwaysSampleThreshold))
}

// drawAbove draws a randomness that passes a threshold, which is below 2^56.
func drawAbove(threshold sampling.Threshold) sampling.Randomness {
	least := threshold.Unsigned()
	randomness, err := sampling.UnsignedToRandomness(least + rand.Uint64N(sampling.MaxAdjustedCount-least)) //nolint:gosec // sampling is no secret
	if err != nil {
		panic("56 bits are randomness: " + err.Error()) // cannot be
	}
	return randomness
}
