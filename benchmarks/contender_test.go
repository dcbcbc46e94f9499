// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
)

// contender consumes batches, which it may change, and is measured.
type contender[D any] interface {
	// Name returns the who= of its results.
	Name() string
	// Start starts the contender until the end of the test and returns a function that consumes a batch.
	Start(tb testing.TB) func(D)
}

// settings is a configuration as read from YAML.
type settings = map[string]any

// spanProcessor is a processor of spans.
type spanProcessor struct {
	name    string
	factory processor.Factory
	keys    settings
}

func (p spanProcessor) Name() string { return p.name }

func (p spanProcessor) Start(tb testing.TB) func(ptrace.Traces) {
	tb.Helper()
	set := processortest.NewNopSettings(p.factory.Type())
	running, err := p.factory.CreateTraces(tb.Context(), set, load(tb, p.factory, p.keys), consumertest.NewNop())
	require.NoError(tb, err)
	run(tb, running)
	return func(td ptrace.Traces) {
		if err := running.ConsumeTraces(context.Background(), td); err != nil {
			tb.Fatal(err)
		}
	}
}

// pointProcessor is a processor of data points.
type pointProcessor struct {
	name    string
	factory processor.Factory
	keys    settings
}

func (p pointProcessor) Name() string { return p.name }

func (p pointProcessor) Start(tb testing.TB) func(pmetric.Metrics) {
	tb.Helper()
	set := processortest.NewNopSettings(p.factory.Type())
	running, err := p.factory.CreateMetrics(tb.Context(), set, load(tb, p.factory, p.keys), consumertest.NewNop())
	require.NoError(tb, err)
	run(tb, running)
	return func(md pmetric.Metrics) {
		if err := running.ConsumeMetrics(context.Background(), md); err != nil {
			tb.Fatal(err)
		}
	}
}

// logProcessor is a processor of log records.
type logProcessor struct {
	name    string
	factory processor.Factory
	keys    settings
	before  []ptrace.Traces // consumed at the start, so that their traces are remembered
}

func (p logProcessor) Name() string { return p.name }

func (p logProcessor) Start(tb testing.TB) func(plog.Logs) {
	tb.Helper()
	cfg, set := load(tb, p.factory, p.keys), processortest.NewNopSettings(p.factory.Type())
	if len(p.before) > 0 {
		traces, err := p.factory.CreateTraces(tb.Context(), set, cfg, consumertest.NewNop())
		require.NoError(tb, err)
		run(tb, traces)
		for _, td := range p.before {
			require.NoError(tb, traces.ConsumeTraces(tb.Context(), spanSignal.copyOf(td)))
		}
	}
	running, err := p.factory.CreateLogs(tb.Context(), set, cfg, consumertest.NewNop())
	require.NoError(tb, err)
	run(tb, running)
	return func(ld plog.Logs) {
		if err := running.ConsumeLogs(context.Background(), ld); err != nil {
			tb.Fatal(err)
		}
	}
}

// loop is a contender that is a function.
type loop[D any] struct {
	name string
	walk func(D)
}

func (l loop[D]) Name() string { return l.name }

func (l loop[D]) Start(testing.TB) func(D) { return l.walk }

// load decodes and validates a configuration.
func load(tb testing.TB, factory processor.Factory, keys settings) component.Config {
	tb.Helper()
	cfg := factory.CreateDefaultConfig()
	require.NoError(tb, confmap.NewFromStringMap(keys).Unmarshal(cfg))
	require.NoError(tb, confmap.Validate(cfg))
	return cfg
}

// run starts a component and stops it at the end of the test.
func run(tb testing.TB, c component.Component) {
	tb.Helper()
	require.NoError(tb, c.Start(tb.Context(), componenttest.NewNopHost()))
	tb.Cleanup(func() { require.NoError(tb, c.Shutdown(context.Background())) })
}
