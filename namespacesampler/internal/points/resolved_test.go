// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestResolvedNamespacesAreWrittenToPointsWithoutTheAttribute(t *testing.T) { // M5
	dsn := samplertest.NewDatabase(t, 1).DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"ns-0": 1}}))
	md := pmetric.NewMetrics()
	add := func(resource map[string]any) pmetric.Metric {
		rm := md.ResourceMetrics().AppendEmpty()
		require.NoError(t, rm.Resource().Attributes().FromRaw(resource))
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		samplertest.AppendPoint(m, pmetric.MetricTypeHistogram).PutStr("correlation_id", samplertest.CorrelationID(0))
		return m
	}
	add(nil)
	add(map[string]any{"namespace": "unknown"})
	attributes := samplertest.AppendPoint(add(nil), pmetric.MetricTypeHistogram)
	attributes.PutStr("task_uuid", samplertest.TaskID(0))
	attributes.PutStr("namespace", "unknown")

	out := h.ConsumeMetrics(md)
	require.NotNil(t, out)
	var written []string
	for _, attributes := range samplertest.PointAttributes(*out) {
		name := "none"
		if namespace, ok := attributes.Get("namespace"); ok {
			name = namespace.Str()
		}
		written = append(written, name)
	}
	assert.Equal(t, []string{"ns-0", "none", "ns-0", "unknown"}, written, "all kept by the resolved name's rate")
}

// A series is decided by what arrived, so that neither a warm cache nor an outage changes which series are kept.
func TestIdentityIsTakenBeforeEnrichment(t *testing.T) { // M5
	dsn := samplertest.NewDatabase(t, 300).DSN
	batch := func() pmetric.Metrics {
		md := seriesBatch(pmetric.MetricTypeSum, 300)
		for i, attributes := range samplertest.PointAttributes(md) {
			attributes.Remove("namespace")
			attributes.PutStr("task_uuid", samplertest.TaskID(i))
		}
		return md
	}
	settings := map[string]any{"sample_rate": 0.5}
	up := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, settings))
	down := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", nil, settings))
	want := seriesOf(up.ConsumeMetrics(batch()))
	assert.Equal(t, want, seriesOf(up.ConsumeMetrics(batch())))
	assert.Equal(t, want, seriesOf(down.ConsumeMetrics(batch())))
}
