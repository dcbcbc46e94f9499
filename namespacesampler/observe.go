// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// observe has the internal metrics that are gauges observed when they are collected, where there is what they are about.
func (rt *runtime) observe() error {
	var errs []error
	if w := rt.steering.overrides; w != nil {
		errs = append(errs,
			rt.telemetry.RegisterProcessorNamespaceSamplerOverridesAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
				o.Observe(w.age().Seconds())
				return nil
			}),
			rt.telemetry.RegisterProcessorNamespaceSamplerOverridesRejectedCallback(func(_ context.Context, o metric.Int64Observer) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				o.Observe(int64(len(w.rejected)))
				return nil
			}),
			rt.telemetry.RegisterProcessorNamespaceSamplerOverridesInForceCallback(rt.observeOverrides))
	}
	if rt.steering.registry != nil {
		errs = append(errs, rt.telemetry.RegisterProcessorNamespaceSamplerRegisteredNamespacesOnGlobalRateCallback(rt.observeRegistry))
	}
	return errors.Join(errs...)
}

// signalOptions are the attribute sets of signals.
var signalOptions = func() map[signal]metric.ObserveOption {
	options := map[signal]metric.ObserveOption{}
	for _, s := range []signal{signalAll, signalTraces, signalMetrics} {
		options[s] = metric.WithAttributeSet(attribute.NewSet(attribute.String("signal", string(s))))
	}
	return options
}()

func (rt *runtime) observeOverrides(_ context.Context, o metric.Int64Observer) error {
	counts := map[signal]int64{}
	for _, override := range rt.rates.inForce().overrides {
		if override.source == rate.RuntimeOverride {
			counts[override.signal]++
		}
	}
	for s, option := range signalOptions {
		o.Observe(counts[s], option)
	}
	return nil
}

func (rt *runtime) observeRegistry(_ context.Context, o metric.Int64Observer) error {
	if rt.registered().ReadAt.IsZero() {
		return nil // it is not known
	}
	spans, points := rt.steering.registry.onGlobalRate()
	o.Observe(spans, signalOptions[signalTraces])
	o.Observe(points, signalOptions[signalMetrics])
	return nil
}

// age returns how long ago the table was last read without an error, or since when it never was.
func (w *overrideWatch) age() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := w.readAt
	if since.IsZero() {
		since = w.created
	}
	return time.Since(since)
}
