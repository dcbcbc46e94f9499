// SPDX-License-Identifier: Apache-2.0

package points

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batchtest"
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
		Reader: namespace.NewReader(namespace.ReaderConfig{
			Attributes: []string{"namespace"}, WriteTo: "namespace", Lookups: []namespace.Lookup{{Attribute: "key", Format: namespace.FormatText}},
		}),
		Labels: labels.New(10, nil), Telemetry: telemetry, Problems: &problems.Counts{},
	}, s.Rates, nil)
	require.NoError(t, err)
	return p
}

// The working memory that is kept for the next batch must not keep the telemetry of this one alive.
func TestAResetWalkHoldsNoTelemetry(t *testing.T) {
	p := newProcessor(t)
	w := newWalk(p, nil)

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
	most := batch.MaxReusedItems
	for name, tt := range map[string]struct {
		metrics, points int // points of the last metric
		isKept          bool
	}{
		"an ordinary batch":                  {1, 100, true},
		"the largest batch":                  {1, most, true},
		"one point more than it":             {1, most + 1, false},
		"the most metrics":                   {most, 0, true},
		"one metric more, without any point": {most + 1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProcessor(t)
			pipeline := p.Pipeline()
			md := pmetric.NewMetrics()
			metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
			for range tt.metrics {
				metrics.AppendEmpty()
			}
			gauge := metrics.At(tt.metrics - 1).SetEmptyGauge()
			gauge.DataPoints().EnsureCapacity(tt.points)
			for range tt.points {
				gauge.DataPoints().AppendEmpty()
			}
			isKept := false
			for range 20 { // a pool may lose what is put into it
				w := newWalk(p, nil)
				w.begin(p.rates.InForce())
				w.read(t.Context(), md)
				pipeline.walks.New = nil // so that an empty pool returns nil
				pipeline.release(t.Context(), w)
				isKept = isKept || pipeline.walks.Get() != nil
			}
			assert.Equal(t, tt.isKept, isKept)
		})
	}
}

func TestNoMapOfAWalkKeepsTheSizeOfAHugeBatch(t *testing.T) {
	pass := func(w *walk, points int) {
		md := pmetric.NewMetrics()
		gauge := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge()
		for i := range points {
			attributes := gauge.DataPoints().AppendEmpty().Attributes()
			if i%2 == 0 {
				attributes.PutStr("namespace", fmt.Sprintf("a namespace of many bytes, so that all of them take more than are remembered: %d", i))
			} else {
				attributes.PutStr("key", fmt.Sprint(i))
			}
		}
		w.begin(w.p.rates.InForce())
		w.read(t.Context(), md)
		w.resolve(t.Context(), md)
		w.apply(md)
	}
	const huge = 20_000
	w := newWalk(newProcessor(t), nil)
	pass(w, huge)
	grown := batchtest.Maps(w)
	w.report(t.Context())
	w.reset()
	after := batchtest.Maps(w)
	require.Len(t, grown, 2)
	for name, m := range grown {
		assert.Greater(t, m.Len, huge/4, "%s is part of this test", name)
		assert.NotEqual(t, m.ID, after[name].ID, "%s is another map", name)
		assert.Zero(t, after[name].Len, name)
	}

	pass(w, 100)
	w.report(t.Context())
	w.reset()
	for name, m := range batchtest.Maps(w) {
		assert.Equal(t, after[name].ID, m.ID, "%s is kept after an ordinary batch", name)
	}
}
