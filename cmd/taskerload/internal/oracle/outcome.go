// SPDX-License-Identifier: Apache-2.0

package oracle

import "fmt"

// Outcome is what the processor does to an item.
type Outcome struct {
	Group      Group
	Source     Source
	Workflow   string // that the item belongs to, whether or not it decides; empty: none
	Keep       bool
	Randomness uint64
	Rate       float64 // that decides; spans can have the rate of another namespace than their group's

	// Namespace and Rule are what the processor's own metrics count the item under. The namespace can be empty.
	Namespace string
	Rule      string

	// Write is the namespace that is written to a kept item; empty if its attributes do not change.
	Write string
}

// SpanOutcome is what the processor does to a span.
type SpanOutcome struct {
	Outcome
	Tracestate string // of a kept span

	// Held says that the span waits for a request that decides its trace. The outcome is the one if none comes in time.
	Held bool

	// Weight is the number of spans that this one represents as it arrives; 0 if its tracestate does not say, before or
	// after.
	Weight float64

	// TraceNamespace is the namespace that the request would give the trace if every key were looked up; empty: none.
	// TraceResolved says whether the request gives it one.
	TraceNamespace string
	TraceResolved  bool

	// Foreign says that another sampler has decided about the trace, which may be otherwise than for its log records.
	Foreign bool

	// Overruled says that another sampler has decided about the trace, and not as for the rest of its workflow. IsSeen says that
	// the processor knows the workflow, without lookups for it.
	Overruled, IsSeen bool
}

// Group identifies the items that are reported together: those of a namespace, or those without one for the same reason.
type Group struct {
	Label string
	Rule  string // how the rate of the namespace was found
	Rate  float64
}

// Labels of groups without a namespace. Tasker does not allow parentheses in names.
const (
	LabelNone        = "(none)"
	LabelUnknown     = "(unknown key)"
	LabelNotLookedUp = "(not looked up)"
	LabelNotSampled  = "(not sampled)"
)

// Source is where the namespace of an item comes from.
type Source int

// Sources.
const (
	FromAttribute  Source = iota // of the item, its scope or its resource
	FromLookup                   // Postgres knows the key
	FromUnknownKey               // Postgres does not know the key
	FromNothing                  // neither a namespace nor a key
	FromUnusedKey                // the key was not looked up, because no answer would change anything
)

// Counter identifies a counter of items in the processor's own metrics.
type Counter struct{ Namespace, Decision, Rule string }

// Counter returns the counter that includes the item.
func (o *Outcome) Counter() Counter {
	c := Counter{o.Namespace, "dropped", o.Rule}
	if c.Namespace == "" {
		c.Namespace = "_none"
	}
	if o.Keep {
		c.Decision = "kept"
	}
	return c
}

func (c Counter) String() string {
	return fmt.Sprintf("%s %s by %s", c.Namespace, c.Decision, c.Rule)
}
