// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"slices"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/remainder"
)

// RemainderConfig configures the series that dropped ones are added up in, so that sums over a metric stay exact.
type RemainderConfig struct {
	// Enabled adds up what is dropped.
	Enabled bool `mapstructure:"enabled"`
	// Without are the attributes that these series do not carry. If it is empty, they are those of the lookups and of consistent_by.
	Without []string `mapstructure:"without"`
	// MaxSeries is the maximum number of these series. What is beyond is added to series that carry the namespace alone.
	MaxSeries int `mapstructure:"max_series"`
	// MaxTracked is the maximum of numbers that are remembered of dropped cumulative series: a sum is one, a histogram its buckets and two.
	MaxTracked int `mapstructure:"max_tracked"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// remainderWithout returns the attributes that remainders do not carry.
func (c *Config) remainderWithout() []string {
	if len(c.Metrics.Remainder.Without) > 0 {
		return c.Metrics.Remainder.Without
	}
	without := slices.Clone(c.ConsistentBy)
	if c.Postgres.HasValue() {
		for _, lookup := range c.Postgres.Get().layout(false).Lookups {
			if !slices.Contains(without, lookup.Attribute) {
				without = append(without, lookup.Attribute)
			}
		}
	}
	return without
}

func (c *Config) remainder() *remainder.Config {
	own := &c.Metrics.Remainder
	if !own.Enabled {
		return nil
	}
	return &remainder.Config{
		Without: c.remainderWithout(), MaxSeries: own.MaxSeries, MaxTracked: own.MaxTracked, NamespaceAttribute: c.Namespace.writeTo(),
	}
}

func (c *Config) validateRemainder(f *faults) {
	own := &c.Metrics.Remainder
	f.attributes("metrics::remainder::without", own.Without)
	f.within("metrics::remainder::max_series", own.MaxSeries, 1, 1_000_000, "series")
	f.within("metrics::remainder::max_tracked", own.MaxTracked, 1, 1<<30, "numbers")
	if !own.Enabled {
		return
	}
	if c.Metrics.By == ByPoint {
		f.addf("metrics::remainder::enabled", "must be false with metrics::by %s, got true: series are kept with gaps, which what is dropped would "+
			"fill again (use metrics::by %s)", ByPoint, BySeries)
	}
	if len(c.remainderWithout()) == 0 {
		f.addf("metrics::remainder::without", "must list the attributes that make series many, e.g. [task_uuid], got none: without postgres lookups "+
			"and consistent_by there is no default")
	}
}
