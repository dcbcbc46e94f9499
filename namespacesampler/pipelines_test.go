// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// Two pipelines that get the same points each have a remainder of their own: what one adds up is not missing in the other (R3, R4).
func TestEachPipelineHasARemainder(t *testing.T) {
	cfg := samplertest.Load(t, map[string]any{
		"sample_rate": 0, "metrics": map[string]any{"remainder": map[string]any{"enabled": true, "without": []any{"task_uuid"}}},
	})
	factory := namespacesampler.NewFactory()
	now, ids := time.Now(), map[string]bool{}
	for range 2 {
		var sink consumertest.MetricsSink
		p, err := factory.CreateMetrics(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, &sink)
		require.NoError(t, err)
		require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
		defer func() { require.NoError(t, p.Shutdown(context.Background())) }()
		for export, value := range []int64{100, 105} {
			md := pmetric.NewMetrics()
			m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
			m.SetEmptySum().SetIsMonotonic(true)
			m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			dp := m.Sum().DataPoints().AppendEmpty()
			dp.Attributes().PutStr("namespace", "orders")
			dp.SetTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Duration(export) * time.Minute)))
			dp.SetIntValue(value)
			require.NoError(t, p.ConsumeMetrics(t.Context(), md))
		}
		all := sink.AllMetrics()
		require.Len(t, all, 2)
		last := samplertest.MetricOf(all[1]).Sum().DataPoints().At(0)
		assert.EqualValues(t, 5, last.IntValue())
		id, _ := last.Attributes().Get("otelcol.remainder.id")
		ids[id.Str()] = true
	}
	assert.Len(t, ids, 2, "they are two writers")
}
