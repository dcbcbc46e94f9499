// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Explanation is the decision on a span with the two numbers that it compares.
type Explanation struct {
	// Threshold is the threshold that applies to the span: that of the rate, or that of earlier sampling if it is higher (T4).
	Threshold sampling.Threshold
	// Randomness is valid if HasRandomness is true. Drawn reports whether the decision is random for lack of it (T9).
	Randomness    sampling.Randomness
	HasRandomness bool
	Source        Source // of Randomness
	Drawn         bool
	Keep          bool
	Fault         Fault
	// IsGroupOverruled reports GroupOverruled.
	IsGroupOverruled bool
}

// Source is where the randomness of a span comes from.
type Source string

// Values of Source. The empty one means that there is no randomness.
const (
	FromTraceID     Source = "trace_id"
	FromRandomValue Source = "rv" // of the tracestate
	FromGroup       Source = "group"
)

// Digits returns a threshold as th shows it, in hexadecimal digits without trailing zeros, or "never".
func Digits(threshold sampling.Threshold) string {
	if threshold == sampling.NeverSampleThreshold {
		return "never"
	}
	return threshold.TValue()
}

// Explain explains the decision on a span with a trace ID and a tracestate at a rate.
func (s Sampler) Explain(id pcommon.TraceID, raw string, r *rate.Rate) Explanation {
	d := s.Decide(id, raw, r)
	e := Explanation{Threshold: r.Threshold, Keep: d.Keep, Fault: d.Fault, IsGroupOverruled: d.IsGroupOverruled}
	ts, ok := parseTracestate(raw)
	if !ok {
		ts = tracestate{} // T8
	}
	var byGroup bool
	if e.Randomness, byGroup, e.HasRandomness = s.randomnessOf(&id, &ts.earlier); !e.HasRandomness {
		e.Drawn = !r.IsAlways() && !r.IsNever()
		return e
	}
	switch {
	case byGroup:
		e.Source = FromGroup
	case ts.hasRandomness:
		e.Source = FromRandomValue
	default:
		e.Source = FromTraceID
	}
	if !ts.isFalse(e.Randomness) && !r.IsAlways() && !r.IsNever() {
		e.Threshold, _ = s.outgoing(&ts.earlier, r)
	}
	return e
}
