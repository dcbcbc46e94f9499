// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// ItemsPerSecond is a number of spans or log records a second, above 0. It may be a fraction.
type ItemsPerSecond float64

// BudgetConfig is a budget that all namespaces of a signal without an override share, in place of a sample rate: quiet ones are kept whole, and the
// loud ones share the rest.
type BudgetConfig struct {
	// ItemsPerSecond is the number of items that are kept.
	ItemsPerSecond ItemsPerSecond `mapstructure:"items_per_second"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// BudgetsConfig configures how the sample rates of all budgets follow what arrives.
type BudgetsConfig struct {
	// Interval is how long rates stay the same, and what arrives is counted for.
	Interval time.Duration `mapstructure:"interval"`
	// MinSampleRate is the lowest rate of a budget. Only within an interval in which far too much arrives, rates are lower.
	MinSampleRate float64 `mapstructure:"min_sample_rate"`
	// InitialSampleRate is the rate of namespaces that nothing is known of yet.
	InitialSampleRate float64 `mapstructure:"initial_sample_rate"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// build returns the configuration of budgets, of rates that combine with earlier sampling in a mode.
func (c *BudgetsConfig) build(mode Mode) steering.BudgetsConfig {
	return steering.BudgetsConfig{
		Interval: c.Interval, MinRate: c.MinSampleRate, InitialRate: c.InitialSampleRate, IsProportional: mode == Proportional,
	}
}

// itemsPerSecond returns a budget in items per second; 0 if there is none.
func itemsPerSecond(b configoptional.Optional[BudgetConfig]) float64 {
	if !b.HasValue() {
		return 0
	}
	return float64(b.Get().ItemsPerSecond)
}

// shownBudget returns a budget in items per second; nil if there is none.
func shownBudget(b configoptional.Optional[BudgetConfig]) *float64 {
	if !b.HasValue() {
		return nil
	}
	return new(itemsPerSecond(b))
}

// Bounds of BudgetsConfig.Interval: a shorter interval counts too little to tell anything, a longer one follows too slowly.
const minInterval, maxInterval = 100 * time.Millisecond, time.Hour

func (c *BudgetsConfig) validate(f *faults) {
	if c.Interval < minInterval || c.Interval > maxInterval {
		f.addf("budgets::interval", "must be between %v and %v, e.g. 10s, got %v", minInterval, maxInterval, c.Interval)
	}
	isValid := true
	for _, r := range [...]struct {
		key  string
		rate float64
	}{
		{"budgets::min_sample_rate", c.MinSampleRate}, {"budgets::initial_sample_rate", c.InitialSampleRate},
	} {
		err := rate.Validate(r.rate)
		if err == nil && r.rate == 0 {
			err = fmt.Errorf("must be above 0, e.g. 0.0001, got 0")
		}
		f.add(r.key, err)
		isValid = isValid && err == nil
	}
	if isValid && c.InitialSampleRate < c.MinSampleRate {
		f.addf("budgets::initial_sample_rate", "must not be below budgets::min_sample_rate (%v), got %v", c.MinSampleRate, c.InitialSampleRate)
	}
}

// budget validates the budget of a signal, which is in place of its sample rate.
func (f *faults) budget(section string, budget configoptional.Optional[BudgetConfig], sampleRate *float64) {
	if !budget.HasValue() {
		return
	}
	f.itemsPerSecond(section+"::budget::items_per_second", float64(budget.Get().ItemsPerSecond))
	if sampleRate != nil {
		f.addf(section+"::budget", "must stand alone: it is in place of %s::sample_rate, got both (leave one of them out)", section)
	}
}

func (f *faults) itemsPerSecond(key string, items float64) {
	if !(items > 0) || math.IsInf(items, 0) {
		f.addf(key, "must be a number of items above 0, such as 200, got %v", items)
	}
}

// validateBudgets validates what budgets need of other sections.
func (c *Config) validateBudgets(f *faults) {
	c.Budgets.validate(f)
	if c.hasBudgets() && c.Tracing.SamplingPrecision < rate.MinBudgetPrecision {
		f.addf("tracing::sampling_precision", "must be at least %d with budgets, whose rates change by a few per cent, got %d",
			rate.MinBudgetPrecision, c.Tracing.SamplingPrecision)
	}
}

func (c *Config) hasBudgets() bool {
	return c.Tracing.Budget.HasValue() || c.Logs.Budget.HasValue() || c.Tracing.Namespaces.haveBudgets() || c.Logs.Namespaces.haveBudgets()
}
