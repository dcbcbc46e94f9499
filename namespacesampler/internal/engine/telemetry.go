// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// injectedForOne are the attributes that the collector adds to the telemetry of an instance of a processor, and that are of this instance alone.
var injectedForOne = []string{"otelcol.signal", "otelcol.pipeline.id"}

// ofAllInstances returns the telemetry settings of one instance without what is of this instance alone (C2): an engine would log and measure what
// is about all signals as that of the pipeline that was built first. The collector's own shared components do the same, through a package
// that only they can import; these are the methods that it calls. Telemetry that has no such attributes is left as it is.
func ofAllInstances(set component.TelemetrySettings) component.TelemetrySettings {
	set.Logger = set.Logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		if c, ok := core.(interface {
			DropInjectedAttributes(keys ...string) zapcore.Core
		}); ok {
			return c.DropInjectedAttributes(injectedForOne...)
		}
		return core
	}))
	if p, ok := set.TracerProvider.(interface {
		DropInjectedAttributes(keys ...string) trace.TracerProvider
	}); ok {
		set.TracerProvider = p.DropInjectedAttributes(injectedForOne...)
	}
	if p, ok := set.MeterProvider.(interface {
		DropInjectedAttributes(keys ...string) metric.MeterProvider
	}); ok {
		set.MeterProvider = p.DropInjectedAttributes(injectedForOne...)
	}
	return set
}
