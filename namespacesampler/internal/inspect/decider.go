// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// named is the rate of a namespace in a table.
type named struct {
	name string // empty without a namespace, or for one whose name is too long to be remembered
	rate *rate.Match
	// tried are the rules that were tried to find the rate.
	tried []rate.Attempt
}

func namedBy(table *rate.Table, name string) named {
	return named{name: name, rate: table.Peek(name), tried: table.Tried(name)}
}

// decider is what decides an item.
type decider struct {
	named
	trace *tracememory.Trace // the trace that the rate is remembered with, if any
	group group.Group
	known tracememory.Known // what is known of the trace of the item
}

// spanBy returns what decides a span: its own rate and group, or what is remembered of its trace.
func spanBy(known tracememory.Known, own group.Group, n named) decider {
	by := decider{named: n, group: known.Group.With(own), known: known}
	if known.Trace != nil {
		by.rate, by.trace = known.Trace.Rate, known.Trace
	}
	return by
}

// recordBy returns what decides a log record: the rate of its namespace and its group, or those of its trace if it is remembered. A rate that
// is for log records alone replaces that of a trace with a namespace, but not of one that is kept whole (L3).
func recordBy(known tracememory.Known, own group.Group, table *rate.Table, name string) decider {
	by := decider{group: known.GroupOfRecord(own), known: known}
	if name == "" && known.IsNamed() && known.Trace.Name == "" {
		global := table.Global()
		by.named = named{rate: global, tried: []rate.Attempt{rate.AttemptOf(global)}}
	} else {
		if name == "" && known.IsNamed() {
			name = known.Trace.Name
		}
		by.named = namedBy(table, name)
	}
	var ofTrace bool
	if by.rate, ofTrace = known.RateOfRecord(by.rate); ofTrace {
		by.trace = known.Trace
	}
	return by
}

// rules returns the rules that were tried for an answer. The rate of a remembered trace is found without any other rule.
func (by *decider) rules(e *Explanation) []Attempt {
	if by.trace != nil {
		return []Attempt{{Rule: e.Rule, Source: e.Source, Pattern: namespace.Shown(e.Pattern), Matches: true}}
	}
	rules := make([]Attempt, len(by.tried))
	for i, a := range by.tried {
		rules[i] = Attempt{
			Rule: string(a.Rule), Source: string(a.Source), Signal: string(a.Signal), Patterns: a.Patterns, Pattern: namespace.Shown(a.Pattern),
			Matches: a.IsMatch,
		}
	}
	return rules
}

// isKeptTrace reports whether the trace of the item is kept whole.
func (by *decider) isKeptTrace() bool { return by.trace != nil && by.trace.IsKept }
