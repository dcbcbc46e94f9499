// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Overrides replace the global rate for some namespaces, or for items without one (the empty name). A configuration has them as a map of names to
// a rate, {sample_rate, until} or {items_per_second, until}, or as a list of such objects with a name. A name that contains "::", the delimiter of
// configuration keys, needs the list.
type Overrides []Override

// Override is the rate or the budget of a namespace, or of all namespaces that match a pattern.
type Override struct {
	// Name is a namespace, or a pattern: * matches any run of characters, ? matches one. The empty name stands for items without a
	// namespace, which no pattern matches.
	Name string `mapstructure:"name"`
	// SampleRate is the rate, 0 to 1. An override has a rate or a budget.
	SampleRate *float64 `mapstructure:"sample_rate,omitempty"`
	// ItemsPerSecond is a budget in place of SampleRate. With a pattern, each namespace that matches has one. Spans and log records can have
	// budgets.
	ItemsPerSecond *ItemsPerSecond `mapstructure:"items_per_second,omitempty"`
	// Until is when the override expires, in RFC 3339 format, such as 2026-12-01T00:00:00Z; empty means never.
	Until string `mapstructure:"until,omitempty"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// end returns when the override expires; zero means never.
func (o *Override) end() (time.Time, error) {
	if o.Until == "" {
		return time.Time{}, nil
	}
	end, err := time.Parse(time.RFC3339, o.Until)
	if err != nil {
		return time.Time{}, fmt.Errorf("until must be a time with its zone, such as 2026-12-01T00:00:00Z, got %q", o.Until)
	}
	return end, nil
}

// rates returns valid overrides as rate tables take them.
func (o Overrides) rates(signal rate.Signal, source rate.Source) []rate.Override {
	overrides := make([]rate.Override, len(o))
	for i := range o {
		end, _ := o[i].end()
		overrides[i] = rate.Override{Key: o[i].Name, Signal: signal, Source: source, Until: end}
		if items := o[i].ItemsPerSecond; items != nil {
			overrides[i].ItemsPerSecond = float64(*items)
		} else {
			overrides[i].Probability = *o[i].SampleRate
		}
	}
	return overrides
}

// What an override must be, for messages.
const (
	hasBoth    = "must have either sample_rate or items_per_second, got both (to replace the one of an earlier file, set it to null)"
	hasNeither = "must have sample_rate or items_per_second, got neither"
)

func (o Overrides) haveBudgets() bool {
	return slices.ContainsFunc(o, func(o Override) bool { return o.ItemsPerSecond != nil })
}

// noBudgets says what to write in place of a budget where none can be.
type noBudgets string

const (
	anyBudgets     noBudgets = ""
	noSharedBudget noBudgets = "is for one signal: write it in tracing::namespaces for spans, or in logs::namespaces for log records"
	noPointsBudget noBudgets = "is for spans and log records only, since series are kept or dropped as wholes: write a sample_rate"
)

func (o Overrides) validate(f *faults, section string, missing []string, no noBudgets) {
	seen, patterns := map[string]bool{}, 0
	for i := range o {
		name := o[i].Name
		key := within(section, name)
		if rate.IsPattern(name) {
			patterns++
		}
		switch {
		case seen[name]:
			f.addf(key, "must be listed once, got it again")
			continue
		case name != "" && slices.Contains(missing, name):
			f.addf(key, "must be a namespace: %q counts as absent (namespace::missing_values), so no item has it", name)
			continue
		}
		seen[name] = true
		f.add(key, rate.ValidateKey(name))
		switch own, items := o[i].SampleRate, o[i].ItemsPerSecond; {
		case own != nil && items != nil:
			f.addf(key, "%s", hasBoth)
		case own != nil:
			f.add(key, rate.Validate(*own))
		case items == nil:
			f.addf(key, "%s", hasNeither)
		case no != anyBudgets:
			f.addf(within(key, "items_per_second"), "a budget %s, got %v", no, float64(*items))
		default:
			f.itemsPerSecond(within(key, "items_per_second"), float64(*items))
		}
		_, err := o[i].end()
		f.add(key, err)
	}
	if patterns > rate.MaxPatterns {
		f.addf(section, "must have at most %d patterns, got %d", rate.MaxPatterns, patterns)
	}
}
