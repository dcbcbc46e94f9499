// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
)

// Config is the configuration of the processor.
type Config struct {
	// Namespace says where the namespace of an item is found.
	Namespace NamespaceConfig `mapstructure:"namespace"`
	// SampleRate is the global rate, 0 to 1.
	SampleRate float64 `mapstructure:"sample_rate"`
	// Namespaces are overrides for every signal.
	Namespaces Overrides `mapstructure:"namespaces"`
	// Tracing is about spans.
	Tracing TracingConfig `mapstructure:"tracing"`
	// Spans is about spans of a kind.
	Spans SpansConfig `mapstructure:"spans"`
	// Metrics is about data points.
	Metrics MetricsConfig `mapstructure:"metrics"`
	// DryRun decides and counts, drops nothing, and changes nothing.
	DryRun bool `mapstructure:"dry_run"`
	// Postgres resolves namespaces that are missing; without it the attributes alone decide.
	Postgres configoptional.Optional[PostgresConfig] `mapstructure:"postgres"`
	// Inspect is where to see what the processor does, over HTTP; without it there is no server.
	Inspect configoptional.Optional[confighttp.ServerConfig] `mapstructure:"inspect"`
	// Telemetry is about the processor's own metrics.
	Telemetry TelemetryConfig `mapstructure:"telemetry"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// NamespaceConfig says where the namespace of an item is found.
type NamespaceConfig struct {
	// Attributes are tried in order, each on the item, then its scope, then its resource. Resolved namespaces are
	// written to the first.
	Attributes []string `mapstructure:"attributes"`
	// MissingValues are values that count as absent.
	MissingValues []string `mapstructure:"missing_values"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// TracingConfig is about spans.
type TracingConfig struct {
	// Enabled false lets no spans leave.
	Enabled bool `mapstructure:"enabled"`
	// Sampler is parent_based or trace_id_ratio.
	Sampler Sampler `mapstructure:"sampler"`
	// Mode is equalizing or proportional.
	Mode decision.Mode `mapstructure:"mode"`
	// SamplingPrecision is the number of hexadecimal digits of thresholds, 1 to 14.
	SamplingPrecision int `mapstructure:"sampling_precision"`
	// SampleRate is the global rate for spans, in place of the one for all signals.
	SampleRate *float64 `mapstructure:"sample_rate"`
	// Namespaces are overrides for spans; they win over those for all signals.
	Namespaces Overrides `mapstructure:"namespaces"`
	// AlwaysKeep are OTTL conditions on spans: what any of them matches is kept at any rate.
	AlwaysKeep Conditions `mapstructure:"always_keep"`
	// HonorPriority lets spans ask for a decision by their sampling.priority attribute.
	HonorPriority bool `mapstructure:"honor_priority"`
	// TraceMemory bounds the memory of the rates of traces; for parent_based.
	TraceMemory TraceMemoryConfig `mapstructure:"trace_memory"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Conditions are OTTL conditions: an item that any of them matches, matches.
type Conditions []string

// Sampler says what the unit of span sampling is.
type Sampler string

const (
	// ParentBased decides all spans of a trace by one rate.
	ParentBased Sampler = "parent_based"
	// TraceIDRatio decides each span by its own namespace's rate.
	TraceIDRatio Sampler = "trace_id_ratio"
)

// TraceMemoryConfig bounds the memory of the rates of traces.
type TraceMemoryConfig struct {
	// MaxTraces bounds the traces that are remembered.
	MaxTraces int `mapstructure:"max_traces"`
	// TTL is how long a trace is remembered after its last spans.
	TTL time.Duration `mapstructure:"ttl"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SpansConfig is about spans of a kind.
type SpansConfig struct {
	// Internal are spans of internal operations.
	Internal InternalConfig `mapstructure:"internal"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// InternalConfig is about spans of internal operations.
type InternalConfig struct {
	// Enabled false drops them, and gives their children the nearest ancestor that is left for a parent.
	Enabled bool `mapstructure:"enabled"`
	// Match are OTTL conditions on spans: what any of them matches is internal.
	Match Conditions `mapstructure:"match"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// MetricsConfig is about data points.
type MetricsConfig struct {
	// Enabled false lets no data points leave.
	Enabled bool `mapstructure:"enabled"`
	// Detailed are the metrics that rates apply to; others always pass.
	Detailed DetailedConfig `mapstructure:"detailed"`
	// Namespaces are overrides for data points; they win over those for all signals.
	Namespaces Overrides `mapstructure:"namespaces"`
	// By is series or point.
	By By `mapstructure:"by"`
	// RescaleDelta multiplies kept delta points by the inverse of their rate. By point only.
	RescaleDelta bool `mapstructure:"rescale_delta"`
	// Exemplars is keep or sampled.
	Exemplars Exemplars `mapstructure:"exemplars"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DetailedConfig is about the metrics that rates apply to.
type DetailedConfig struct {
	// Enabled false means rate 0 for namespaces without an override.
	Enabled bool `mapstructure:"enabled"`
	// SampleRate is the global rate for data points, in place of the one for all signals.
	SampleRate *float64 `mapstructure:"sample_rate"`
	// Match are OTTL conditions on metrics: what none of them matches always passes. Without conditions all metrics match.
	Match Conditions `mapstructure:"match"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// By says what the unit of metric sampling is.
type By string

// Units of metric sampling: series are kept whole or dropped whole, or every point is drawn by itself.
const (
	BySeries By = "series"
	ByPoint  By = "point"
)

// Exemplars says what becomes of the exemplars of kept points.
type Exemplars string

// What becomes of exemplars: all stay, or those go whose trace the rates for spans would drop.
const (
	ExemplarsKeep    Exemplars = "keep"
	ExemplarsSampled Exemplars = "sampled"
)

// PostgresConfig is about the resolution of namespaces.
type PostgresConfig struct {
	// DSN is a connection URL or keyword string of pgx.
	DSN configopaque.String `mapstructure:"dsn"`
	// Layout is tasker, tasker_legacy or none.
	Layout Layout `mapstructure:"layout"`
	// Lookups stand in place of the layout's, in order.
	Lookups []LookupConfig `mapstructure:"lookups"`
	// MaxConnections bounds the pool.
	MaxConnections int `mapstructure:"max_connections"`
	// Wait is the longest that one batch waits for lookups; 0 means never.
	Wait time.Duration `mapstructure:"wait"`
	// QueryTimeout bounds a round trip, connecting included.
	QueryTimeout time.Duration `mapstructure:"query_timeout"`
	// OnFailure is for items still without a namespace because Postgres could not be asked.
	OnFailure OnFailure `mapstructure:"on_failure"`
	// Cache bounds the cache of resolved keys.
	Cache CacheConfig `mapstructure:"cache"`
	// CircuitBreaker keeps batches from waiting while Postgres cannot be asked.
	CircuitBreaker CircuitBreakerConfig `mapstructure:"circuit_breaker"`
	// Registry is about the namespaces that are registered.
	Registry RegistryConfig `mapstructure:"registry"`
	// Overrides are overrides for the whole fleet while it runs.
	Overrides RuntimeOverridesConfig `mapstructure:"overrides"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Layout names a set of attributes with the queries that resolve them.
type Layout string

// Layouts.
const (
	LayoutTasker       Layout = "tasker"
	LayoutTaskerLegacy Layout = "tasker_legacy"
	LayoutNone         Layout = "none"
)

// LookupConfig is an attribute whose value a query resolves.
type LookupConfig struct {
	// Attribute is looked for on the item, then its resource.
	Attribute string `mapstructure:"attribute"`
	// Query takes one text[] parameter, the keys, and returns rows (key text, namespace text).
	Query string `mapstructure:"query"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// OnFailure says what becomes of items without a namespace while Postgres cannot be asked.
type OnFailure string

// What becomes of such items: the global rate decides, all are kept, all are dropped.
const (
	OnFailureGlobalRate OnFailure = "global_rate"
	OnFailureKeep       OnFailure = "keep"
	OnFailureDrop       OnFailure = "drop"
)

// CacheConfig bounds the cache of resolved keys.
type CacheConfig struct {
	// MaxEntries bounds the entries.
	MaxEntries int `mapstructure:"max_entries"`
	// TTL is how long a resolved key is believed.
	TTL time.Duration `mapstructure:"ttl"`
	// RefreshAfter is the age from which a resolved key is asked for again, behind the batches that it is served to; 0, and
	// TTL or more, mean never.
	RefreshAfter time.Duration `mapstructure:"refresh_after"`
	// NegativeTTL is how long a key that Postgres does not know is not asked for again.
	NegativeTTL time.Duration `mapstructure:"negative_ttl"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// CircuitBreakerConfig is about what happens while Postgres cannot be asked.
type CircuitBreakerConfig struct {
	// Failures is how many loads of keys in a row have to fail for it to open: then nothing waits and nothing is asked.
	Failures int `mapstructure:"failures"`
	// Cooldown is how long it stays open before one load tries again; and how long a lookup rests that the server refuses.
	Cooldown time.Duration `mapstructure:"cooldown"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RegistryConfig is about the namespaces that are registered: those in the layout's table of namespaces. Custom lookups have none.
type RegistryConfig struct {
	// Interval is how often they are read; 0 means never.
	Interval time.Duration `mapstructure:"interval"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RuntimeOverridesConfig is about overrides in a table that every collector of a fleet reads.
type RuntimeOverridesConfig struct {
	// Enabled has them read.
	Enabled bool `mapstructure:"enabled"`
	// Table is their table, with its schema or without, as SQL writes it.
	Table string `mapstructure:"table"`
	// Interval is how often they are read.
	Interval time.Duration `mapstructure:"interval"`
	// Channel is where notifications of changes come, which have them read at once.
	Channel string `mapstructure:"channel"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// TelemetryConfig is about the processor's own metrics.
type TelemetryConfig struct {
	// MaxNamespaces bounds the distinct namespaces in them; configured and registered ones always have a place.
	MaxNamespaces int `mapstructure:"max_namespaces"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{
		Namespace:  NamespaceConfig{Attributes: []string{"namespace"}, MissingValues: []string{"", "unknown"}},
		SampleRate: 1,
		Tracing: TracingConfig{
			Enabled: true, Sampler: ParentBased, Mode: decision.Equalizing, SamplingPrecision: 4,
			TraceMemory: TraceMemoryConfig{MaxTraces: 100_000, TTL: time.Minute},
		},
		Metrics: MetricsConfig{
			Enabled: true, Detailed: DetailedConfig{Enabled: true}, By: BySeries, Exemplars: ExemplarsKeep,
		},
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
		}),
		Inspect:   configoptional.Default(inspect.DefaultServerConfig()),
		Telemetry: TelemetryConfig{MaxNamespaces: 200},
	}
}
