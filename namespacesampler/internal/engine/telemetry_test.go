// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// What the collector gives an instance can leave out attributes by these methods, which end-to-end tests call on the real ones.
type (
	injectingCore struct {
		zapcore.Core
		dropped *[]string
	}
	injectingTracers struct {
		trace.TracerProvider
		dropped *[]string
	}
	injectingMeters struct {
		metric.MeterProvider
		dropped *[]string
	}
)

func (c injectingCore) DropInjectedAttributes(keys ...string) zapcore.Core {
	*c.dropped = append(*c.dropped, keys...)
	return c.Core
}

func (p injectingTracers) DropInjectedAttributes(keys ...string) trace.TracerProvider {
	*p.dropped = append(*p.dropped, keys...)
	return p.TracerProvider
}

func (p injectingMeters) DropInjectedAttributes(keys ...string) metric.MeterProvider {
	*p.dropped = append(*p.dropped, keys...)
	return p.MeterProvider
}

func TestTheTelemetryOfAllInstancesIsThatOfNoSignalAndNoPipeline(t *testing.T) { // C2
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	tracers, meters := tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
	plain := component.TelemetrySettings{Logger: zap.New(core), TracerProvider: tracers, MeterProvider: meters}
	same := ofAllInstances(plain)
	same.Logger.Info("telemetry without such attributes is left as it is")
	assert.Equal(t, 1, logs.Len())
	assert.Equal(t, trace.TracerProvider(tracers), same.TracerProvider)
	assert.Equal(t, metric.MeterProvider(meters), same.MeterProvider)

	var dropped []string
	of := ofAllInstances(component.TelemetrySettings{
		Logger:         zap.New(injectingCore{core, &dropped}),
		TracerProvider: injectingTracers{tracers, &dropped},
		MeterProvider:  injectingMeters{meters, &dropped},
	})
	of.Logger.Info("of all")
	assert.Equal(t, 2, logs.Len())
	assert.Equal(t, slices.Repeat([]string{"otelcol.signal", "otelcol.pipeline.id"}, 3), dropped)
	assert.Equal(t, trace.TracerProvider(tracers), of.TracerProvider)
	assert.Equal(t, metric.MeterProvider(meters), of.MeterProvider)
}
