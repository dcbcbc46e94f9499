// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Rule says how a namespace found its rate.
type Rule string

// Rules, in the order in which they are tried.
const (
	Exact   Rule = "exact"
	Pattern Rule = "pattern"
	Global  Rule = "global"
)

// Source says where the rate comes from.
type Source string

// Sources, in the order in which they are tried.
const (
	RuntimeOverride Source = "runtime_override"
	SignalOverride  Source = "signal_override"
	SharedOverride  Source = "shared_override"
	SignalGlobal    Source = "signal_global"
	SharedGlobal    Source = "global"
)

// Match is the rate of a namespace with the rule and the source that gave it. Matches are comparable.
type Match struct {
	Rate
	Rule   Rule
	Source Source
	// Pattern is the pattern that matched, under the rule Pattern.
	Pattern string
	// ExpiresAt is when the override ends, in UTC; zero where it does not.
	ExpiresAt time.Time
}

// Override is a probability in place of the global one.
type Override struct {
	// Key is the name of a namespace, or a pattern.
	Key         string
	Probability float64
	// Until is when the override ends; zero means never.
	Until time.Time
}

// IsOver reports whether the override has ended.
func (o *Override) IsOver(now time.Time) bool { return !o.Until.IsZero() && !now.Before(o.Until) }

// Spec is what a table is made of: the overrides and the global rate of one signal. In each list, of two overrides with the same
// key the later wins.
type Spec struct {
	// RuntimeSignal and RuntimeShared are set while the collector runs, for this signal and for all; they win over the others.
	RuntimeSignal, RuntimeShared []Override
	// SignalOverrides and SharedOverrides are configured, for this signal and for all.
	SignalOverrides, SharedOverrides []Override
	// SignalGlobal is the signal's global probability, in place of Global where it is not nil.
	SignalGlobal *float64
	Global       float64
	// Precision is that of the thresholds, in hexadecimal digits, 1 to 14.
	Precision int
	// Now is the time that the table is for: overrides that are over by then are as if they were not there.
	Now time.Time
}

// Table maps every namespace to its rate. It is immutable and safe for concurrent use.
type Table struct {
	runtime, configured layer
	global              *Match
	most                *Match
	ends                time.Time
}

// layer is a set of overrides: the exact ones before the patterns, and among each the signal's before those of all signals.
type layer struct {
	exact    map[string]*Match
	patterns []patternMatch
}

// NewTable builds the table of a signal. It reports all rates that cannot be, each with its source and namespace.
func NewTable(spec Spec) (*Table, error) {
	b := builder{spec: spec}
	t := &Table{
		runtime: b.layer(
			list{RuntimeOverride, spec.RuntimeSignal}, list{RuntimeOverride, spec.RuntimeShared}),
		configured: b.layer(
			list{SignalOverride, spec.SignalOverrides}, list{SharedOverride, spec.SharedOverrides}),
	}
	if spec.SignalGlobal != nil {
		t.global = b.match(string(SignalGlobal), *spec.SignalGlobal, Match{Rule: Global, Source: SignalGlobal})
	} else {
		t.global = b.match(string(SharedGlobal), spec.Global, Match{Rule: Global, Source: SharedGlobal})
	}
	if len(b.errs) > 0 {
		return nil, fmt.Errorf("rate table: %w", errors.Join(b.errs...))
	}
	t.ends, t.most = b.ends, t.global
	for m := range t.overrides {
		if m.Probability > t.most.Probability {
			t.most = m
		}
	}
	return t, nil
}

// builder is a table while it is built.
type builder struct {
	spec Spec
	ends time.Time
	errs []error
}

// list is a list of overrides with where it comes from.
type list struct {
	source    Source
	overrides []Override
}

// layer lays the overrides of a signal over those of all signals.
func (b *builder) layer(signal, shared list) layer {
	l := layer{exact: map[string]*Match{}}
	add := func(from list) (patterns []patternMatch) {
		byKey := map[string]Override{}
		for _, o := range from.overrides {
			if !o.IsOver(b.spec.Now) {
				byKey[o.Key] = o
			}
		}
		for _, key := range slices.Sorted(maps.Keys(byKey)) { // errors come in one order
			o := byKey[key]
			where := fmt.Sprintf("%s %q", from.source, key)
			until := o.Until.Round(0).UTC()
			b.end(until)
			exact := b.match(where, o.Probability, Match{Rule: Exact, Source: from.source, ExpiresAt: until})
			l.exact[key] = exact
			if IsPattern(key) {
				m := *exact
				m.Rule, m.Pattern = Pattern, key
				patterns = append(patterns, patternMatch{pattern: key, literals: literals(key), Match: &m})
			}
		}
		sortPatterns(patterns)
		return patterns
	}
	last := add(shared)
	l.patterns = append(add(signal), last...)
	return l
}

// end takes the end of an override: the next one of a table is when it has to be built anew.
func (b *builder) end(until time.Time) {
	if !until.IsZero() && (b.ends.IsZero() || until.Before(b.ends)) {
		b.ends = until
	}
}

func (b *builder) match(where string, probability float64, m Match) *Match {
	var err error
	if m.Rate, err = New(probability, b.spec.Precision); err != nil {
		b.errs = append(b.errs, fmt.Errorf("%s: %w", where, err))
	}
	return &m
}

// Lookup returns the rate of a namespace; that of the empty name is the global rate, whatever the patterns. It never returns nil.
func (t *Table) Lookup(namespace string) *Match {
	if namespace == "" {
		return t.global
	}
	if m := t.runtime.lookup(namespace); m != nil {
		return m
	}
	if m := t.configured.lookup(namespace); m != nil {
		return m
	}
	return t.global
}

func (l *layer) lookup(namespace string) *Match {
	if m, ok := l.exact[namespace]; ok {
		return m
	}
	if len(namespace) > MaxMatchedBytes {
		return nil
	}
	for i := range l.patterns {
		if matches(l.patterns[i].pattern, namespace) {
			return l.patterns[i].Match
		}
	}
	return nil
}

// Global returns the rate of namespaces that no override names.
func (t *Table) Global() *Match { return t.global }

// Most returns the highest rate that a namespace can have: what it drops, every rate of the table drops (T14).
func (t *Table) Most() *Match { return t.most }

// Ends returns when the first of the overrides ends, and the table with it; zero for never.
func (t *Table) Ends() time.Time { return t.ends }

// IsUniform reports whether all namespaces have one rate.
func (t *Table) IsUniform() bool {
	for m := range t.overrides {
		if m.Threshold != t.global.Threshold {
			return false
		}
	}
	return true
}

// overrides yields all overrides. A pattern is among the exact ones, as it matches what it says.
func (t *Table) overrides(yield func(*Match) bool) {
	for _, l := range [...]*layer{&t.configured, &t.runtime} {
		for _, m := range l.exact {
			if !yield(m) {
				return
			}
		}
		for i := range l.patterns {
			if !yield(l.patterns[i].Match) {
				return
			}
		}
	}
}

// Listed returns the overrides by their keys, names and patterns, each from the first source that has it.
func (t *Table) Listed() map[string]*Match {
	listed := maps.Clone(t.configured.exact)
	maps.Copy(listed, t.runtime.exact)
	return listed
}

// Overrides returns the probabilities of the overrides by their keys.
func (t *Table) Overrides() map[string]float64 {
	overrides := map[string]float64{}
	for key, m := range t.Listed() {
		overrides[key] = m.Probability
	}
	return overrides
}

// Names returns the names of the namespaces that overrides name, sorted, without the patterns.
func (t *Table) Names() []string {
	names := slices.Sorted(maps.Keys(t.Listed()))
	return slices.DeleteFunc(names, IsPattern)
}
