// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const exposition = `# HELP otelcol_processor_namespace_sampler_spans Spans.
# TYPE otelcol_processor_namespace_sampler_spans counter
otelcol_processor_namespace_sampler_spans_total{decision="kept",sampling_namespace="a}b \" {c",rule="exact"} 12
otelcol_processor_namespace_sampler_spans__spans__total{decision="dropped",sampling_namespace="x",rule="global"} 30
otelcol_processor_namespace_sampler_datapoints{decision="kept"} 1.5e+03
otelcol_processor_namespace_sampler_remainder_datapoints__datapoints__total 21
otelcol_processor_namespace_sampler_spans_malformed_total 99
otelcol_processor_namespace_sampler_lookup_keys__keys__total{outcome="hit"} 7
otelcol_processor_namespace_sampler_lookup_keys__keys__total{outcome="unknown"} 2
otelcol_processor_namespace_sampler_lookup_round_trips_total 4
# TYPE otelcol_processor_namespace_sampler_lookup_duration_seconds histogram
otelcol_processor_namespace_sampler_lookup_duration_seconds_bucket{le="0.001"} 0
otelcol_processor_namespace_sampler_lookup_duration_seconds_bucket{le="0.01"} 3
otelcol_processor_namespace_sampler_lookup_duration_seconds_bucket{le="+Inf"} 4
otelcol_processor_namespace_sampler_lookup_duration_seconds_sum 0.04
otelcol_processor_namespace_sampler_lookup_duration_seconds_count 4
# TYPE otelcol_processor_namespace_sampler_held_spans gauge
otelcol_processor_namespace_sampler_held_spans 17
otelcol_processor_namespace_sampler_set_aside_spans__spans__total 31
otelcol_process_uptime 2.5
`

func TestTheCollectorsOwnMetricsAreReadUnderAnyNaming(t *testing.T) {
	t.Parallel()
	s, err := Parse(strings.NewReader(exposition))
	require.NoError(t, err)
	assert.InDelta(t, 42, s.sum("spans", "", ""), 0)
	assert.InDelta(t, 12, s.sum("spans", "decision", "kept"), 0)
	assert.InDelta(t, 1500, s.sum("datapoints", "", ""), 0)
	assert.InDelta(t, 21, s.sum("remainder_datapoints", "", ""), 0)
	assert.InDelta(t, 7, s.sum("lookup_keys", "outcome", "hit"), 0)
	assert.InDelta(t, 4, s.sum("lookup_round_trips", "", ""), 0)
	assert.Equal(t, 17, s.Held())
	assert.InDelta(t, 31, s.sum("set_aside_spans", "", ""), 0)

	g := &Growth{Before: &Scrape{}, After: s}
	mean, p99, ok := g.LookupDuration()
	assert.True(t, ok)
	assert.InDelta(t, 0.01, mean, 1e-9)
	assert.InDelta(t, 0.01, p99, 1e-9, "above the last bound only that bound is known")
}

func TestQuantilesAreInterpolated(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 1.5, quantile([]bucket{{1, 0}, {2, 100}}, 0.5), 1e-9)
	assert.InDelta(t, 0.5, quantile([]bucket{{1, 100}, {2, 100}}, 0.5), 1e-9)
}
