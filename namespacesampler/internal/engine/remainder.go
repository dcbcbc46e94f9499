// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/remainder"
)

// observeRemainder registers the metrics of what dropped data points add up to.
func (e *Engine) observeRemainder() error {
	t := e.telemetry
	if !e.points.HasRemainder() {
		return nil
	}
	of := func(value func(remainder.State) int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(value(e.points.Remainder()))
			return nil
		}
	}
	return errors.Join(
		t.RegisterProcessorNamespaceSamplerRemainderFoldedDatapointsCallback(of(func(s remainder.State) int64 { return s.Folded })),
		t.RegisterProcessorNamespaceSamplerRemainderForgottenSeriesCallback(of(func(s remainder.State) int64 { return s.Forgotten })),
		t.RegisterProcessorNamespaceSamplerRemainderLostDatapointsCallback(of(func(s remainder.State) int64 { return s.Lost })),
		t.RegisterProcessorNamespaceSamplerRemainderResetsCallback(of(func(s remainder.State) int64 { return s.Resets })),
		t.RegisterProcessorNamespaceSamplerRemainderSaturatedDatapointsCallback(of(func(s remainder.State) int64 { return s.Saturated })),
		t.RegisterProcessorNamespaceSamplerRemainderSeriesCallback(of(func(s remainder.State) int64 { return int64(s.Series) })),
		t.RegisterProcessorNamespaceSamplerRemainderTrackedNumbersCallback(of(func(s remainder.State) int64 { return int64(s.TrackedNumbers) })),
		t.RegisterProcessorNamespaceSamplerRemainderTrackedSeriesCallback(of(func(s remainder.State) int64 { return int64(s.TrackedSeries) })),
	)
}

// remainderState returns what dropped data points add up to, or nil.
func (e *Engine) remainderState() *inspect.RemainderState {
	if !e.points.HasRemainder() {
		return nil
	}
	s, cfg := e.points.Remainder(), e.cfg.Points.Remainder
	return &inspect.RemainderState{
		Series: s.Series, MaxSeries: cfg.MaxSeries, Tracked: s.TrackedNumbers, MaxTracked: cfg.MaxTracked, Forgotten: s.Forgotten,
	}
}
