// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Metrics of the pool. They have the names of otelpgx.RecordStats, which measures durations in nanoseconds without naming the
// unit, and cannot be stopped.
var (
	poolCounters = map[string]func(*pgxpool.Stat) int64{
		"pgxpool.acquires":              (*pgxpool.Stat).AcquireCount,
		"pgxpool.canceled_acquires":     (*pgxpool.Stat).CanceledAcquireCount,
		"pgxpool.empty_acquire":         (*pgxpool.Stat).EmptyAcquireCount,
		"pgxpool.max_lifetime_destroys": (*pgxpool.Stat).MaxLifetimeDestroyCount,
		"pgxpool.new_connections":       (*pgxpool.Stat).NewConnsCount,
	}
	poolGauges = map[string]func(*pgxpool.Stat) int32{
		"pgxpool.acquired_connections":     (*pgxpool.Stat).AcquiredConns,
		"pgxpool.constructing_connections": (*pgxpool.Stat).ConstructingConns,
		"pgxpool.idle_connections":         (*pgxpool.Stat).IdleConns,
		"pgxpool.max_connections":          (*pgxpool.Stat).MaxConns,
		"pgxpool.total_connections":        (*pgxpool.Stat).TotalConns,
	}
)

// observePool registers the metrics of the pool, until stop is called. The pool is named in place of host, port and database.
func (db *DB) observePool(t Telemetry) (stop func() error, err error) {
	meter := t.Meter.Meter(scope)
	var errs []error
	var instruments []metric.Observable
	var observations []func(metric.Observer, *pgxpool.Stat)
	named := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("db.client.connection.pool.name", t.Pool), attribute.String("db.system.name", "postgresql")))

	for name, value := range poolCounters {
		counter, err := meter.Int64ObservableCounter(name)
		errs, instruments = append(errs, err), append(instruments, counter)
		observations = append(observations, func(o metric.Observer, s *pgxpool.Stat) { o.ObserveInt64(counter, value(s), named) })
	}
	for name, value := range poolGauges {
		gauge, err := meter.Int64ObservableUpDownCounter(name)
		errs, instruments = append(errs, err), append(instruments, gauge)
		observations = append(observations, func(o metric.Observer, s *pgxpool.Stat) { o.ObserveInt64(gauge, int64(value(s)), named) })
	}
	wait, err := meter.Float64ObservableCounter("pgxpool.acquire_duration", metric.WithUnit("s"),
		metric.WithDescription("Total time that successful acquires of a connection took."))
	errs, instruments = append(errs, err), append(instruments, wait)
	idleCloses, err := meter.Int64ObservableCounter("pgxpool.max_idle_destroys")
	errs, instruments = append(errs, err), append(instruments, idleCloses)

	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stat := db.pool.Stat()
		for _, observe := range observations {
			observe(o, stat)
		}
		o.ObserveFloat64(wait, stat.AcquireDuration().Seconds(), named)
		o.ObserveInt64(idleCloses, stat.MaxIdleDestroyCount()+db.idleCloses.Load(), named)
		return nil
	}, instruments...)
	if err := errors.Join(append(errs, err)...); err != nil {
		return func() error { return nil }, err
	}
	return registration.Unregister, nil
}
