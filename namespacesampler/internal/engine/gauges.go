// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// observe registers the gauges of what the configuration enables. They are observed when internal metrics are collected.
func (e *Engine) observe() error {
	var errs []error
	t := e.telemetry
	if w := e.steering.Overrides; w != nil {
		errs = append(errs,
			t.RegisterProcessorNamespaceSamplerOverridesAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
				o.Observe(w.Age().Seconds())
				return nil
			}),
			t.RegisterProcessorNamespaceSamplerOverridesRejectedCallback(func(_ context.Context, o metric.Int64Observer) error {
				o.Observe(int64(len(w.State().Rejected)))
				return nil
			}),
			t.RegisterProcessorNamespaceSamplerOverridesInForceCallback(e.observeOverrides))
	}
	if w := e.steering.Fleet; w != nil {
		errs = append(errs,
			t.RegisterProcessorNamespaceSamplerFleetAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
				o.Observe(w.Age().Seconds())
				return nil
			}),
			t.RegisterProcessorNamespaceSamplerFleetCollectorsCallback(func(_ context.Context, o metric.Int64Observer) error {
				o.Observe(int64(w.State().Collectors))
				return nil
			}))
	}
	if w := e.steering.Registry; w != nil {
		errs = append(errs, t.RegisterProcessorNamespaceSamplerRegisteredNamespacesOnGlobalRateCallback(
			func(_ context.Context, o metric.Int64Observer) error {
				counts, _ := w.OnGlobalRate()
				for s, n := range counts {
					o.Observe(n, signalOptions[s])
				}
				return nil
			}))
	}
	errs = append(errs, e.observeSampleRates(), e.observeBudgets(), e.observeRemainder())
	if _, _, ok := e.spans.Held(); ok {
		errs = append(errs, t.RegisterProcessorNamespaceSamplerHeldSpansCallback(func(_ context.Context, o metric.Int64Observer) error {
			now, _, _ := e.spans.Held()
			o.Observe(now)
			return nil
		}))
	}
	return errors.Join(errs...)
}

// observeLookups registers the gauge of refused lookups. It is called once the database is open: before, nothing is known of them.
func (e *Engine) observeLookups(db *postgres.DB) error {
	return e.telemetry.RegisterProcessorNamespaceSamplerLookupRefusedCallback(func(_ context.Context, o metric.Int64Observer) error {
		for _, lookup := range db.Lookups() {
			var refused int64
			if !lookup.RefusedSince.IsZero() {
				refused = 1
			}
			o.Observe(refused, metric.WithAttributeSet(attribute.NewSet(attribute.String("lookup", lookup.Attribute))))
		}
		return nil
	})
}

func (e *Engine) observeOverrides(_ context.Context, o metric.Int64Observer) error {
	counts := map[rate.Signal]int64{}
	for _, override := range e.steering.Rates.InForce().Overrides {
		if override.Source == rate.RuntimeOverride {
			counts[override.Signal]++
		}
	}
	for s, option := range signalOptions {
		o.Observe(counts[s], option)
	}
	return nil
}

// signalOptions are the attribute sets of signals.
var signalOptions = func() map[rate.Signal]metric.ObserveOption {
	options := map[rate.Signal]metric.ObserveOption{}
	for _, s := range append([]rate.Signal{rate.All}, rate.Signals...) {
		options[s] = metric.WithAttributeSet(attribute.NewSet(attribute.String("signal", string(s))))
	}
	return options
}()
