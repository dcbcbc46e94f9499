// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/xxh64"
)

// Stamps are the attributes by which samplers tell each other about a log record.
type Stamps struct {
	Threshold  string // to be written; empty: none
	Randomness string // to be written; empty: none

	RemovesThreshold bool
}

// record is what decides a log record, but for what the processor remembers of its trace.
type record struct {
	resolution
	id    string
	trace pcommon.TraceID
	known memory

	// What earlier samplers have written. A malformed stamp makes the others worthless, and nothing is changed.
	randomness   sampling.Randomness
	threshold    sampling.Threshold
	isExplicit   bool // it has a randomness
	isStamped    bool // it has a threshold
	hasMalformed bool
}

// recordOf reads everything but the resolution. What is no string, or empty, counts as absent.
func recordOf(data items.Record) record {
	r := record{id: data.ID(), trace: data.TraceID()}
	if text := data.Text(items.RandomnessAttribute); text != "" {
		value, err := sampling.RValueToRandomness(text)
		r.randomness, r.isExplicit, r.hasMalformed = value, err == nil, err != nil
	}
	if text := data.Text(items.ThresholdAttribute); text != "" {
		value, err := sampling.TValueToThreshold(text)
		r.threshold, r.isStamped, r.hasMalformed = value, err == nil, r.hasMalformed || err != nil
	}
	if r.hasMalformed {
		r.isExplicit, r.isStamped = false, false
	}
	return r
}

// isSampledBefore reports whether another sampler has decided about the record, so that its workflow does not (L2, G3).
func (r *record) isSampledBefore() bool {
	return r.isExplicit || r.isStamped && r.threshold.Unsigned() > 0
}

// recordDecision is the decision about a record.
type recordDecision struct {
	keep       bool
	isDrawn    bool // it is not known whether the record is kept
	randomness uint64
	written    Stamps // to a record that is kept
	fault      string // see RecordOutcome
}

// Faults of what earlier samplers have written, as the processor's own metrics name them.
const (
	FaultMalformed = "malformed"
	FaultFalse     = "inconsistent"
)

// decide follows L2 and L4 in mode equalizing. The workflow is empty unless it decides.
func (r *record) decide(workflow string, rate float64, precision int) recordDecision {
	own := threshold(rate, precision)
	random, isByTrace := r.randomness, false
	switch {
	case r.isExplicit:
	case workflow != "" && !r.isSampledBefore():
		random = toRandomness(WorkflowRandomness(workflow))
	case !r.trace.IsEmpty():
		random, isByTrace = sampling.TraceIDToRandomness(r.trace), true
	default:
		return r.draw(rate, own)
	}
	d := recordDecision{keep: own.ShouldSample(random), randomness: random.Unsigned(), fault: r.malformed()}
	isFalse := r.isStamped && !r.threshold.ShouldSample(random)
	if isFalse {
		d.fault = FaultFalse
	}
	switch {
	case rate == 1 || r.hasMalformed: // untouched
	case isFalse:
		d.written.RemovesThreshold = true
	case !r.isStamped || sampling.ThresholdGreater(own, r.threshold):
		d.written.Threshold = own.TValue()
		if !r.isExplicit && !isByTrace {
			d.written.Randomness = random.RValue()
		}
	}
	return d
}

// draw is the decision about a record that nothing connects to others. Its randomness stands for one that is not known.
func (r *record) draw(rate float64, own sampling.Threshold) recordDecision {
	d := recordDecision{keep: rate == 1, isDrawn: rate > 0 && rate < 1, randomness: xxh64.Sum(r.id) >> 8, fault: r.malformed()}
	if d.isDrawn && !r.hasMalformed {
		d.written.Threshold = own.TValue()
	}
	return d
}

func (r *record) malformed() string {
	if r.hasMalformed {
		return FaultMalformed
	}
	return ""
}

// Passes reports whether a randomness, as it is written, passes a threshold as it is written.
func Passes(randomness, threshold string) bool {
	r, err := sampling.RValueToRandomness(randomness)
	if err != nil {
		return false
	}
	t, err := sampling.TValueToThreshold(threshold)
	return err == nil && t.ShouldSample(r)
}
