// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
)

// Config is the configuration of the processor.
type Config struct {
	// Namespace configures where the namespace of an item is found.
	Namespace NamespaceConfig `mapstructure:"namespace"`
	// SampleRate is the global rate, 0 to 1.
	SampleRate float64 `mapstructure:"sample_rate"`
	// Namespaces are overrides for all signals.
	Namespaces Overrides `mapstructure:"namespaces"`
	// ConsistentBy are attributes whose value, and not the trace ID or the identity of a series, decides what is kept together. They are tried
	// in order, each on the item, then its scope, then its resource.
	ConsistentBy []string `mapstructure:"consistent_by"`
	// Tracing configures the sampling of spans.
	Tracing TracingConfig `mapstructure:"tracing"`
	// Spans configures particular kinds of spans.
	Spans SpansConfig `mapstructure:"spans"`
	// Metrics configures the sampling of data points.
	Metrics MetricsConfig `mapstructure:"metrics"`
	// Logs configures the sampling of log records.
	Logs LogsConfig `mapstructure:"logs"`
	// Budgets configures how the rates of budgets follow what arrives.
	Budgets BudgetsConfig `mapstructure:"budgets"`
	// DryRun decides and counts, but drops and changes nothing.
	DryRun bool `mapstructure:"dry_run"`
	// Postgres configures the resolution of missing namespaces. Without it the attributes alone decide.
	Postgres configoptional.Optional[PostgresConfig] `mapstructure:"postgres"`
	// Inspect configures the HTTP server that shows what the processor does. Without it there is no server.
	Inspect configoptional.Optional[InspectConfig] `mapstructure:"inspect"`
	// Telemetry configures the internal metrics.
	Telemetry TelemetryConfig `mapstructure:"telemetry"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// NamespaceConfig configures where the namespace of an item is found.
type NamespaceConfig struct {
	// Attributes are tried in order, each on the item, then its scope, then its resource.
	Attributes []string `mapstructure:"attributes"`
	// MissingValues are the values that count as absent.
	MissingValues []string `mapstructure:"missing_values"`
	// WriteTo is the attribute that resolved namespaces are written to. The default is the first of Attributes.
	WriteTo string `mapstructure:"write_to"`
	// Inherit writes the namespace of a trace to its kept spans and log records that have none. It applies to parent_based.
	Inherit bool `mapstructure:"inherit"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Conditions are OTTL conditions. They match an item if any of them does.
type Conditions []string

// SpansConfig configures particular kinds of spans.
type SpansConfig struct {
	// Internal configures spans of internal operations.
	Internal InternalConfig `mapstructure:"internal"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// InternalConfig configures spans of internal operations.
type InternalConfig struct {
	// Enabled is false if internal spans are dropped. Their children get the nearest surviving ancestor as parent.
	Enabled bool `mapstructure:"enabled"`
	// Match are OTTL conditions on spans. A span that matches any of them is internal.
	Match Conditions `mapstructure:"match"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// MetricsConfig configures the sampling of data points.
type MetricsConfig struct {
	// Enabled is false if all data points are dropped.
	Enabled bool `mapstructure:"enabled"`
	// Detailed configures the metrics that rates apply to. Other metrics always pass.
	Detailed DetailedConfig `mapstructure:"detailed"`
	// Namespaces are overrides for data points. They take precedence over those for all signals.
	Namespaces Overrides `mapstructure:"namespaces"`
	// By is series or point.
	By By `mapstructure:"by"`
	// RescaleDelta multiplies kept delta points by the inverse of their rate. It needs By to be point.
	RescaleDelta bool `mapstructure:"rescale_delta"`
	// Exemplars is keep or sampled.
	Exemplars ExemplarMode `mapstructure:"exemplars"`
	// Remainder adds up what is dropped. It needs By to be series.
	Remainder RemainderConfig `mapstructure:"remainder"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DetailedConfig configures the metrics that rates apply to.
type DetailedConfig struct {
	// Enabled sets the global rate of data points to 0 if it is false; overrides still apply.
	Enabled bool `mapstructure:"enabled"`
	// SampleRate is the global rate of data points. It replaces the one for all signals.
	SampleRate *float64 `mapstructure:"sample_rate"`
	// Match are OTTL conditions on metrics. A metric that matches none of them always passes. Without conditions all metrics match.
	Match Conditions `mapstructure:"match"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// By is the unit of metric sampling.
type By string

const (
	// BySeries keeps or drops whole series.
	BySeries By = "series"
	// ByPoint draws each point independently.
	ByPoint By = "point"
)

// ExemplarMode is what happens to the exemplars of kept points.
type ExemplarMode string

const (
	// ExemplarsKeep keeps all exemplars.
	ExemplarsKeep ExemplarMode = "keep"
	// ExemplarsSampled removes the exemplars whose trace is dropped.
	ExemplarsSampled ExemplarMode = "sampled"
)

// PostgresConfig configures the resolution of namespaces, and what else is read from Postgres.
type PostgresConfig struct {
	// DSN is a connection URL or keyword string of pgx.
	DSN configopaque.String `mapstructure:"dsn"`
	// Layout is tasker, tasker_legacy or none.
	Layout Layout `mapstructure:"layout"`
	// Lookups replace those of the layout. They are tried in order.
	Lookups []LookupConfig `mapstructure:"lookups"`
	// MaxConnections is the maximum number of connections of the pool.
	MaxConnections int `mapstructure:"max_connections"`
	// Wait is the longest that a batch waits for lookups; 0 means that batches never wait.
	Wait time.Duration `mapstructure:"wait"`
	// QueryTimeout bounds a round trip, including the time to connect.
	QueryTimeout time.Duration `mapstructure:"query_timeout"`
	// OnFailure applies to items that have no namespace because Postgres could not be asked.
	OnFailure OnFailure `mapstructure:"on_failure"`
	// Cache bounds the cache of resolved keys.
	Cache CacheConfig `mapstructure:"cache"`
	// CircuitBreaker keeps batches from waiting while Postgres cannot be asked.
	CircuitBreaker CircuitBreakerConfig `mapstructure:"circuit_breaker"`
	// Registry configures the reading of registered namespaces.
	Registry RegistryConfig `mapstructure:"registry"`
	// Overrides configures overrides that apply to the whole fleet at run time.
	Overrides RuntimeOverridesConfig `mapstructure:"overrides"`
	// Fleet lets all collectors that share the database share their budgets.
	Fleet FleetConfig `mapstructure:"fleet"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Layout is a set of lookup attributes with the queries that resolve them.
type Layout string

// Layouts.
const (
	LayoutTasker       Layout = "tasker"
	LayoutTaskerLegacy Layout = "tasker_legacy"
	LayoutNone         Layout = "none"
)

// LookupConfig configures a lookup attribute and the query that resolves its values.
type LookupConfig struct {
	// Attribute holds the key, on the item or its resource.
	Attribute string `mapstructure:"attribute"`
	// Query takes one text[] parameter, the keys, and returns rows (key text, namespace text) or (key text, namespace text, group text).
	Query string `mapstructure:"query"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// OnFailure is what happens to items that have no namespace because Postgres could not be asked.
type OnFailure string

// Values of OnFailure: items are sampled at the global rate, all are kept, or all are dropped.
const (
	OnFailureGlobalRate OnFailure = "global_rate"
	OnFailureKeep       OnFailure = "keep"
	OnFailureDrop       OnFailure = "drop"
)

// CacheConfig bounds the cache of resolved keys.
type CacheConfig struct {
	// MaxEntries is the maximum number of entries.
	MaxEntries int `mapstructure:"max_entries"`
	// TTL is how long a resolved key is cached.
	TTL time.Duration `mapstructure:"ttl"`
	// RefreshAfter is the age at which a cached key is refreshed in the background while it is still used; 0, and TTL or more,
	// mean never.
	RefreshAfter time.Duration `mapstructure:"refresh_after"`
	// NegativeTTL is how long a key that Postgres does not know is cached as unknown.
	NegativeTTL time.Duration `mapstructure:"negative_ttl"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// CircuitBreakerConfig configures the circuit breaker between batches and Postgres.
type CircuitBreakerConfig struct {
	// Failures is the number of consecutive failed lookups that open the breaker. While it is open, no batch waits and nothing is
	// asked.
	Failures int `mapstructure:"failures"`
	// Cooldown is how long the breaker stays open before one lookup tries again, and how long a lookup that the server refuses is
	// paused.
	Cooldown time.Duration `mapstructure:"cooldown"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RegistryConfig configures the reading of registered namespaces.
type RegistryConfig struct {
	// Interval is the time between reads; 0 means never.
	Interval time.Duration `mapstructure:"interval"`
	// Query is SQL that returns the names in one column. The default is to read the table of namespaces of the layout in force;
	// custom lookups have none.
	Query string `mapstructure:"query"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RuntimeOverridesConfig configures overrides in a table that every collector of a fleet reads.
type RuntimeOverridesConfig struct {
	// Enabled enables runtime overrides.
	Enabled bool `mapstructure:"enabled"`
	// Table is the name of the table, with or without a schema, in SQL syntax.
	Table string `mapstructure:"table"`
	// Interval is the time between reads.
	Interval time.Duration `mapstructure:"interval"`
	// Channel is the notification channel. A notification causes a read at once.
	Channel string `mapstructure:"channel"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// FleetConfig configures the table in which the collectors of a fleet add up what arrives, so that they share their budgets.
type FleetConfig struct {
	// Enabled lets collectors share their budgets. Otherwise each one has them for itself.
	Enabled bool `mapstructure:"enabled"`
	// Table is the name of the table, with or without a schema, in SQL syntax.
	Table string `mapstructure:"table"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// TelemetryConfig configures the internal metrics.
type TelemetryConfig struct {
	// MaxNamespaces is the maximum number of distinct namespaces. Configured and registered ones count towards it, but are never
	// left out.
	MaxNamespaces int `mapstructure:"max_namespaces"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{
		Namespace: NamespaceConfig{
			Attributes: []string{"namespace"}, MissingValues: []string{"", "unknown"}, Inherit: true,
		},
		SampleRate: 1,
		Tracing: TracingConfig{
			Enabled: true, Sampler: ParentBased, Mode: Equalizing, SamplingPrecision: 4,
			TraceMemory: TraceMemoryConfig{MaxTraces: 100_000, TTL: time.Minute}, Hold: HoldConfig{MaxSpans: 100_000},
		},
		Metrics: MetricsConfig{
			Enabled: true, Detailed: DetailedConfig{Enabled: true}, By: BySeries, Exemplars: ExemplarsKeep,
			Remainder: RemainderConfig{MaxSeries: 10_000, MaxTracked: 1_000_000},
		},
		Logs:    LogsConfig{Enabled: true},
		Budgets: BudgetsConfig{Interval: 10 * time.Second, MinSampleRate: 0.0001, InitialSampleRate: 1},
		Postgres: configoptional.Default(PostgresConfig{
			Layout:         LayoutTasker,
			MaxConnections: 4,
			Wait:           200 * time.Millisecond,
			QueryTimeout:   2 * time.Second,
			OnFailure:      OnFailureGlobalRate,
			Cache: CacheConfig{
				MaxEntries: 500_000, TTL: 24 * time.Hour, RefreshAfter: time.Hour, NegativeTTL: 10 * time.Second,
			},
			CircuitBreaker: CircuitBreakerConfig{Failures: 5, Cooldown: 5 * time.Second},
			Registry:       RegistryConfig{Interval: time.Minute},
			Overrides: RuntimeOverridesConfig{
				Table: "public.namespace_sampling_overrides", Interval: 10 * time.Second, Channel: "namespace_sampling_overrides",
			},
			Fleet: FleetConfig{Table: "public.namespace_sampling_fleet"},
		}),
		Inspect:   configoptional.Default(InspectConfig{ServerConfig: inspect.DefaultHTTP(), AllowedHosts: []string{}}),
		Telemetry: TelemetryConfig{MaxNamespaces: 200},
	}
}
