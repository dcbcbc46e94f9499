// SPDX-License-Identifier: Apache-2.0

package oracle

// Rules by which a rate is found, as the processor's own metrics name them.
const (
	RuleExact  = "exact"
	RuleGlobal = "global"
	RulePassed = "passed" // not sampled
	RuleTrace  = "trace"  // the rate of the trace

	RuleAlwaysKeepTrace = "always_keep_trace"
)

// Rates of one signal.
type Rates struct {
	Global float64
	Exact  map[string]float64 // by namespace

	// OwnExact are the namespaces whose rate is not shared with other signals. OwnGlobal says the same of the global rate.
	OwnExact  map[string]bool
	OwnGlobal bool
}

// Of returns the rate of a namespace and the rule that gave it. The empty namespace stands for none.
func (r Rates) Of(namespace string) (rate float64, rule string) {
	if rate, listed := r.Exact[namespace]; listed {
		return rate, RuleExact
	}
	return r.Global, RuleGlobal
}

// Highest is the highest rate of any namespace.
func (r Rates) Highest() float64 {
	highest := r.Global
	for _, rate := range r.Exact {
		highest = max(highest, rate)
	}
	return highest
}

// Lowest is the lowest rate of any namespace.
func (r Rates) Lowest() float64 {
	lowest := r.Global
	for _, rate := range r.Exact {
		lowest = min(lowest, rate)
	}
	return lowest
}

func (r Rates) group(label, namespace string) Group {
	rate, rule := r.Of(namespace)
	return Group{label, rule, rate}
}

// isOwn reports whether the rate of a namespace is not shared with other signals.
func (r Rates) isOwn(namespace string) bool {
	if _, listed := r.Exact[namespace]; listed {
		return r.OwnExact[namespace]
	}
	return r.OwnGlobal
}

// highestOwn is the highest rate that is not shared with other signals.
func (r Rates) highestOwn() (highest float64) {
	if r.OwnGlobal {
		highest = r.Global
	}
	for namespace := range r.OwnExact {
		highest = max(highest, r.Exact[namespace])
	}
	return highest
}
