// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The model of the files model_*_test.go is the rules of spans (T1 to T20) and of their groups (G1, G3, G4, G6) once more, written from the
// rules, plain and slow: no lookups, one batch at a time. The processor is compared with it batch by batch.

// whole is 2⁵⁶, the number of values of randomness.
const whole = uint64(1) << 56

// modelState is a tracestate.
type modelState struct {
	hasThreshold, hasRandomness   bool
	threshold, randomness         uint64
	isMalformed, hasVendor, after bool // after: the ot member comes after the vendor's
}

// raw returns the state as it arrives.
func (s modelState) raw() string {
	if s.isMalformed {
		return "ot=th:zz,v=1"
	}
	ot := s.ot()
	switch {
	case !s.hasVendor:
		return ot
	case ot == "":
		return "v=1"
	case s.after:
		return "v=1," + ot
	}
	return ot + ",v=1"
}

// changed returns the state with a threshold, or without one if it is 0. A changed ot member goes left-most (T11).
func (s modelState) changed(threshold uint64) string {
	s.hasThreshold, s.threshold, s.after = threshold > 0, threshold, false
	return s.raw()
}

func (s modelState) ot() string {
	var members []string
	if s.hasRandomness {
		members = append(members, fmt.Sprintf("rv:%014x", s.randomness))
	}
	if s.hasThreshold {
		digits := strings.TrimRight(fmt.Sprintf("%014x", s.threshold), "0")
		if digits == "" {
			digits = "0"
		}
		members = append(members, "th:"+digits)
	}
	if members == nil {
		return ""
	}
	return "ot=" + strings.Join(members, ";")
}

// modelDecision is what a rate does with a span.
type modelDecision struct {
	keep  bool
	drawn bool // the decision is random (T9): keep says nothing
	state string
}

// modelRates are the rates of a configuration. All are multiples of 1/8, so that thresholds are exact.
type modelRates struct {
	global         float64
	names          map[string]float64 // a name that ends in * is a pattern
	isProportional bool
}

// of returns the rate of a namespace, and the rule that it comes from.
func (r *modelRates) of(name string) (rate float64, rule string) {
	if rate, ok := r.names[name]; ok {
		return rate, "exact"
	}
	for pattern, rate := range r.names {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok && name != "" && strings.HasPrefix(name, prefix) {
			return rate, "pattern"
		}
	}
	return r.global, "global"
}

// ofNames returns every rate that a name can bring.
func (r *modelRates) ofNames() []float64 {
	rates := []float64{r.global}
	for name, rate := range r.names {
		if name != "" {
			rates = append(rates, rate)
		}
	}
	return rates
}

// decide decides a span at a rate (T1 to T9), by its own randomness, else by that of its group or its trace ID.
func (r *modelRates) decide(by modelRandomness, s modelState, rate float64) modelDecision {
	if rate == 0 {
		return modelDecision{}
	}
	threshold := whole - uint64(rate*8)*(whole/8)
	random, isRandom := by.value, by.isKnown
	if s.isMalformed { // T8
		if !isRandom {
			return modelDecision{keep: rate == 1, drawn: rate < 1, state: s.raw()}
		}
		if s.isMalformed = false; random < threshold {
			return modelDecision{}
		}
		s.isMalformed = true
		return modelDecision{keep: true, state: s.raw()}
	}
	if s.hasRandomness {
		random, isRandom, by.isOfGroup = s.randomness, true, false
	}
	switch {
	case rate == 1: // T5
		return modelDecision{keep: true, state: s.raw()}
	case !isRandom: // T9
		return modelDecision{drawn: true, state: s.raw()}
	case s.hasThreshold && random < s.threshold: // T7
		return modelDecision{keep: random >= threshold, state: s.changed(0)}
	}
	arrived := uint64(0)
	if s.hasThreshold {
		arrived = s.threshold
	}
	out := max(arrived, threshold)
	if r.isProportional {
		out = whole - (whole-arrived)/8*uint64(rate*8)
	}
	switch {
	case random < out:
		return modelDecision{}
	case out == arrived:
		return modelDecision{keep: true, state: s.raw()}
	}
	if by.isOfGroup { // G3
		s.hasRandomness, s.randomness = true, random
	}
	return modelDecision{keep: true, state: s.changed(out)} // T6
}

// low56 returns the last seven bytes of an ID.
func low56(id pcommon.TraceID) (n uint64) {
	for _, b := range id[9:] {
		n = n<<8 | uint64(b)
	}
	return n
}
