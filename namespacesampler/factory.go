// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/collector/processor/xprocessor"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
)

// NewFactory returns the factory of the processor: type namespace_sampler, with the alias namespacesampler.
func NewFactory() processor.Factory {
	f := &factory{engines: newEngines()}
	return xprocessor.NewFactory(
		metadata.Type,
		createDefaultConfig,
		xprocessor.WithTraces(f.createTraces, metadata.TracesStability),
		xprocessor.WithMetrics(f.createMetrics, metadata.MetricsStability),
		xprocessor.WithLogs(f.createLogs, metadata.LogsStability),
		xprocessor.WithDeprecatedTypeAlias(metadata.DeprecatedType),
	)
}

// factory creates instances. Those of one configuration share an engine (C2).
type factory struct {
	engines *engines
}

func (f *factory) createTraces(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces,
) (processor.Traces, error) {
	l, err := f.engines.acquire(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	pipeline := l.engine.Spans().Pipeline(next)
	p, err := processorhelper.NewTraces(ctx, set, cfg, next, pipeline.Process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(l.start), processorhelper.WithShutdown(func(ctx context.Context) error {
			pipeline.Close(ctx) // while what it needs to decide its last spans is still running
			return l.shutdown(ctx)
		}))
	if err != nil {
		return nil, errors.Join(err, l.shutdown(ctx))
	}
	return pipeline.Holding(p), nil
}

func (f *factory) createMetrics(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics,
) (processor.Metrics, error) {
	l, err := f.engines.acquire(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	p, err := processorhelper.NewMetrics(ctx, set, cfg, next, l.engine.Points().Pipeline().Process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(l.start), processorhelper.WithShutdown(l.shutdown))
	if err != nil {
		return nil, errors.Join(err, l.shutdown(ctx))
	}
	return p, nil
}

func (f *factory) createLogs(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs,
) (processor.Logs, error) {
	l, err := f.engines.acquire(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	p, err := processorhelper.NewLogs(ctx, set, cfg, next, l.engine.Logs().Process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(l.start), processorhelper.WithShutdown(l.shutdown))
	if err != nil {
		return nil, errors.Join(err, l.shutdown(ctx))
	}
	return p, nil
}
