// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
)

// Rule is how the rate of a namespace was found.
type Rule string

// Rules, in order of precedence.
const (
	Exact   Rule = "exact"
	Pattern Rule = "pattern"
	Global  Rule = "global"
)

// Match is the rate of a namespace, with the rule and the source that it comes from. Matches are comparable.
type Match struct {
	Rate
	Rule   Rule
	Source Source
	// Signal is All if the rate is for all signals, else the signal that it is for alone.
	Signal Signal
	// Pattern is the pattern that matched; empty unless Rule is Pattern.
	Pattern string
	// ExpiresAt is when the override expires, in UTC; zero if it does not.
	ExpiresAt time.Time
	// ItemsPerSecond is the budget that the rate follows from; 0 if there is none. The rate of a budget for many namespaces, as tables list it, is
	// the highest that one of them can have.
	ItemsPerSecond float64
	// Share is the share of a namespace in a budget. It is nil without one, and for a budget of many namespaces.
	Share *allowance.Share

	budgeted *budgeted // set for a budget of many namespaces
	lowering *lowering // set with Share
}

// Spec describes the table of one signal.
type Spec struct {
	// Signal is one of Signals.
	Signal Signal
	// Overrides of all signals and sources, with valid keys; those of other signals are ignored. Of two overrides with the same
	// identity the later one wins.
	Overrides []Override
	// SignalGlobal is the global probability of the signal. If it is nil, Global applies.
	SignalGlobal *float64
	Global       float64
	// SignalBudget is a budget in items per second that all namespaces without an override share, in place of a global rate; 0 if there is none.
	SignalBudget float64
	// Allowances returns what a budget allows. It may be nil without budgets.
	Allowances func(allowance.ID) *allowance.Allowance
	// Precision is the precision of thresholds in hexadecimal digits, 1 to 14.
	Precision int
	// GroupPrecision is that of the thresholds for items of groups; 0 means Precision.
	GroupPrecision int
	// Now is the time that the table is built for: overrides that have expired by then are ignored.
	Now time.Time
	// Reuse are tables whose compiled patterns, and the names that were matched against them, are reused where the list of patterns is
	// the same.
	Reuse []*Table
}

// Table maps every namespace to its rate for one signal. It never changes, and is safe for concurrent use.
type Table struct {
	runtime, configured layer
	global              *Match
	highest, lowest     *Match
	highestOfSignal     *Match // nil if no rate is for the signal alone
	nextExpiry          time.Time
	budgets             []allowance.ID
}

// layer is a set of overrides of the same precedence: exact ones win over patterns, and among each the overrides of the signal
// win over those of all signals.
type layer struct {
	exact     map[string]*Match
	patterns  *matcher
	byPattern []*Match // by the index of the pattern
}

// NewTable builds the table of a signal. The error reports every invalid rate with its source and key.
func NewTable(spec Spec) (*Table, error) {
	t := &Table{}
	global := Match{Rule: Global, Source: SharedGlobal, Signal: All}
	if spec.SignalGlobal != nil {
		spec.Global, global.Source, global.Signal = *spec.SignalGlobal, SignalGlobal, spec.Signal
	}
	var errs []error
	var globalErr error
	if spec.SignalBudget > 0 {
		global.Source, global.Signal, global.ItemsPerSecond = SignalGlobal, spec.Signal, spec.SignalBudget
		global, globalErr = t.budget(&spec, global, allowance.ID{IsShared: true})
	} else {
		global.Rate, globalErr = spec.newRate(spec.Global)
	}
	t.global, t.highest, t.lowest = &global, &global, &global
	for _, l := range [...]struct {
		layer          *layer
		signal, shared Source
	}{
		{&t.runtime, RuntimeOverride, RuntimeOverride}, {&t.configured, SignalOverride, SharedOverride},
	} {
		l.layer.exact = map[string]*Match{}
		shared, sharedErr := t.add(l.layer, &spec, All, l.shared)
		signal, signalErr := t.add(l.layer, &spec, spec.Signal, l.signal)
		l.layer.setPatterns(append(signal, shared...), spec.Reuse)
		errs = append(errs, sharedErr, signalErr)
	}
	errs = append(errs, wrap(globalErr, string(global.Source)))
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("rate table: %w", err)
	}
	if global.Signal != All {
		t.highestOfSignal = t.global
	}
	for m := range t.matches { // after all were added, since some replace others
		if m.Signal != All && (t.highestOfSignal == nil || m.Probability > t.highestOfSignal.Probability) {
			t.highestOfSignal = m
		}
		if m.Probability > t.highest.Probability {
			t.highest = m
		}
		if m.Probability < t.lowest.Probability {
			t.lowest = m
		}
	}
	if t.HasBudgets() {
		t.lowest = &Match{Rate: Never} // a guard lowers rates further and further
	}
	return t, nil
}

// add adds the overrides of a signal and source to the exact matches of a layer, and returns their patterns by precedence.
func (t *Table) add(l *layer, spec *Spec, signal Signal, source Source) (patterns []patternMatch, err error) {
	byKey := map[string]*Override{}
	for i := range spec.Overrides {
		if o := &spec.Overrides[i]; o.Signal == signal && o.Source == source && !o.IsExpired(spec.Now) {
			byKey[o.Key] = o
		}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(byKey)) { // for a stable order of errors
		o := byKey[key]
		m := Match{
			Rule: Exact, Source: source, Signal: signal, ExpiresAt: o.Until.Round(0).UTC(), ItemsPerSecond: o.ItemsPerSecond,
		}
		var err error
		if o.ItemsPerSecond > 0 {
			m, err = t.budget(spec, m, allowance.ID{Key: key})
		} else {
			m.Rate, err = spec.newRate(o.Probability)
		}
		errs = append(errs, wrap(err, fmt.Sprintf("%s %q", source, key)))
		l.exact[key] = &m
		if end := m.ExpiresAt; !end.IsZero() && (t.nextExpiry.IsZero() || end.Before(t.nextExpiry)) {
			t.nextExpiry = end
		}
		if IsPattern(key) {
			byPattern := m.asPattern(key)
			patterns = append(patterns, patternMatch{pattern: key, literals: literals(key), Match: &byPattern})
		}
	}
	sortPatterns(patterns)
	return patterns, errors.Join(errs...)
}

func wrap(err error, origin string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", origin, err)
}

// Global returns the rate of namespaces without an override; if they share a budget, that of items without a namespace.
func (t *Table) Global() *Match { return t.global.peek("") }

// OfUnknown returns the rate of items that may belong to any namespace: the global one. If all namespaces share a budget, they have that of items
// without a namespace.
func (t *Table) OfUnknown() *Match { return t.global.of("") }

// Highest returns the highest rate of the table. Whatever it drops, every other rate of the table drops too (T14).
func (t *Table) Highest() *Match { return t.highest }

// HighestOfSignal returns the highest of the rates that are for the signal alone, or nil if there is none.
func (t *Table) HighestOfSignal() *Match { return t.highestOfSignal }

// Lowest returns the lowest rate of the table. Whatever it keeps, every other rate of the table keeps too.
func (t *Table) Lowest() *Match { return t.lowest }

// NextExpiry returns when the first override expires, and the table must be rebuilt; zero means never.
func (t *Table) NextExpiry() time.Time { return t.nextExpiry }

// IsUniform reports whether all namespaces have the same rate.
func (t *Table) IsUniform() bool {
	for m := range t.matches {
		if m.Threshold != t.global.Threshold {
			return false
		}
	}
	return true
}

// IsFixed reports whether every rate is 0 or 1, so that no randomness is needed to decide.
func (t *Table) IsFixed() bool {
	isFixed := func(m *Match) bool { return m.IsAlways() || m.IsNever() }
	for m := range t.matches {
		if !isFixed(m) {
			return false
		}
	}
	return isFixed(t.global)
}

// matches yields the matches of all overrides. Patterns are yielded as exact matches too, since a pattern matches its own text.
func (t *Table) matches(yield func(*Match) bool) {
	for _, l := range [...]*layer{&t.configured, &t.runtime} {
		for _, m := range l.exact {
			if !yield(m) {
				return
			}
		}
	}
}

// Overrides returns the winning override of each key, names and patterns alike.
func (t *Table) Overrides() map[string]*Match {
	overrides := maps.Clone(t.configured.exact)
	maps.Copy(overrides, t.runtime.exact)
	return overrides
}

// Winner returns the winning override of a key, a name or a pattern; nil if there is none.
func (t *Table) Winner(key string) *Match {
	if m, ok := t.runtime.exact[key]; ok {
		return m
	}
	return t.configured.exact[key]
}

// Names returns the sorted names of the namespaces that have an override of their own; patterns are not names, nor is the empty name.
func (t *Table) Names() []string {
	names := slices.Sorted(maps.Keys(t.Overrides()))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" || IsPattern(name) })
}
