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
	var tvalue, rvalue string
	for name, v := range attributes.All() { // once, which takes less than half the time of two calls of Get
		switch name {
		case ThresholdAttribute:
			tvalue = textOf(v)
		case RandomnessAttribute:
			rvalue = textOf(v)
		}
	}
	var err error
	if tvalue != "" {
		s.hasThreshold = true
		if s.threshold, err = sampling.TValueToThreshold(tvalue); err != nil {
			return Stamp{isMalformed: true}
		}
	}
	if rvalue != "" {
		s.hasRandomness = true
		if s.randomness, err = sampling.RValueToRandomness(rvalue); err != nil {
			return Stamp{isMalformed: true}
		}
	}
	return s
}

// textOf returns a value, or "" unless it is a string.
func textOf(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return v.Str()
}

// isAbsent reports whether the record carries nothing that tells of earlier sampling.
func (s *Stamp) isAbsent() bool { return !s.hasThreshold && !s.hasRandomness && !s.isMalformed }

// IsSampled reports whether the stamp tells that an earlier sampler has decided the record, so that its group does not (G3).
func (s *Stamp) IsSampled() bool { return s.isSampled() }

// Record is the decision on one log record, and how the stamp of the kept record changes. It has few fields, so that it is returned in
// registers: most records are dropped.
type Record struct {
	Keep bool
	// Fault is one of Faults but Limit.
	Fault Fault
	// IsGroupOverruled reports GroupOverruled.
	IsGroupOverruled bool

	change     change
	tvalue     string              // the threshold to be set, or empty
	randomness sampling.Randomness // to be set if change says so
}

// change is what happens to the stamp of a kept record, apart from its threshold being set.
type change uint8

const (
	erasesThreshold change = iota + 1
	writesRandomness
)

// DecideRecord decides a log record by its trace ID and its stamp at a rate (L2).
func (s Sampler) DecideRecord(id *pcommon.TraceID, stamp *Stamp, r *rate.Rate) (d Record) {
	switch {
	case r.IsNever():
		return Record{}
	case stamp.isAbsent():
		return s.decideUnstampedRecord(id, r)
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
		d.Fault = Inconsistent
		if v.erases {
			d.change = erasesThreshold
		}
	case v.keep && !r.IsAlways() && !stamp.isMalformed: // T5, T8
		if !v.isRounded { // else it is written as it arrived
			d.tvalue = digitsOf(v.threshold, r)
		}
		// A threshold that does not hold for the trace ID reads as false without the randomness that it holds for (L4).
		if !stamp.hasRandomness && (*id == noID || randomness != sampling.TraceIDToRandomness(*id)) {
			d.change, d.randomness = writesRandomness, randomness
		}
	}
	return d
}

// decideUnstampedRecord decides a log record that tells of no earlier sampling, as most do, by its trace ID or by its group.
func (s Sampler) decideUnstampedRecord(id *pcommon.TraceID, r *rate.Rate) (d Record) {
	ofTrace := sampling.TraceIDToRandomness(*id)
	randomness := ofTrace
	switch {
	case s.group.Decides():
		randomness = s.group.Randomness()
	default:
		d.IsGroupOverruled = s.overrules(ofTrace)
		if *id == noID {
			randomness = drawAbove(sampling.AlwaysSampleThreshold)
		} else {
			d.Fault = faultOf(id)
		}
	}
	d.Keep = r.Threshold.ShouldSample(randomness)
	if d.Keep && !r.IsAlways() {
		d.tvalue = r.TValue
		if *id == noID || randomness != ofTrace {
			d.change, d.randomness = writesRandomness, randomness
		}
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
	case d.change == erasesThreshold:
		attributes.Remove(ThresholdAttribute)
	case d.tvalue != "":
		attributes.PutStr(ThresholdAttribute, d.tvalue)
	}
	if d.change == writesRandomness {
		attributes.PutStr(RandomnessAttribute, d.randomness.RValue())
	}
}

// Probability returns the probability that the record arrived with; 1 if its stamp tells of none.
func (s *Stamp) Probability() float64 { return probabilityOf(s.threshold) }
