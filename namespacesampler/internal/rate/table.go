// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Rule says how a namespace found its rate.
type Rule string

// Rules, in the order in which they are tried.
const (
	Exact  Rule = "exact"
	Global Rule = "global"
)

// Source says where the rate was configured.
type Source string

// Sources, in the order in which they are tried.
const (
	SignalOverride Source = "signal_override"
	SharedOverride Source = "shared_override"
	SignalGlobal   Source = "signal_global"
	SharedGlobal   Source = "global"
)

// Match is the rate of a namespace with the rule and the source that gave it.
type Match struct {
	Rate
	Rule   Rule
	Source Source
}

// Spec is what a table is made of: the configuration of one signal.
type Spec struct {
	// SignalOverrides and SharedOverrides map names of namespaces to probabilities; the signal's win.
	SignalOverrides map[string]float64
	SharedOverrides map[string]float64
	// SignalGlobal is the signal's global probability, in place of Global where it is not nil.
	SignalGlobal *float64
	Global       float64
	// Precision is that of the thresholds, in hexadecimal digits, 1 to 14.
	Precision int
}

// Table maps every namespace to its rate. It is immutable and safe for concurrent use.
type Table struct {
	exact  map[string]*Match
	global *Match
	most   *Match
}

// NewTable builds the table of a signal. It reports all rates that cannot be, each with its source and namespace.
func NewTable(spec Spec) (*Table, error) {
	t := &Table{exact: make(map[string]*Match, len(spec.SharedOverrides)+len(spec.SignalOverrides))}
	var errs []error
	match := func(where string, probability float64, rule Rule, source Source) *Match {
		r, err := New(probability, spec.Precision)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
		return &Match{Rate: r, Rule: rule, Source: source}
	}
	override := func(overrides map[string]float64, source Source) {
		for _, name := range slices.Sorted(maps.Keys(overrides)) { // errors come in one order
			t.exact[name] = match(fmt.Sprintf("%s %q", source, name), overrides[name], Exact, source)
		}
	}
	override(spec.SharedOverrides, SharedOverride)
	override(spec.SignalOverrides, SignalOverride)
	if spec.SignalGlobal != nil {
		t.global = match(string(SignalGlobal), *spec.SignalGlobal, Global, SignalGlobal)
	} else {
		t.global = match(string(SharedGlobal), spec.Global, Global, SharedGlobal)
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("rate table: %w", errors.Join(errs...))
	}
	t.most = t.global
	for _, m := range t.exact {
		if m.Probability > t.most.Probability {
			t.most = m
		}
	}
	return t, nil
}

// Lookup returns the rate of a namespace; that of the empty name is the global rate. It never returns nil.
func (t *Table) Lookup(namespace string) *Match {
	if m, ok := t.exact[namespace]; ok {
		return m
	}
	return t.global
}

// Global returns the rate of namespaces that no override names.
func (t *Table) Global() *Match { return t.global }

// Most returns the highest rate that a namespace can have: what it drops, every rate of the table drops (T14).
func (t *Table) Most() *Match { return t.most }

// IsUniform reports whether all namespaces have one rate.
func (t *Table) IsUniform() bool {
	for _, m := range t.exact {
		if m.Threshold != t.global.Threshold {
			return false
		}
	}
	return true
}

// Overrides returns the probabilities of the namespaces that have one of their own.
func (t *Table) Overrides() map[string]float64 {
	overrides := make(map[string]float64, len(t.exact))
	for name, m := range t.exact {
		overrides[name] = m.Probability
	}
	return overrides
}

// Names returns the names of the overrides, sorted.
func (t *Table) Names() []string { return slices.Sorted(maps.Keys(t.exact)) }
