// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadatatest"
)

// harness is the processor as the collector runs it: made by the factory from a configuration, started, and shut down at the
// end of the test.
type harness struct {
	t         *testing.T
	telemetry *componenttest.Telemetry
	logs      *observer.ObservedLogs
	runtime   *runtime

	traces  processor.Traces
	metrics processor.Metrics
	spans   consumertest.TracesSink
	points  consumertest.MetricsSink
}

// start starts the processor with the keys of settings, as YAML has them, over the defaults.
func start(t *testing.T, settings map[string]any) *harness {
	t.Helper()
	return startWith(t, load(t, settings))
}

// startWith starts the processor with a configuration, in settings that may be changed.
func startWith(t *testing.T, cfg *Config, change ...func(*processor.Settings)) *harness {
	t.Helper()
	h := &harness{t: t, telemetry: componenttest.NewTelemetry()}
	own := newFactory()
	factory := own.processors()

	core, logs := observer.New(zapcore.DebugLevel)
	set := metadatatest.NewSettings(h.telemetry)
	set.Logger, h.logs = zap.New(core), logs
	for _, c := range change {
		c(&set)
	}
	var err error
	h.traces, err = factory.CreateTraces(t.Context(), set, cfg, &h.spans)
	require.NoError(t, err)
	h.metrics, err = factory.CreateMetrics(t.Context(), set, cfg, &h.points)
	require.NoError(t, err)
	h.runtime = own.runtimes.inUse[cfg].runtime
	host := componenttest.NewNopHost()
	require.NoError(t, h.traces.Start(t.Context(), host))
	require.NoError(t, h.metrics.Start(t.Context(), host))
	t.Cleanup(func() {
		require.NoError(t, h.traces.Shutdown(context.Background()))
		require.NoError(t, h.metrics.Shutdown(context.Background()))
		require.NoError(t, h.telemetry.Shutdown(context.Background()))
	})
	return h
}

// load decodes and validates a configuration.
func load(t *testing.T, settings map[string]any) *Config {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	return cfg
}

// consumeTraces sends spans and returns those that came out.
func (h *harness) consumeTraces(td ptrace.Traces) []ptrace.Span {
	h.t.Helper()
	h.spans.Reset()
	require.NoError(h.t, h.traces.ConsumeTraces(h.t.Context(), td))
	var out []ptrace.Span
	for _, batch := range h.spans.AllTraces() {
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

// consumeMetrics sends points and returns what came out, nil for nothing.
func (h *harness) consumeMetrics(md pmetric.Metrics) *pmetric.Metrics {
	h.t.Helper()
	h.points.Reset()
	require.NoError(h.t, h.metrics.ConsumeMetrics(h.t.Context(), md))
	all := h.points.AllMetrics()
	if len(all) == 0 {
		return nil
	}
	require.Len(h.t, all, 1)
	return &all[0]
}

// counts returns the points of a counter: attribute values, in the order of their names, joined by spaces → value.
func (h *harness) counts(metric string) map[string]int64 {
	h.t.Helper()
	m, err := h.telemetry.GetMetric("otelcol_processor_namespace_sampler_" + metric)
	if err != nil {
		return map[string]int64{} // nothing was counted
	}
	out := map[string]int64{}
	for _, dp := range m.Data.(metricdata.Sum[int64]).DataPoints {
		key := ""
		for _, kv := range dp.Attributes.ToSlice() {
			key += " " + kv.Value.AsString()
		}
		if key != "" {
			key = key[1:]
		}
		out[key] = dp.Value
	}
	return out
}

// span is what a test says of a span; the zero trace ID is replaced by a random one. The parent of those that are no root is in
// no batch.
type span struct {
	id         pcommon.TraceID
	root       bool // it has no parent
	tracestate string
	attributes map[string]any
}

// tracesOf returns a batch of spans in one scope.
func tracesOf(t *testing.T, spans ...span) ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	appendSpans(t, td, nil, nil, spans...)
	return td
}

// appendSpans appends a resource and a scope of their own with spans.
func appendSpans(t *testing.T, td ptrace.Traces, resource, scope map[string]any, spans ...span) {
	t.Helper()
	rs := td.ResourceSpans().AppendEmpty()
	require.NoError(t, rs.Resource().Attributes().FromRaw(resource))
	ss := rs.ScopeSpans().AppendEmpty()
	require.NoError(t, ss.Scope().Attributes().FromRaw(scope))
	for i, s := range spans {
		out := ss.Spans().AppendEmpty()
		out.SetName(fmt.Sprintf("span %d", i))
		if s.id.IsEmpty() {
			s.id = randomID()
		}
		out.SetTraceID(s.id)
		out.SetSpanID([8]byte{1, byte(i >> 8), byte(i)})
		if !s.root {
			out.SetParentSpanID([8]byte{2})
		}
		out.TraceState().FromRaw(s.tracestate)
		require.NoError(t, out.Attributes().FromRaw(s.attributes))
	}
}

func randomID() (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

// lowID and highID are trace IDs whose randomness is the least and the greatest: any rate below 1 drops the one, any rate above 0
// keeps the other.
var (
	lowID  = pcommon.TraceID{0: 1}
	highID = pcommon.TraceID{0: 1, 9: 255, 10: 255, 11: 255, 12: 255, 13: 255, 14: 255, 15: 255}
)
