// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlmetric"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// runtime is what the instances of one configuration share.
type runtime struct {
	cfg       *Config
	id        component.ID
	settings  component.TelemetrySettings
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	health    *health
	labels    *labels

	rates   *rates
	reader  *namespace.Reader
	queries []postgres.Query

	memory     *tracememory.Memory[traceRate] // nil for trace_id_ratio
	alwaysKeep *condition.Set[*ottlspan.TransformContext]
	internal   *condition.Set[*ottlspan.TransformContext]
	detailed   *condition.Set[*ottlmetric.TransformContext]

	steering *steering

	// Nil without a postgres section, and before start.
	db       *postgres.DB
	resolver *namespace.Resolver
	// Nil without an inspect section, and before start.
	server *inspect.Server
}

// newRuntime makes all that needs no resources; start does the rest.
func newRuntime(set processor.Settings, cfg *Config) (*runtime, error) {
	rates, err := newRates(cfg, set.Logger)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}

	var layout postgres.Layout
	if cfg.Postgres.HasValue() {
		layout = cfg.Postgres.Get().layout()
	}
	rt := &runtime{
		cfg:       cfg,
		id:        set.ID,
		settings:  set.TelemetrySettings,
		logger:    set.Logger,
		telemetry: telemetry,
		health:    newHealth(set.Logger),
		labels:    newLabels(cfg.Telemetry.MaxNamespaces, rates.inForce().names()...),
		rates:     rates,
		reader:    namespace.NewReader(cfg.Namespace.Attributes, cfg.Namespace.MissingValues, layout.Lookups),
		queries:   layout.Queries,
	}
	if rt.steering, err = newSteering(rt); err != nil {
		return nil, fmt.Errorf("postgres::overrides: %w", err)
	}
	return rt, errors.Join(rt.prepareSpans(), rt.preparePoints(), rt.observe())
}

// preparePoints makes what only data points need.
func (rt *runtime) preparePoints() (err error) {
	const key = "metrics::detailed::match"
	rt.detailed, err = condition.Metrics(key, rt.cfg.Metrics.Detailed.Match, rt.conditionFailed(key))
	return err
}

// prepareSpans makes what only spans need.
func (rt *runtime) prepareSpans() (err error) {
	tracing := &rt.cfg.Tracing
	if tracing.Sampler == ParentBased {
		rt.memory, err = tracememory.New[traceRate](tracememory.Config{
			MaxTraces: tracing.TraceMemory.MaxTraces, TTL: tracing.TraceMemory.TTL,
		})
		if err != nil {
			return fmt.Errorf("tracing::trace_memory: %w", err)
		}
	}
	const keepKey, internalKey = "tracing::always_keep", "spans::internal::match"
	if rt.alwaysKeep, err = condition.Spans(keepKey, tracing.AlwaysKeep, rt.conditionFailed(keepKey)); err != nil {
		return err
	}
	rt.internal, err = condition.Spans(internalKey, rt.cfg.Spans.Internal.Match, rt.conditionFailed(internalKey))
	return err
}

// shortened cuts a message that may hold values of the telemetry.
func shortened(message string) string {
	const most = 256
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}

// conditionFailed returns what counts the conditions of a key that cannot be evaluated, and says so once for each.
func (rt *runtime) conditionFailed(key string) func(condition.Failure) {
	return func(f condition.Failure) {
		name := fmt.Sprintf("%s::%d", key, f.Index)
		rt.telemetry.ProcessorNamespaceSamplerConditionErrors.Add(context.Background(), 1,
			metric.WithAttributeSet(attribute.NewSet(attribute.String("condition", name))))
		if f.First {
			rt.logger.Warn("a condition could not be evaluated: it counts as not matching; further errors of it are only counted",
				zap.String("condition", name), zap.String("error", shortened(f.Err.Error())))
		}
	}
}

// onFailure says what becomes of items without a namespace while Postgres cannot be asked.
func (rt *runtime) onFailure() OnFailure {
	if !rt.cfg.Postgres.HasValue() {
		return OnFailureGlobalRate
	}
	return rt.cfg.Postgres.Get().OnFailure
}

// layout returns the lookups that are in force.
func (c *PostgresConfig) layout() postgres.Layout {
	switch {
	case len(c.Lookups) > 0:
		custom := make([]postgres.CustomLookup, len(c.Lookups))
		for i, l := range c.Lookups {
			custom[i] = postgres.CustomLookup{Attribute: l.Attribute, Query: l.Query}
		}
		return postgres.Custom(custom)
	case c.Layout == LayoutTaskerLegacy:
		return postgres.TaskerLegacy()
	case c.Layout == LayoutTasker:
		return postgres.Tasker()
	}
	return postgres.Layout{}
}

// start starts the resolution of namespaces, and the server. It succeeds with the database down (C7).
func (rt *runtime) start(ctx context.Context, host component.Host) error {
	rt.announce()
	rt.rates.start()
	if rt.cfg.Postgres.HasValue() {
		if err := rt.startResolver(); err != nil {
			return err
		}
	}
	if rt.cfg.Inspect.HasValue() {
		var err error
		if rt.server, err = inspect.Start(ctx, *rt.cfg.Inspect.Get(), newInspection(rt), host.GetExtensions(), rt.settings); err != nil {
			return fmt.Errorf("inspect: %w", err)
		}
	}
	return nil
}

func (rt *runtime) startResolver() error {
	cfg := rt.cfg.Postgres.Get()
	db, err := postgres.Open(postgres.Config{
		Pool: postgres.PoolConfig{
			DSN:            string(cfg.DSN),
			MaxConnections: int32(cfg.MaxConnections), //nolint:gosec // at most 1,000
			ConnectTimeout: cfg.QueryTimeout,
		},
		Queries:  rt.queries,
		Cooldown: cfg.CircuitBreaker.Cooldown,
		Logger:   rt.logger,
		Telemetry: postgres.Telemetry{
			Tracer: rt.settings.TracerProvider, Meter: rt.settings.MeterProvider, Pool: rt.id.String(),
		},
	})
	if err != nil {
		return fmt.Errorf("postgres::dsn: %w", err)
	}
	resolver, err := namespace.NewResolver(namespace.ResolverConfig{
		Cache: namespace.CacheConfig{
			MaxEntries: cfg.Cache.MaxEntries, TTL: cfg.Cache.TTL, NegativeTTL: cfg.Cache.NegativeTTL,
			RefreshAfter: cfg.Cache.RefreshAfter,
		},
		Breaker: namespace.BreakerConfig{
			Failures: cfg.CircuitBreaker.Failures, Cooldown: cfg.CircuitBreaker.Cooldown, Changed: rt.breakerChanged,
		},
		Wait:        cfg.Wait,
		LoadTimeout: cfg.QueryTimeout,
		MaxLoads:    cfg.MaxConnections,
		Loaded:      rt.loaded,
	}, db)
	if err != nil {
		return errors.Join(err, db.Close(context.Background()))
	}
	rt.db, rt.resolver = db, resolver
	rt.telemetry.ProcessorNamespaceSamplerCircuitBreakerState.Record(context.Background(), int64(namespace.Closed))
	rt.steering.start(db)
	return nil
}

// shutdown ends the server and the loads that are under way, then closes the connections.
func (rt *runtime) shutdown(ctx context.Context) (err error) {
	defer rt.telemetry.Shutdown()
	rt.rates.stop()
	if rt.server != nil {
		err = rt.server.Close(ctx)
	}
	if rt.resolver != nil {
		err = errors.Join(err, rt.steering.stop(ctx), rt.resolver.Close(ctx), rt.db.Close(ctx))
	}
	return err
}

// loaded counts a load and judges by it whether Postgres can be asked.
func (rt *runtime) loaded(l namespace.Load) {
	ctx := context.Background()
	rt.telemetry.ProcessorNamespaceSamplerLookupRoundTrips.Add(ctx, int64(l.RoundTrips))
	if l.Late > 0 {
		rt.telemetry.ProcessorNamespaceSamplerLookupLateKeys.Add(ctx, int64(l.Late))
	}
	if l.RoundTrips > 0 || l.Err != nil {
		rt.telemetry.ProcessorNamespaceSamplerLookupDuration.Record(ctx, l.Duration.Seconds())
		rt.health.asked(l.Err)
	}
}

// breakerChanged counts a change of the circuit breaker, and says so.
func (rt *runtime) breakerChanged(state namespace.BreakerState) {
	ctx := context.Background()
	rt.telemetry.ProcessorNamespaceSamplerCircuitBreakerChanges.Add(ctx, 1, stateOption(state.String()))
	rt.telemetry.ProcessorNamespaceSamplerCircuitBreakerState.Record(ctx, int64(state))
	rt.health.breakerChanged(state)
}

// announce logs what is in force, and what is probably a mistake.
func (rt *runtime) announce() {
	cfg, rates := rt.cfg, rt.rates.inForce()
	fields := []zap.Field{
		zap.Strings("namespace_attributes", cfg.Namespace.Attributes),
		zap.String("sampler", string(cfg.Tracing.Sampler)),
		zap.String("mode", string(cfg.Tracing.Mode)),
		zap.Float64("spans_global_rate", rates.spans.Global().Probability),
		zap.Any("spans_overrides", rates.spans.Overrides()),
		zap.Float64("datapoints_global_rate", rates.points.Global().Probability),
		zap.Any("datapoints_overrides", rates.points.Overrides()),
		zap.Any("overrides_end", rates.ends()),
		zap.Int("detailed_match", len(cfg.Metrics.Detailed.Match)),
		zap.String("datapoints_by", string(cfg.Metrics.By)),
		zap.Bool("rescale_delta", cfg.Metrics.RescaleDelta),
		zap.String("exemplars", string(cfg.Metrics.Exemplars)),
		zap.Int("always_keep", len(cfg.Tracing.AlwaysKeep)),
		zap.Bool("honor_priority", cfg.Tracing.HonorPriority),
		zap.Bool("drops_internal_spans", rt.dropsInternal()),
		zap.Bool("dry_run", cfg.DryRun),
		zap.Bool("resolves_from_postgres", cfg.Postgres.HasValue()),
	}
	if cfg.Postgres.HasValue() {
		pg := cfg.Postgres.Get()
		fields = append(fields, zap.String("layout", string(pg.Layout)), zap.Int("custom_lookups", len(pg.Lookups)),
			zap.Duration("wait", pg.Wait), zap.String("on_failure", string(pg.OnFailure)),
			zap.Bool("runtime_overrides", pg.Overrides.Enabled))
	}
	if over := rt.rates.over(time.Now()); len(over) > 0 {
		fields = append(fields, zap.Strings("overrides_over", over))
	}
	rt.logger.Info("sampling by namespace", fields...)
	if cfg.DryRun {
		rt.logger.Warn("dry_run is true: nothing is dropped or changed, what would be is only counted")
		return
	}
	failureKeeps := rt.onFailure() == OnFailureKeep
	switch {
	case !cfg.Tracing.Enabled:
		rt.logger.Warn("tracing::enabled is false: no spans leave this processor")
	case rates.spans.Most().IsNever() && !failureKeeps && len(cfg.Tracing.AlwaysKeep) == 0 && !cfg.Tracing.HonorPriority:
		rt.logger.Warn("every rate for spans is 0: no spans leave this processor")
	}
	switch {
	case !cfg.Metrics.Enabled:
		rt.logger.Warn("metrics::enabled is false: no data points leave this processor")
	case rates.points.Most().IsNever() && !failureKeeps:
		rt.logger.Warn("every rate for data points is 0: no detailed metrics leave this processor")
	}
}

// newSpanSampler returns the sampler of spans.
func (rt *runtime) newSpanSampler() decision.SpanSampler {
	return decision.NewSpanSampler(rt.cfg.Tracing.Mode, rt.cfg.Tracing.SamplingPrecision)
}
