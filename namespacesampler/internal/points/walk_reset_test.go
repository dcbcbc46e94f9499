// SPDX-License-Identifier: Apache-2.0

package points

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
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
	s, err := steering.New(steering.Config{Rates: steering.RatesConfig{Global: 0.5, Precision: 4}, Logger: zap.NewNop()})
	require.NoError(t, err)
	p, err := New(Config{Enabled: true}, &batch.Common{
		Reader: namespace.NewReader(namespace.ReaderConfig{Attributes: []string{"namespace"}, WriteTo: "namespace"}), Labels: labels.New(10, nil), Telemetry: telemetry, Problems: &problems.Counts{},
	}, s.Rates, nil)
	require.NoError(t, err)
	return p
}

// The working memory that is kept for the next batch must not keep the telemetry of this one alive.
func TestAResetWalkHoldsNoTelemetry(t *testing.T) {
	p := newProcessor(t)
	w := newWalk(p)

	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for i := range 20 { // the first ones are of unspecified temporality and pass
		sum := metrics.AppendEmpty().SetEmptySum()
		if i >= 10 {
			sum.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		}
		sum.DataPoints().AppendEmpty().Attributes().PutStr("namespace", "orders")
	}
	w.begin(p.rates.InForce())
	w.read(t.Context(), md)
	w.apply(md)
	w.report(t.Context())
	w.reset()

	memory := w.points[:cap(w.points)]
	require.GreaterOrEqual(t, len(memory), 20)
	for i := range memory {
		assert.Zero(t, memory[i])
	}
	assert.Equal(t, pcommon.Resource{}, w.resource)
	assert.Equal(t, pcommon.InstrumentationScope{}, w.scope)
}

// A single huge batch must not determine the memory of the processor from then on.
func TestTheWorkingMemoryOfHugeBatchesIsNotKept(t *testing.T) {
	for points, want := range map[int]bool{100: true, maxPooledPoints: true, maxPooledPoints + 1: false} {
		p := newProcessor(t)
		md := pmetric.NewMetrics()
		gauge := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge()
		gauge.DataPoints().EnsureCapacity(points)
		for range points {
			gauge.DataPoints().AppendEmpty()
		}
		isKept := false
		for range 20 { // a pool may lose what is put into it
			w := newWalk(p)
			w.begin(p.rates.InForce())
			w.read(t.Context(), md)
			p.walks.New = nil // so that an empty pool returns nil
			p.release(t.Context(), w)
			isKept = isKept || p.walks.Get() != nil
		}
		assert.Equal(t, want, isKept, points)
	}
}
