// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestTheGroupOfAPointIsLookedUp(t *testing.T) { // G1, G5
	const n = 200
	dsn := samplertest.NewDatabase(t, n).DSN
	for name, tt := range map[string]struct {
		attributes func(i int) map[string]any
		settings   map[string]any
		looked     int64
		decides    bool // the group does
	}{
		"with the namespace": {
			func(i int) map[string]any { return map[string]any{"task_uuid": samplertest.TaskID(i)} }, nil, n, true,
		},
		"though the point names its namespace": {
			func(i int) map[string]any {
				return map[string]any{"task_uuid": samplertest.TaskID(i), "namespace": "payments"}
			}, nil, n, true,
		},
		"in the second place": {
			func(i int) map[string]any {
				return map[string]any{"task_uuid": samplertest.TaskID(n + i), "step_uuid": samplertest.StepID(i), "namespace": "payments"}
			}, nil, 2 * n, true,
		},
		"not if the point has one": {
			func(i int) map[string]any {
				return map[string]any{"task_uuid": samplertest.TaskID(i), "namespace": "payments", "correlation_id": samplertest.CorrelationID(i)}
			}, nil, 0, true,
		},
		"not if the rate is certain": {
			func(i int) map[string]any {
				return map[string]any{"task_uuid": samplertest.TaskID(i), "namespace": "payments"}
			},
			map[string]any{"namespaces": map[string]any{"payments": 1}},
			0, false,
		},
		"but for the exemplars": {
			func(i int) map[string]any {
				return map[string]any{"task_uuid": samplertest.TaskID(i), "namespace": "payments"}
			},
			map[string]any{
				"metrics": map[string]any{"exemplars": "sampled", "namespaces": map[string]any{"payments": 1}}, "tracing": map[string]any{"sample_rate": 0.5},
			},
			n, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{"consistent_by": []any{"correlation_id"}, "sample_rate": 0.3}
			for key, value := range tt.settings {
				settings[key] = value
			}
			h := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, settings))
			md := pmetric.NewMetrics()
			m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
			want := 0
			for i := range n {
				attributes := samplertest.AppendPoint(m, pmetric.MetricTypeGauge)
				require.NoError(t, attributes.FromRaw(tt.attributes(i)))
				attributes.PutInt("i", int64(i))
				if !tt.decides || keepsGroup(t, samplertest.CorrelationID(i), 0.3) {
					want++
				}
			}
			out := samplertest.PointAttributes(*h.ConsumeMetrics(md))
			assert.Len(t, out, want)
			for _, attributes := range out {
				i, _ := attributes.Get("i")
				assert.True(t, !tt.decides || keepsGroup(t, samplertest.CorrelationID(int(i.Int())), 0.3))
			}
			counts := h.Counts("lookup_keys")
			assert.Equal(t, tt.looked, counts["resolved"]+counts["unknown"])
		})
	}
}

// While Postgres cannot be asked, the identity of the series decides at the rate of the namespace that the point names.
func TestAGroupThatCannotBeAskedForChangesNothing(t *testing.T) { // G1
	batch := func() pmetric.Metrics {
		md := pmetric.NewMetrics()
		m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		for i := range 200 {
			attributes := samplertest.AppendPoint(m, pmetric.MetricTypeGauge)
			attributes.PutStr("namespace", "payments")
			attributes.PutStr("task_uuid", samplertest.TaskID(i))
		}
		return md
	}
	settings := map[string]any{"sample_rate": 0.3}
	down := map[string]any{"on_failure": "drop", "wait": "0s"}
	plain := samplertest.Start(t, settings)
	settings["consistent_by"] = []any{"correlation_id"}
	grouped := samplertest.Start(t, withPostgres("postgres://127.0.0.1:1/none", down, settings))
	assert.Equal(t, plain.ConsumeMetrics(batch()), grouped.ConsumeMetrics(batch()))
	assert.EqualValues(t, 200, grouped.Counts("lookup_keys")["unavailable"])
	assert.Equal(t, plain.Counts("datapoints"), grouped.Counts("datapoints"))
}
