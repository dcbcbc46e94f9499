// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

func newProcessor(t *testing.T) *Processor {
	t.Helper()
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	s, err := steering.New(steering.Config{Rates: steering.RatesConfig{Global: 1, Precision: 4}, Logger: zap.NewNop()})
	require.NoError(t, err)
	p, err := New(Config{Enabled: true}, &batch.Common{
		Reader: namespace.NewReader(namespace.ReaderConfig{Attributes: []string{"namespace"}, WriteTo: "namespace"}), Labels: labels.New(10, nil), Telemetry: telemetry, Problems: &problems.Counts{},
	}, s.Rates)
	require.NoError(t, err)
	return p
}

// A single huge batch must not determine the memory of the processor from then on.
func TestTheWorkingMemoryOfHugeBatchesIsNotKept(t *testing.T) {
	for name, tt := range map[string]struct {
		spans  int
		isKept bool
	}{
		"an ordinary batch":     {100, true},
		"the largest batch":     {batch.MaxReusedItems, true},
		"one span more than it": {batch.MaxReusedItems + 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProcessor(t)
			isKept := false
			for range 20 { // a pool may lose what is put into it
				w := newWalk(p)
				w.begin(p.rates.InForce().Traces)
				w.read(t.Context(), spansWithoutNamespace(tt.spans))
				p.walks.New = nil // so that an empty pool returns nil
				p.reuse(t.Context(), w)
				isKept = isKept || p.walks.Get() != nil
			}
			assert.Equal(t, tt.isKept, isKept)
		})
	}
}

// The working memory that is kept for the next batch must not keep the telemetry of this one alive.
func TestAResetWalkHoldsNoTelemetry(t *testing.T) {
	p := newProcessor(t)
	w := newWalk(p)
	td := spansWithoutNamespace(20)
	for _, data := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		data.SetTraceID(pcommon.TraceID{1})
		data.TraceState().FromRaw("vendor=value")
		data.Attributes().PutStr("namespace", "orders")
	}
	w.begin(p.rates.InForce().Traces)
	w.read(t.Context(), td)
	w.resolve(t.Context(), td)
	w.apply(td)
	w.report(t.Context())
	w.reset()

	memory := w.spans[:cap(w.spans)]
	require.GreaterOrEqual(t, len(memory), 20)
	for i := range memory {
		assert.Zero(t, memory[i])
	}
}

func spansWithoutNamespace(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(n)
	for range n {
		spans.AppendEmpty()
	}
	return td
}
