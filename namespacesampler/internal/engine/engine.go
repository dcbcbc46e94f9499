// SPDX-License-Identifier: Apache-2.0

// Package engine is what the instances of one configuration share (C2): rates, the connection to Postgres, the cache, trace memory, internal metrics, and
// the HTTP server. It makes the processors of each signal.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/points"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spans"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Engine runs one configuration.
type Engine struct {
	cfg       Config
	id        component.ID
	settings  component.TelemetrySettings
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder

	health   *health
	steering *steering.Steering
	common   *batch.Common
	spans    spans.Config
	points   points.Config

	// Set by Start, and nil if the configuration has no such section.
	db     *postgres.DB
	server *inspect.Server
}

// New returns an engine that holds no resources before Start. The error reports what is wrong with the configuration.
func New(set processor.Settings, cfg Config) (*Engine, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, id: set.ID, settings: set.TelemetrySettings, logger: set.Logger, telemetry: telemetry, health: newHealth(set.Logger),
	}
	if e.steering, err = steering.New(e.steeringConfig()); err != nil {
		return nil, err
	}
	e.common = &batch.Common{
		Reader:    namespace.NewReader(cfg.Attributes, cfg.MissingValues, cfg.lookups()),
		Labels:    labels.New(cfg.MaxNamespaces, e.steering.Rates.InForce().Names()),
		Telemetry: telemetry,
		OnFailure: cfg.OnFailure,
		DryRun:    cfg.DryRun,
	}
	return e, errors.Join(e.prepareSpans(), e.preparePoints(), e.observe())
}

func (c *Config) lookups() []namespace.Lookup {
	if c.Postgres == nil {
		return nil
	}
	return c.Postgres.Layout.Lookups
}

func (e *Engine) steeringConfig() steering.Config {
	cfg := steering.Config{
		Rates: e.cfg.Rates, Logger: e.logger, Asked: e.health.asked,
		Registered: func(names []string) { e.common.Labels.Reserve(names, labels.MaxRegistered) },
	}
	if pg := e.cfg.Postgres; pg != nil {
		cfg.Overrides, cfg.Registry, cfg.QueryTimeout = pg.Overrides, pg.Registry, pg.QueryTimeout
	}
	return cfg
}

func (e *Engine) prepareSpans() (err error) {
	cfg := &e.cfg.Spans
	e.spans = spans.Config{Enabled: cfg.Enabled, Sampler: cfg.Sampler, HonorPriority: cfg.HonorPriority}
	if cfg.Memory != nil {
		if e.spans.Memory, err = tracememory.New(*cfg.Memory); err != nil {
			return fmt.Errorf("tracing::trace_memory: %w", err)
		}
	}
	if e.spans.AlwaysKeep, err = condition.Spans("tracing::always_keep", cfg.AlwaysKeep, e.conditionFailed); err != nil {
		return err
	}
	e.spans.Internal, err = condition.Spans("spans::internal::match", cfg.DropInternal, e.conditionFailed)
	return err
}

func (e *Engine) preparePoints() (err error) {
	cfg := &e.cfg.Points
	e.points = points.Config{
		Enabled: cfg.Enabled, ByPoint: cfg.ByPoint, RescaleDelta: cfg.RescaleDelta, SampleExemplars: cfg.SampleExemplars,
		TracingEnabled: e.cfg.Spans.Enabled, Memory: e.spans.Memory,
	}
	e.points.Detailed, err = condition.Metrics("metrics::detailed::match", cfg.Detailed, e.conditionFailed)
	return err
}

// NewSpans returns a processor of spans.
func (e *Engine) NewSpans() *spans.Processor { return spans.New(e.spans, e.common, e.steering.Rates) }

// NewPoints returns a processor of data points.
func (e *Engine) NewPoints() *points.Processor {
	return points.New(e.points, e.common, e.steering.Rates)
}

// conditionFailed counts a failed evaluation of a condition, and logs the first one of each condition.
func (e *Engine) conditionFailed(f condition.Failure) {
	e.telemetry.ProcessorNamespaceSamplerConditionErrors.Add(context.Background(), 1,
		metric.WithAttributeSet(attribute.NewSet(attribute.String("condition", f.Key))))
	if f.First {
		e.logger.Warn("a condition could not be evaluated and did not match; further failures are only counted",
			zap.String("condition", f.Key), zap.String("error", truncate(f.Err.Error())))
	}
}

// truncate bounds the length of a message, which may contain values of the telemetry.
func truncate(message string) string {
	const most = 256
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}
