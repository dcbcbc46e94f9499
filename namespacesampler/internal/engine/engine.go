// SPDX-License-Identifier: Apache-2.0

// Package engine holds what the instances of one configuration share (C2): rates, the connection to Postgres, the cache, trace
// memory, internal metrics, and the HTTP server. It makes the processors of each signal.
package engine

import (
	"context"
	"strings"
	"sync"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/logs"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/points"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spans"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// Engine runs one configuration.
type Engine struct {
	cfg       Config
	id        component.ID
	settings  component.TelemetrySettings
	logger    *zap.Logger
	limited   *zap.Logger // for what may be repeated often
	telemetry *metadata.TelemetryBuilder

	health   *health
	steering *steering.Steering
	common   *batch.Common
	spans    *spans.Processor
	points   *points.Processor
	logs     *logs.Processor

	// Set by Start, and nil if the configuration has no such section.
	db           *postgres.DB
	server       *inspect.Server
	isReloaded   bool           // the process has had a processor of this name before
	counting     sync.WaitGroup // samples of what is counted, for the server
	stopCounting context.CancelFunc
}

// New returns an engine that holds no resources before Start. The error reports what is wrong with the configuration.
func New(set processor.Settings, cfg Config) (*Engine, error) {
	set.TelemetrySettings = ofAllInstances(set.TelemetrySettings)
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, id: set.ID, settings: set.TelemetrySettings, logger: set.Logger, limited: limited(set.Logger), telemetry: telemetry,
	}
	e.health = newHealth(set.Logger, cfg.outage(), func() int64 { return e.common.Problems.Of(problems.UnavailableKeys) })
	if e.steering, err = steering.New(e.steeringConfig()); err != nil {
		return nil, err
	}
	e.common = &batch.Common{
		Reader: namespace.NewReader(namespace.ReaderConfig{
			Attributes: cfg.Attributes, MissingValues: cfg.MissingValues, WriteTo: cfg.WriteTo, Lookups: cfg.lookups(),
			Malformed: e.malformedKey,
		}),
		Groups:    group.NewReader(group.Config{Attributes: cfg.ConsistentBy, MissingValues: cfg.MissingValues}),
		Labels:    labels.New(cfg.MaxNamespaces, e.steering.Rates.InForce().Names()),
		Telemetry: telemetry,
		Problems:  &problems.Counts{},
		OnFailure: cfg.OnFailure,
		DryRun:    cfg.DryRun,

		ConditionFailed: e.conditionFailed,
	}
	cfg.Spans.Undelivered, cfg.Spans.Forgotten = e.undelivered, e.forgotten()
	if e.spans, err = spans.New(cfg.Spans, e.common, e.steering.Rates); err != nil {
		return nil, err
	}
	if e.points, err = points.New(cfg.Points, e.common, e.steering.Rates, e.spans.Memory()); err != nil {
		return nil, err
	}
	if e.logs, err = logs.New(cfg.Logs, e.common, e.steering.Rates, e.spans.Memory()); err != nil {
		return nil, err
	}
	return e, e.observe()
}

func (c *Config) lookups() []namespace.Lookup {
	if c.Postgres == nil {
		return nil
	}
	return c.Postgres.Layout.Lookups
}

func (e *Engine) steeringConfig() steering.Config {
	cfg := steering.Config{
		Rates: e.cfg.Rates, Logger: e.logger, Limited: e.limited, Asked: e.health.asked, IsOutage: e.health.isOutage,
		Registered: func(names []string) { e.common.Labels.Reserve(names, labels.MaxRegistered) },
	}
	if pg := e.cfg.Postgres; pg != nil {
		cfg.Overrides, cfg.Registry, cfg.QueryTimeout = pg.Overrides, pg.Registry, pg.QueryTimeout
		if pg.Fleet != nil {
			fleet := *pg.Fleet
			fleet.Fleet.Component, fleet.Fleet.Collector = e.id.String(), uuid.NewString()
			cfg.Fleet = &fleet
		}
	}
	return cfg
}

// Spans returns the processor of spans.
func (e *Engine) Spans() *spans.Processor { return e.spans }

// Points returns the processor of data points.
func (e *Engine) Points() *points.Processor { return e.points }

// Logs returns the processor of log records.
func (e *Engine) Logs() *logs.Processor { return e.logs }

// conditionFailed counts a failed evaluation of a condition, and logs the first one of each condition.
func (e *Engine) conditionFailed(f condition.Failure) {
	e.telemetry.ProcessorNamespaceSamplerConditionErrors.Add(context.Background(), 1,
		metric.WithAttributeSet(attribute.NewSet(attribute.String("condition", f.Key))))
	e.common.Problems.Add(problems.ConditionErrors, 1)
	if f.First {
		e.logger.Warn("a condition could not be evaluated and did not match; further failures are only counted",
			zap.String("condition", f.Key), zap.String("error", truncate(f.Err.Error())))
	}
}

// undelivered counts and logs held spans that the next component did not take.
func (e *Engine) undelivered(spans int, err error) {
	e.telemetry.ProcessorNamespaceSamplerUndeliveredSpans.Add(context.Background(), int64(spans))
	e.common.Problems.Add(problems.UndeliveredSpans, int64(spans))
	e.limited.Error("spans that were held are lost because the next component did not take them",
		zap.Int("spans", spans), zap.String("error", truncate(err.Error())))
}

// forgotten returns what warns of forgotten traces, or nil if none are remembered.
func (e *Engine) forgotten() func(traces int) {
	if e.cfg.Spans.Memory == nil {
		return nil
	}
	return (&forgottenTraces{logger: e.logger, most: e.cfg.Spans.Memory.MaxTraces}).add
}

// malformedKey logs the first malformed key of a lookup attribute.
func (e *Engine) malformedKey(attribute string, reason error) {
	e.logger.Warn("a lookup attribute holds a malformed key, which is not looked up; further ones are only counted",
		zap.String("attribute", attribute), zap.NamedError("reason", reason))
}

// truncate bounds the length of a message, which may contain values of the telemetry.
func truncate(message string) string {
	const most = 256
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}
