// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"cmp"
	"slices"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/engine"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/logs"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/points"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spans"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// build translates a valid configuration into the terms of the packages that it configures.
func (c *Config) build() engine.Config {
	cfg := engine.Config{
		Attributes:    c.Namespace.Attributes,
		MissingValues: c.Namespace.MissingValues,
		WriteTo:       c.Namespace.writeTo(),
		ConsistentBy:  c.ConsistentBy,
		DryRun:        c.DryRun,
		MaxNamespaces: c.Telemetry.MaxNamespaces,
		Rates: steering.RatesConfig{
			Overrides: slices.Concat(
				c.Namespaces.rates(rate.All, rate.SharedOverride),
				c.Tracing.Namespaces.rates(rate.Traces, rate.SignalOverride),
				c.Metrics.Namespaces.rates(rate.Metrics, rate.SignalOverride),
				c.Logs.Namespaces.rates(rate.Logs, rate.SignalOverride)),
			Global:        c.SampleRate,
			TracesGlobal:  c.Tracing.SampleRate,
			MetricsGlobal: c.Metrics.Detailed.globalRate(),
			LogsGlobal:    c.Logs.SampleRate,
			TracesBudget:  itemsPerSecond(c.Tracing.Budget),
			LogsBudget:    itemsPerSecond(c.Logs.Budget),
			Budgets:       c.Budgets.build(c.Tracing.Mode),
			Precision:     c.Tracing.SamplingPrecision,
		},
		Spans: spans.Config{
			Enabled:       c.Tracing.Enabled,
			Sampler:       c.sampler(),
			AlwaysKeep:    c.Tracing.AlwaysKeep,
			HonorPriority: c.Tracing.HonorPriority,
			Inherit:       c.Namespace.Inherit,

			AlwaysKeepTraces: c.Tracing.AlwaysKeepTraces,
		},
		Points: points.Config{
			Enabled:         c.Metrics.Enabled,
			Detailed:        c.Metrics.Detailed.Match,
			ByPoint:         c.Metrics.By == ByPoint,
			RescaleDelta:    c.Metrics.RescaleDelta,
			SampleExemplars: c.Metrics.Exemplars == ExemplarsSampled,
			TracingEnabled:  c.Tracing.Enabled,
			Remainder:       c.remainder(),
		},
		Logs: logs.Config{
			Enabled: c.Logs.Enabled, Sampler: c.sampler(), AlwaysKeep: c.Logs.AlwaysKeep, Inherit: c.Namespace.Inherit,
		},
		Shown: c.shown(),
	}
	if c.Tracing.Sampler == ParentBased {
		cfg.Spans.Memory = &tracememory.Config{MaxTraces: c.Tracing.TraceMemory.MaxTraces, TTL: c.Tracing.TraceMemory.TTL}
	}
	if c.Tracing.Hold.Wait > 0 {
		cfg.Spans.Hold = &hold.Config{Wait: c.Tracing.Hold.Wait, MaxSpans: c.Tracing.Hold.MaxSpans}
	}
	if !c.Spans.Internal.Enabled {
		cfg.Spans.DropInternal = c.Spans.Internal.Match
	}
	if c.Postgres.HasValue() {
		pg := c.Postgres.Get()
		cfg.OnFailure, cfg.Postgres = pg.OnFailure.build(), pg.build(c.Namespace.MissingValues, len(c.ConsistentBy) > 0)
		if pg.Fleet.Enabled {
			table, _ := postgres.ParseTable(pg.Fleet.Table) // valid
			cfg.Postgres.Fleet = &steering.FleetConfig{
				Fleet: postgres.Fleet{Table: table, Interval: c.Budgets.Interval}, ReadsOnly: c.DryRun,
			}
		}
	}
	if c.Inspect.HasValue() {
		cfg.Inspect = &inspect.ServerConfig{HTTP: c.Inspect.Get().ServerConfig, AllowedHosts: c.Inspect.Get().AllowedHosts}
	}
	return cfg
}

// sampler returns the sampler of spans and log records.
func (c *Config) sampler() decision.Sampler {
	return decision.NewSampler(decision.Mode(c.Tracing.Mode), c.Tracing.SamplingPrecision)
}

// writeTo returns the attribute that resolved namespaces are written to.
func (c *NamespaceConfig) writeTo() string { return cmp.Or(c.WriteTo, c.Attributes[0]) }

func (c *PostgresConfig) build(missingValues []string, withGroups bool) *engine.PostgresConfig {
	cfg := &engine.PostgresConfig{
		Pool: postgres.PoolConfig{
			DSN:            string(c.DSN),
			MaxConnections: int32(c.MaxConnections), //nolint:gosec // at most 1,000
			ConnectTimeout: c.QueryTimeout,
		},
		Layout: c.layout(withGroups),
		Cache: namespace.CacheConfig{
			MaxEntries: c.Cache.MaxEntries, TTL: c.Cache.TTL, NegativeTTL: c.Cache.NegativeTTL, RefreshAfter: c.Cache.RefreshAfter,
		},
		Failures:     c.CircuitBreaker.Failures,
		Cooldown:     c.CircuitBreaker.Cooldown,
		Wait:         c.Wait,
		QueryTimeout: c.QueryTimeout,
		Registry:     c.registry(),
	}
	if c.Overrides.Enabled {
		table, _ := postgres.ParseTable(c.Overrides.Table) // valid
		cfg.Overrides = &steering.OverridesConfig{
			Table: table, Interval: c.Overrides.Interval, Channel: c.Overrides.Channel, MissingValues: missingValues,
		}
	}
	return cfg
}

// layout returns the lookups in force, and their queries, which return groups if they are wanted.
func (c *PostgresConfig) layout(withGroups bool) postgres.Layout {
	switch {
	case len(c.Lookups) > 0:
		custom := make([]postgres.CustomLookup, len(c.Lookups))
		for i, l := range c.Lookups {
			custom[i] = postgres.CustomLookup{Attribute: l.Attribute, Query: l.Query}
		}
		return postgres.Custom(custom)
	case c.Layout == LayoutTaskerLegacy:
		return postgres.TaskerLegacy(withGroups)
	case c.Layout == LayoutTasker:
		return postgres.Tasker(withGroups)
	}
	return postgres.Layout{}
}

// registry returns where registered namespaces are read from, or nil if they are not read. Custom lookups have no table of
// namespaces, so that only a query tells.
func (c *PostgresConfig) registry() *steering.RegistryConfig {
	var from postgres.Registry
	switch {
	case c.Registry.Interval == 0:
		return nil
	case c.Registry.Query != "":
		from = postgres.QueryRegistry(c.Registry.Query)
	case len(c.Lookups) > 0:
		return nil
	case c.Layout == LayoutTasker:
		from = postgres.TaskerRegistry
	case c.Layout == LayoutTaskerLegacy:
		from = postgres.TaskerLegacyRegistry
	default:
		return nil
	}
	return &steering.RegistryConfig{From: from, Interval: c.Registry.Interval}
}

func (f OnFailure) build() batch.OnFailure {
	switch f {
	case OnFailureKeep:
		return batch.Keep
	case OnFailureDrop:
		return batch.Drop
	case OnFailureGlobalRate:
	}
	return batch.GlobalRate
}

// globalRate returns the global rate of data points, or nil if it is that of all signals.
func (c *DetailedConfig) globalRate() *float64 {
	if c.Enabled {
		return c.SampleRate
	}
	return new(float64) // only overrides let points pass
}

// shown returns what /config shows, without rates and overrides.
func (c *Config) shown() inspect.Telemetry {
	t := inspect.Telemetry{
		Enabled: true,
		DryRun:  c.DryRun,
		Namespace: inspect.Namespace{
			Attributes: c.Namespace.Attributes, MissingValues: list(c.Namespace.MissingValues),
			WriteTo: c.Namespace.writeTo(), Inherit: c.Namespace.Inherit && c.Tracing.Sampler == ParentBased,
		},
		ConsistentBy: list(c.ConsistentBy),
		Tracing: inspect.Tracing{
			Enabled:           c.Tracing.Enabled,
			Sampler:           string(c.Tracing.Sampler),
			Mode:              string(c.Tracing.Mode),
			Budget:            shownBudget(c.Tracing.Budget),
			SamplingPrecision: c.Tracing.SamplingPrecision,
			AlwaysKeep:        list(c.Tracing.AlwaysKeep),
			AlwaysKeepTraces:  list(c.Tracing.AlwaysKeepTraces),
			HonorPriority:     c.Tracing.HonorPriority,
			Hold:              inspect.Hold{Wait: c.Tracing.Hold.Wait.String(), MaxSpans: c.Tracing.Hold.MaxSpans},
		},
		Metrics: inspect.Metrics{
			Enabled: c.Metrics.Enabled,
			Detailed: inspect.Detailed{
				Enabled: c.Metrics.Detailed.Enabled, SampleRate: c.SampleRate, Match: list(c.Metrics.Detailed.Match),
			},
			By:           string(c.Metrics.By),
			RescaleDelta: c.Metrics.RescaleDelta,
			Exemplars:    string(c.Metrics.Exemplars),
			Remainder: inspect.Remainder{
				Enabled: c.Metrics.Remainder.Enabled, Without: list(c.remainderWithout()),
				MaxSeries: c.Metrics.Remainder.MaxSeries, MaxTracked: c.Metrics.Remainder.MaxTracked,
			},
		},
		Logs:  inspect.Logs{Enabled: c.Logs.Enabled, Budget: shownBudget(c.Logs.Budget), AlwaysKeep: list(c.Logs.AlwaysKeep)},
		Spans: inspect.Spans{Internal: inspect.Internal{Enabled: c.Spans.Internal.Enabled, Match: list(c.Spans.Internal.Match)}},
		Budgets: inspect.BudgetSettings{
			Interval: c.Budgets.Interval.String(), MinSampleRate: c.Budgets.MinSampleRate, InitialSampleRate: c.Budgets.InitialSampleRate,
		},
	}
	if own := c.Metrics.Detailed.SampleRate; own != nil {
		t.Metrics.Detailed.SampleRate = *own
	}
	if c.Postgres.HasValue() {
		pg := c.Postgres.Get()
		t.Postgres = &inspect.Postgres{
			Layout: pg.shownLayout(), Lookups: []string{}, Wait: pg.Wait.String(), OnFailure: string(pg.OnFailure), Fleet: pg.Fleet.Enabled,
		}
		for _, lookup := range pg.layout(false).Lookups {
			t.Postgres.Lookups = append(t.Postgres.Lookups, lookup.Attribute)
		}
	}
	return t
}

// shownLayout returns the layout in force.
func (c *PostgresConfig) shownLayout() string {
	if len(c.Lookups) > 0 {
		return inspect.CustomLayout
	}
	return string(c.Layout)
}

// list returns a copy of a list that JSON shows as [] if it is empty.
func list(l []string) []string { return append([]string{}, l...) }
