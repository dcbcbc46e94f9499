// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// observePool has the pool's figures observed until stop is called. The name stands in place of host, port and database.
func observePool(pool *pgxpool.Pool, t Telemetry) (stop func() error, err error) {
	var all registrations
	err = otelpgx.RecordStats(pool,
		otelpgx.WithStatsMeterProvider(registrar{t.Meter, &all}),
		otelpgx.WithStatsAttributes(attribute.String("db.client.connection.pool.name", t.Pool)),
	)
	return all.unregister, err
}

// registrations are what otelpgx registers and never takes back: a pool that is closed is not to be observed.
type registrations []metric.Registration

func (r *registrations) unregister() error {
	var errs []error
	for _, one := range *r {
		errs = append(errs, one.Unregister())
	}
	return errors.Join(errs...)
}

// registrar is a provider that keeps the registrations of callbacks.
type registrar struct {
	metric.MeterProvider
	all *registrations
}

func (r registrar) Meter(name string, options ...metric.MeterOption) metric.Meter {
	return registeringMeter{r.MeterProvider.Meter(name, options...), r.all}
}

type registeringMeter struct {
	metric.Meter
	all *registrations
}

func (m registeringMeter) RegisterCallback(f metric.Callback, of ...metric.Observable) (metric.Registration, error) {
	registration, err := m.Meter.RegisterCallback(f, of...)
	if err == nil {
		*m.all = append(*m.all, registration)
	}
	return registration, err
}
