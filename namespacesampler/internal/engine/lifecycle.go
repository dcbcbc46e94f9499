// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

// AddHost adds the host of an instance, to which the status of the component is reported.
func (e *Engine) AddHost(host component.Host) { e.health.addHost(host) }

// Start starts resolution, steering and the HTTP server. It succeeds while the database is down (C7).
func (e *Engine) Start(ctx context.Context, host component.Host) error {
	e.announce()
	_, e.isReloaded = started.LoadOrStore(e.id, struct{}{})
	e.steering.Start()
	if e.cfg.Postgres != nil {
		if err := e.startPostgres(e.cfg.Postgres); err != nil {
			return err
		}
	}
	if e.cfg.Inspect == nil {
		return nil
	}
	if err := e.startServer(ctx, host); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	return nil
}

// startServer starts the HTTP server, and remembers what is counted for it.
func (e *Engine) startServer(ctx context.Context, host component.Host) error {
	recently := recent.New(e.common.Labels, e.problems)
	counting, stop := context.WithCancel(context.Background())
	e.stopCounting = stop
	e.counting.Go(func() { recently.Run(counting) })
	var err error
	e.server, err = inspect.Start(ctx, *e.cfg.Inspect, e.view(recently), host.GetExtensions(), e.settings)
	return err
}

func (e *Engine) startPostgres(cfg *PostgresConfig) error {
	db, err := postgres.Open(postgres.Config{
		Pool:         cfg.Pool,
		Queries:      cfg.Layout.Queries,
		Cooldown:     cfg.Cooldown,
		QueryTimeout: cfg.QueryTimeout,
		Logger:       e.logger,
		Telemetry: postgres.Telemetry{
			Tracer: e.settings.TracerProvider, Meter: e.settings.MeterProvider, Pool: e.id.String(),
		},
		GroupOf: e.groupOf(),
		Ignored: e.ignoredNames,
	})
	if err != nil {
		return fmt.Errorf("postgres::dsn: %w", err)
	}
	resolver, err := namespace.NewResolver(namespace.ResolverConfig{
		Cache:       cfg.Cache,
		Breaker:     namespace.BreakerConfig{Failures: cfg.Failures, Cooldown: cfg.Cooldown, Changed: e.breakerChanged},
		Wait:        cfg.Wait,
		LoadTimeout: cfg.QueryTimeout,
		MaxLoads:    int(cfg.Pool.MaxConnections),
		Loaded:      e.loaded,
	}, db)
	if err != nil {
		return errors.Join(err, db.Close(context.Background()))
	}
	e.db, e.common.Resolver = db, resolver
	e.telemetry.ProcessorNamespaceSamplerCircuitBreakerState.Record(context.Background(), int64(namespace.Closed))
	e.steering.Watch(db)
	return e.observeLookups(db)
}

// groupOf returns what makes groups of the keys that queries return, or nil if items have no groups.
func (e *Engine) groupOf() func(key string) group.Group {
	if !e.common.Groups.IsActive() {
		return nil
	}
	return e.common.Groups.Of
}

// shutdownTimeout bounds Shutdown. It is well below the time that containers get to stop, most of which other components need to send
// what they hold.
const shutdownTimeout = 3 * time.Second

// Shutdown stops what Start started, within ctx and shutdownTimeout. It may be called without Start. Whatever has not stopped by then is
// logged. It is not returned as an error: the collector would exit because of it when it reloads its configuration.
func (e *Engine) Shutdown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	stopped := make(chan error, 2)
	go func() { // beside the rest, since its clients may delay it
		if e.server != nil {
			e.server.Close(ctx)
		}
		stopped <- nil
	}()
	go func() { stopped <- e.stop(ctx) }()
	var err error
	for range cap(stopped) {
		select {
		case one := <-stopped:
			err = errors.Join(err, one)
		case <-ctx.Done():
			if err == nil {
				err = ctx.Err()
			}
		}
	}
	if err != nil {
		e.logger.Warn("background work did not stop within the shutdown timeout", zap.Error(err))
	}
}

// stop stops everything but the server.
func (e *Engine) stop(ctx context.Context) error {
	defer e.telemetry.Shutdown() // waits for metrics that are being collected
	if e.stopCounting != nil {
		e.stopCounting()
		e.counting.Wait()
	}
	err := e.steering.Stop(ctx)
	if e.db != nil {
		err = errors.Join(err, e.common.Resolver.Close(ctx), e.db.Close(ctx))
	}
	return err
}

// loaded counts a load of keys, and takes its result for the health of Postgres.
func (e *Engine) loaded(l namespace.Load) {
	ctx := context.Background()
	e.telemetry.ProcessorNamespaceSamplerLookupRoundTrips.Add(ctx, int64(l.RoundTrips))
	if l.Late > 0 {
		e.telemetry.ProcessorNamespaceSamplerLookupLateKeys.Add(ctx, int64(l.Late))
		e.common.Problems.Add(problems.LateKeys, int64(l.Late))
	}
	if l.RoundTrips > 0 || l.Err != nil {
		e.telemetry.ProcessorNamespaceSamplerLookupDuration.Record(ctx, l.Duration.Seconds())
		e.health.lookedUp(l.Err)
	}
}

// ignoredNames counts keys and namespaces in Postgres that are not valid UTF-8 or too long.
func (e *Engine) ignoredNames(why problems.Kind, n int) {
	reason := "invalid_utf8"
	if why == problems.LongNames {
		reason = "too_long"
	}
	e.common.Problems.Add(why, int64(n))
	e.telemetry.ProcessorNamespaceSamplerUnreadableNames.Add(context.Background(), int64(n),
		metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", reason))))
}

// breakerChanged counts and logs a change of the circuit breaker.
func (e *Engine) breakerChanged(state namespace.BreakerState) {
	ctx := context.Background()
	e.telemetry.ProcessorNamespaceSamplerCircuitBreakerChanges.Add(ctx, 1,
		metric.WithAttributeSet(attribute.NewSet(attribute.String("state", state.String()))))
	e.telemetry.ProcessorNamespaceSamplerCircuitBreakerState.Record(ctx, int64(state))
	e.health.breakerChanged(state)
}
