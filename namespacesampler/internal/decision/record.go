// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Attributes of log records that tell of sampling: what th and rv are in the tracestate of spans, in the same hexadecimal digits (L2). They
// are those of probabilistic_sampler.
const (
	ThresholdAttribute  = "sampling.threshold"
	RandomnessAttribute = "sampling.randomness"
)

// Stamp is what the attributes of a log record tell of earlier sampling. The zero value is nothing.
type Stamp struct {
	earlier
	isMalformed bool
}

// ReadStamp reads the stamp of a log record. A value that is no string, or empty, counts as absent. If one of the two is malformed, both are
// ignored (T8).
func ReadStamp(attributes pcommon.Map) (s Stamp) {
	var err error
	if tvalue := stringOf(attributes, ThresholdAttribute); tvalue != "" {
		s.hasThreshold = true
		if s.threshold, err = sampling.TValueToThreshold(tvalue); err != nil {
			return Stamp{isMalformed: true}
		}
	}
	if rvalue := stringOf(attributes, RandomnessAttribute); rvalue != "" {
		s.hasRandomness = true
		if s.randomness, err = sampling.RValueToRandomness(rvalue); err != nil {
			return Stamp{isMalformed: true}
		}
	}
	return s
}

// stringOf returns the value of an attribute, or "" unless it is a string.
func stringOf(attributes pcommon.Map, name string) string {
	v, ok := attributes.Get(name)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return v.Str()
}

// IsSampled reports whether the stamp tells that an earlier sampler has decided the record, so that its group does not (G3).
func (s *Stamp) IsSampled() bool { return s.isSampled() }

// Record is the decision on one log record.
type Record struct {
	Keep bool
	// Fault is one of Faults but Limit.
	Fault Fault
	// IsGroupOverruled reports GroupOverruled.
	IsGroupOverruled bool

	// How the stamp of the kept record changes.
	erasesThreshold  bool
	tvalue           string // the threshold to be set, or empty
	writesRandomness bool
	randomness       sampling.Randomness
}

// DecideRecord decides a log record by its trace ID and its stamp at a rate (L2).
func (s Sampler) DecideRecord(id *pcommon.TraceID, stamp *Stamp, r *rate.Rate) (d Record) {
	if r.IsNever() {
		return Record{}
	}
	randomness, byGroup, ok := s.randomnessOf(id, &stamp.earlier)
	d.IsGroupOverruled = !byGroup && s.overrules(randomness)
	switch {
	case stamp.isMalformed:
		d.Fault = Malformed
	case ok && !byGroup && !stamp.hasRandomness:
		d.Fault = faultOf(id)
	}
	if !ok {
		// What was sampled before has passed its threshold, whatever its randomness was.
		randomness = drawAbove(stamp.threshold)
	}
	v := s.judge(randomness, &stamp.earlier, r)
	d.Keep = v.keep
	switch {
	case v.isFalse:
		d.Fault, d.erasesThreshold = Inconsistent, v.erases
	case v.keep && !r.IsAlways() && !stamp.isMalformed: // T5, T8
		if !v.isRounded { // else it is written as it arrived
			d.tvalue = digitsOf(v.threshold, r)
		}
		// A threshold that does not hold for the trace ID reads as false without the randomness that it holds for (L4).
		d.writesRandomness = !stamp.hasRandomness && (*id == noID || randomness != sampling.TraceIDToRandomness(*id))
		d.randomness = randomness
	}
	return d
}

// DropsRecord reports whether DecideRecord drops a log record at a rate, and thus at every lower rate (T14). A random draw cannot be
// foreseen: the result is false then.
func (s Sampler) DropsRecord(id *pcommon.TraceID, stamp *Stamp, r *rate.Rate) bool {
	return s.drops(id, &stamp.earlier, r)
}

// Write writes the stamp of a kept record to its attributes (L4).
func (d *Record) Write(attributes pcommon.Map) {
	switch {
	case d.erasesThreshold:
		attributes.Remove(ThresholdAttribute)
	case d.tvalue != "":
		attributes.PutStr(ThresholdAttribute, d.tvalue)
	}
	if d.writesRandomness {
		attributes.PutStr(RandomnessAttribute, d.randomness.RValue())
	}
}
