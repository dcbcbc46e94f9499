// SPDX-License-Identifier: Apache-2.0

package labels

// Rule is what decided an item: the attribute rule of the item counters (C9).
type Rule uint8

// Rules.
const (
	Exact           Rule = iota // an override of this name
	Pattern                     // an override by pattern
	Global                      // the global rate
	Trace                       // the rate of the item's trace
	AlwaysKeep                  // tracing::always_keep
	AlwaysKeepTrace             // tracing::always_keep_traces
	Internal                    // spans::internal
	Priority                    // the sampling.priority attribute
	Disabled                    // the signal is disabled
	Unavailable                 // postgres::on_failure
	Passed                      // no rate applies
	numRules
)

var ruleNames = [numRules]string{
	Exact: "exact", Pattern: "pattern", Global: "global", Trace: "trace", AlwaysKeep: "always_keep", AlwaysKeepTrace: "always_keep_trace", Internal: "internal",
	Priority: "priority", Disabled: "disabled", Unavailable: "unavailable", Passed: "passed",
}

// String returns the rule as internal metrics show it.
func (r Rule) String() string { return ruleNames[r] }

// Decision is the attribute decision of the item counters.
type Decision uint8

// Decisions.
const (
	Dropped Decision = iota
	Kept
	numDecisions
)

var decisionNames = [numDecisions]string{Dropped: "dropped", Kept: "kept"}

// DecisionOf returns the decision that keeps an item or drops it.
func DecisionOf(keep bool) Decision {
	if keep {
		return Kept
	}
	return Dropped
}

// String returns the decision as internal metrics show it.
func (d Decision) String() string { return decisionNames[d] }

// Counts are numbers of items by rule and decision.
type Counts [numRules][numDecisions]int64

// Signal is the kind of items that a label counts.
type Signal uint8

// Signals.
const (
	Spans Signal = iota
	DataPoints
	LogRecords
	// NumSignals is the number of signals.
	NumSignals
)
