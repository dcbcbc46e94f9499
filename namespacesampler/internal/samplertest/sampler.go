// SPDX-License-Identifier: Apache-2.0

// Package samplertest runs the processor for tests as the collector does: created by its factory from a configuration, started,
// and shut down.
package samplertest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadatatest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/statustest"
)

// Sampler is a running processor with an instance for each signal, which share one engine.
type Sampler struct {
	t         testing.TB
	Telemetry *componenttest.Telemetry
	Logs      *observer.ObservedLogs

	Traces     processor.Traces
	Metrics    processor.Metrics
	LogRecords processor.Logs
	// Host records the statuses of all.
	Host statustest.Host
	// Spans, Points and Records are what left the processor.
	Spans   consumertest.TracesSink
	Points  consumertest.MetricsSink
	Records consumertest.LogsSink
}

// Start starts the processor with settings, as YAML decodes them, on top of the defaults.
func Start(t testing.TB, settings map[string]any) *Sampler {
	t.Helper()
	return StartWith(t, Load(t, settings))
}

// StartWith starts the processor with a configuration. Each change is applied to the component's settings.
func StartWith(t testing.TB, cfg *namespacesampler.Config, change ...func(*processor.Settings)) *Sampler {
	t.Helper()
	s, _ := start(t, cfg, nil, change)
	return s
}

// StartBefore starts the processor in front of a component of traces, instead of Spans.
func StartBefore(t testing.TB, settings map[string]any, next consumer.Traces) *Sampler {
	t.Helper()
	s, _ := StartPipelines(t, settings, next)
	return s
}

// StartPipelines starts the processor in several pipelines of traces, which share one configuration, each in front of a component. Traces
// of the sampler is the first of the instances.
func StartPipelines(t testing.TB, settings map[string]any, next ...consumer.Traces) (*Sampler, []processor.Traces) {
	t.Helper()
	return start(t, Load(t, settings), next, nil)
}

func start(
	t testing.TB, cfg *namespacesampler.Config, next []consumer.Traces, changes []func(*processor.Settings),
) (*Sampler, []processor.Traces) {
	t.Helper()
	s := &Sampler{t: t, Telemetry: componenttest.NewTelemetry()}
	factory := namespacesampler.NewFactory()

	core, logs := observer.New(zapcore.DebugLevel)
	set := metadatatest.NewSettings(s.Telemetry)
	set.Logger, s.Logs = zap.New(core), logs
	for _, change := range changes {
		change(&set)
	}
	if next == nil {
		next = []consumer.Traces{&s.Spans}
	}
	var pipelines []processor.Traces
	for _, n := range next {
		traces, err := factory.CreateTraces(t.Context(), set, cfg, n)
		require.NoError(t, err)
		pipelines = append(pipelines, traces)
	}
	metrics, err := factory.CreateMetrics(t.Context(), set, cfg, &s.Points)
	require.NoError(t, err)
	records, err := factory.CreateLogs(t.Context(), set, cfg, &s.Records)
	require.NoError(t, err)
	s.Traces, s.Metrics, s.LogRecords = pipelines[0], metrics, records
	for _, traces := range pipelines {
		require.NoError(t, traces.Start(t.Context(), &s.Host))
	}
	require.NoError(t, s.Metrics.Start(t.Context(), &s.Host))
	require.NoError(t, s.LogRecords.Start(t.Context(), &s.Host))
	t.Cleanup(func() {
		for _, traces := range pipelines {
			require.NoError(t, traces.Shutdown(context.Background()))
		}
		require.NoError(t, s.Metrics.Shutdown(context.Background()))
		require.NoError(t, s.LogRecords.Shutdown(context.Background()))
		require.NoError(t, s.Telemetry.Shutdown(context.Background()))
	})
	return s, pipelines
}

// Load decodes and validates a configuration.
func Load(t testing.TB, settings map[string]any) *namespacesampler.Config {
	t.Helper()
	return load(t, confmap.NewFromStringMap(settings))
}

func load(t testing.TB, conf *confmap.Conf) *namespacesampler.Config {
	t.Helper()
	cfg := namespacesampler.NewFactory().CreateDefaultConfig().(*namespacesampler.Config)
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	return cfg
}

// LogCount returns the number of log lines with a message.
func (s *Sampler) LogCount(message string) int { return s.Logs.FilterMessage(message).Len() }

// ConsumeTraces sends spans and returns those that came out.
func (s *Sampler) ConsumeTraces(td ptrace.Traces) []ptrace.Span {
	s.t.Helper()
	s.Spans.Reset()
	require.NoError(s.t, s.Traces.ConsumeTraces(s.t.Context(), td))
	var out []ptrace.Span
	for _, batch := range s.Spans.AllTraces() {
		for _, rs := range batch.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					out = append(out, span)
				}
			}
		}
	}
	return out
}

// ConsumeMetrics sends points and returns what came out, nil for nothing.
func (s *Sampler) ConsumeMetrics(md pmetric.Metrics) *pmetric.Metrics {
	s.t.Helper()
	s.Points.Reset()
	require.NoError(s.t, s.Metrics.ConsumeMetrics(s.t.Context(), md))
	all := s.Points.AllMetrics()
	if len(all) == 0 {
		return nil
	}
	require.Len(s.t, all, 1)
	return &all[0]
}

// Counts returns the points of a counter by their attribute values, joined by spaces: decision, sampling_namespace and rule first.
func (s *Sampler) Counts(metric string) map[string]int64 {
	s.t.Helper()
	m, err := s.Telemetry.GetMetric("otelcol_processor_namespace_sampler_" + metric)
	if err != nil {
		return map[string]int64{} // nothing was counted
	}
	out := map[string]int64{}
	for _, dp := range m.Data.(metricdata.Sum[int64]).DataPoints {
		out[valuesOf(dp.Attributes)] = dp.Value
	}
	return out
}

// AllCounts returns the points of all counters and gauges of whole numbers, collected once: by the name of the metric, then as Counts does.
func (s *Sampler) AllCounts() map[string]map[string]int64 {
	s.t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(s.t, s.Telemetry.Reader.Collect(s.t.Context(), &all))
	out := map[string]map[string]int64{"spans": {}}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			var points []metricdata.DataPoint[int64]
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				points = data.DataPoints
			case metricdata.Gauge[int64]:
				points = data.DataPoints
			}
			counts := map[string]int64{}
			for _, dp := range points {
				counts[valuesOf(dp.Attributes)] = dp.Value
			}
			out[strings.TrimPrefix(m.Name, "otelcol_processor_namespace_sampler_")] = counts
		}
	}
	return out
}

func valuesOf(attributes attribute.Set) string {
	var values []string
	for _, key := range []attribute.Key{"decision", "sampling_namespace", "rule", "signal"} {
		if v, ok := attributes.Value(key); ok {
			values = append(values, v.AsString())
		}
	}
	if len(values) == 0 {
		for _, kv := range attributes.ToSlice() {
			values = append(values, kv.Value.AsString())
		}
	}
	return strings.Join(values, " ")
}

// Span describes a span. An empty trace ID is replaced by a random one. Unless it is a root, its parent is in no batch.
type Span struct {
	ID         pcommon.TraceID
	Root       bool
	Tracestate string
	Attributes map[string]any
}

// TracesOf returns a batch of spans in one scope.
func TracesOf(t testing.TB, spans ...Span) ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	AppendSpans(t, td, nil, nil, spans...)
	return td
}

// AppendSpans appends spans in a resource and a scope of their own.
func AppendSpans(t testing.TB, td ptrace.Traces, resource, scope map[string]any, spans ...Span) {
	t.Helper()
	rs := td.ResourceSpans().AppendEmpty()
	require.NoError(t, rs.Resource().Attributes().FromRaw(resource))
	ss := rs.ScopeSpans().AppendEmpty()
	require.NoError(t, ss.Scope().Attributes().FromRaw(scope))
	for i, s := range spans {
		out := ss.Spans().AppendEmpty()
		out.SetName(fmt.Sprintf("span %d", i))
		if s.ID.IsEmpty() {
			s.ID = RandomID()
		}
		out.SetTraceID(s.ID)
		out.SetSpanID([8]byte{1, byte(i >> 8), byte(i)})
		if !s.Root {
			out.SetParentSpanID([8]byte{2})
		}
		out.TraceState().FromRaw(s.Tracestate)
		require.NoError(t, out.Attributes().FromRaw(s.Attributes))
	}
}

// RandomID returns a random trace ID.
func RandomID() (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

// LowID and HighID are trace IDs with the least and the greatest randomness: every rate below 1 drops the one, and every rate
// above 0 keeps the other.
var (
	LowID  = pcommon.TraceID{0: 1, 15: 1}
	HighID = pcommon.TraceID{0: 1, 9: 255, 10: 255, 11: 255, 12: 255, 13: 255, 14: 255, 15: 255}
)

// Gauges returns the points of a gauge by the value of their attribute, "" without one.
func (s *Sampler) Gauges(metric string) map[string]float64 {
	s.t.Helper()
	m, err := s.Telemetry.GetMetric("otelcol_processor_namespace_sampler_" + metric)
	require.NoError(s.t, err)
	out := map[string]float64{}
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		for _, dp := range data.DataPoints {
			out[valuesOf(dp.Attributes)] = float64(dp.Value)
		}
	case metricdata.Gauge[float64]:
		for _, dp := range data.DataPoints {
			out[valuesOf(dp.Attributes)] = dp.Value
		}
	}
	return out
}
