// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/logs"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/points"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spans"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// Config is a valid configuration of the processor, in the terms of the packages that it is for.
type Config struct {
	// Attributes carry the namespace; MissingValues count as absent.
	Attributes, MissingValues []string
	// WriteTo is the attribute that resolved namespaces are written to.
	WriteTo string
	// ConsistentBy are the attributes whose value is the group of an item.
	ConsistentBy []string
	OnFailure    batch.OnFailure
	DryRun       bool
	// MaxNamespaces bounds the namespaces in internal metrics.
	MaxNamespaces int

	Rates  steering.RatesConfig
	Spans  spans.Config
	Points points.Config
	Logs   logs.Config
	// Postgres is nil if the attributes alone decide.
	Postgres *PostgresConfig
	// Inspect is nil if there is no HTTP server.
	Inspect *inspect.ServerConfig
	// Shown is the configuration as /config shows it, without rates and overrides.
	Shown inspect.Telemetry
}

// PostgresConfig configures resolution and steering.
type PostgresConfig struct {
	Pool     postgres.PoolConfig
	Layout   postgres.Layout
	Cache    namespace.CacheConfig
	Failures int
	Cooldown time.Duration
	// Wait is the longest that a batch waits for lookups. QueryTimeout bounds a round trip.
	Wait, QueryTimeout time.Duration
	Overrides          *steering.OverridesConfig // nil unless enabled
	Registry           *steering.RegistryConfig  // nil unless there is one
	Fleet              *steering.FleetConfig     // nil unless budgets are shared; without component and collector
}
