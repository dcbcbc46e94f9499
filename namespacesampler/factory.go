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

// NewFactory returns the factory of the processor: type namespace_sampler, or namespacesampler.
func NewFactory() processor.Factory {
	return newFactory().processors()
}

// factory makes the instances of a configuration share one runtime.
type factory struct {
	runtimes *runtimes
}

func newFactory() *factory { return &factory{runtimes: newRuntimes()} }

func (f *factory) processors() processor.Factory {
	return xprocessor.NewFactory(
		metadata.Type,
		createDefaultConfig,
		xprocessor.WithTraces(f.createTraces, metadata.TracesStability),
		xprocessor.WithMetrics(f.createMetrics, metadata.MetricsStability),
		xprocessor.WithDeprecatedTypeAlias(metadata.DeprecatedType),
	)
}

func (f *factory) createTraces(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces,
) (processor.Traces, error) {
	l, err := f.runtimes.acquire(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	p, err := processorhelper.NewTraces(ctx, set, cfg, next, newTracesProcessor(l.runtime).process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}), // C1
		processorhelper.WithStart(l.start), processorhelper.WithShutdown(l.shutdown))
	if err != nil {
		return nil, errors.Join(err, l.shutdown(ctx))
	}
	return p, nil
}

func (f *factory) createMetrics(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics,
) (processor.Metrics, error) {
	l, err := f.runtimes.acquire(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	p, err := processorhelper.NewMetrics(ctx, set, cfg, next, newMetricsProcessor(l.runtime).process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}), // C1
		processorhelper.WithStart(l.start), processorhelper.WithShutdown(l.shutdown))
	if err != nil {
		return nil, errors.Join(err, l.shutdown(ctx))
	}
	return p, nil
}
