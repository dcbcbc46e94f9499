// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// keyedSeries returns n series, each with the task of its number, and with a namespace attribute that says nothing where
// target is set.
func keyedSeries(n int, target bool) pmetric.Metrics {
	md := seriesBatch(pmetric.MetricTypeSum, n)
	for i, attributes := range samplertest.PointAttributes(md) {
		attributes.Remove("namespace")
		attributes.PutStr("task_uuid", samplertest.TaskID(i))
		if target {
			attributes.PutStr("namespace", "unknown")
		}
	}
	return md
}

// A series that not even the highest rate keeps needs no namespace: what is left is the same, with fewer lookups.
func TestSeriesThatEveryRateDropsAreNotLookedUp(t *testing.T) {
	const n = 300
	dsn := samplertest.NewDatabase(t, n).DSN
	run := func(namespaces map[string]any) (map[int64]bool, int64) {
		h := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, map[string]any{"sample_rate": 0.1, "namespaces": namespaces}))
		return seriesOf(h.ConsumeMetrics(keyedSeries(n, false))), h.Counts("lookup_keys")["resolved"]
	}
	all, looked := run(map[string]any{"ns-0": 0.3, "ns-1": 0.2, "none has it": 1})
	require.Equal(t, int64(n), looked)
	kept, looked := run(map[string]any{"ns-0": 0.3, "ns-1": 0.2})
	assert.Equal(t, all, kept)
	assert.InDelta(t, 0.3*n, looked, 40, "three in ten could be kept")
}

func TestLookupsThatCanChangeNoPointAreNotMade(t *testing.T) {
	const n = 60
	dsn := samplertest.NewDatabase(t, n).DSN
	one := map[string]any{"sample_rate": 1}
	for _, tt := range []struct {
		name         string
		onFailure    string
		settings     map[string]any
		target       bool
		looked, kept int
	}{
		{"one rate, and nothing to write", "global_rate", one, true, 0, n},
		{"one rate, but an attribute to write", "global_rate", one, false, n, n},
		{"one rate, but a failure would drop", "drop", one, true, n, n},
		{"one rate, but exemplars go by the rate of spans", "global_rate", map[string]any{
			"sample_rate": 1, "metrics": map[string]any{"exemplars": "sampled"}, "tracing": map[string]any{"sample_rate": 0.5},
		}, true, n, n},
		{"two rates", "global_rate", map[string]any{"sample_rate": 1, "namespaces": map[string]any{"ns-0": 0}}, true, n, n * 2 / 3},
		{"no rate", "global_rate", map[string]any{"sample_rate": 0}, false, 0, 0},
		{"no rate, but a failure would keep", "keep", map[string]any{"sample_rate": 0}, false, n, 0},
		{"no rate by point", "global_rate", byPoint(0, nil), false, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := samplertest.Start(t, samplertest.WithPostgres(dsn, map[string]any{"on_failure": tt.onFailure}, tt.settings))
			assert.Len(t, seriesOf(h.ConsumeMetrics(keyedSeries(n, tt.target))), tt.kept)
			assert.EqualValues(t, tt.looked, h.Counts("lookup_keys")["resolved"])
		})
	}
}
