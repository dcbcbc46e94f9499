// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBinomialRangeIsTheExactQuantiles(t *testing.T) {
	for _, v := range []struct {
		n         int
		p         float64
		low, high int
	}{
		{10, 0.5, 0, 10},   // P(0) = 1/1024 is more than 0.0005
		{20, 0.5, 3, 17},   // P(≤ 2) = 211/2^20, P(≤ 3) = 1351/2^20
		{100, 0, 0, 0},     // never
		{100, 1, 100, 100}, // always
		{0, 0.5, 0, 0},
		{1, 0.0001, 0, 0},
		{1, 0.001, 0, 1},
	} {
		low, high := binomialRange(v.n, v.p, 0.999)
		assert.Equal(t, v.low, low, "%+v", v)
		assert.Equal(t, v.high, high, "%+v", v)
	}
}

func TestBinomialRangeOfLargeNumbersIsAboutThreePointThreeDeviationsWide(t *testing.T) {
	low, high := binomialRange(100_000, 0.1, 0.999) // mean 10,000, deviation 94.87, quantile 3.2905
	assert.InDelta(t, 10_000-312, low, 3)
	assert.InDelta(t, 10_000+312, high, 3)
}

func TestSpansOfOneTraceAreOneDraw(t *testing.T) {
	r := row{sent: 200, draws: map[draw]int{}}
	for i := range uint64(20) {
		r.draws[draw{i, 0.5}] = 10
	}
	low, high := r.keptRange()
	assert.Equal(t, 30, low)
	assert.Equal(t, 170, high)
}

func TestARowWithDrawsAtTwoRatesHasTheSpreadOfBoth(t *testing.T) {
	r := row{sent: 300, draws: map[draw]int{}}
	for i := range uint64(20) {
		r.draws[draw{i, 0.5}] = 10
	}
	for i := range uint64(10) {
		r.draws[draw{i, 1}] = 10
	}
	low, high := r.keptRange()
	assert.Equal(t, 30+100, low, "at rate 1 nothing is left to chance")
	assert.Equal(t, 170+100, high)
	r.draws[draw{1, 0.25}], r.sent = 100, 400 // one draw: 0 or 100, 25 in the mean
	low, high = r.keptRange()
	assert.Equal(t, 225-75, low, "70 below from the draws of ten, 25 from that of a hundred: 74.3 together")
	assert.Equal(t, 225+103, high, "70 and 75 above: 102.6 together")
}

const exposition = `# HELP otelcol_processor_namespace_sampler_spans Spans.
# TYPE otelcol_processor_namespace_sampler_spans counter
otelcol_processor_namespace_sampler_spans_total{decision="kept",namespace="a}b \" {c",rule="exact"} 12
otelcol_processor_namespace_sampler_spans__spans__total{decision="dropped",namespace="x",rule="global"} 30
otelcol_processor_namespace_sampler_datapoints{decision="kept"} 1.5e+03
otelcol_processor_namespace_sampler_spans_malformed_total 99
otelcol_processor_namespace_sampler_lookup_keys__keys__total{outcome="hit"} 7
otelcol_processor_namespace_sampler_lookup_keys__keys__total{outcome="unknown"} 2
otelcol_processor_namespace_sampler_lookup_round_trips_total 4
otelcol_processor_namespace_sampler_lookup_duration_seconds_bucket{le="0.001"} 0
otelcol_processor_namespace_sampler_lookup_duration_seconds_bucket{le="0.01"} 3
otelcol_processor_namespace_sampler_lookup_duration_seconds_bucket{le="+Inf"} 4
otelcol_processor_namespace_sampler_lookup_duration_seconds_sum 0.04
otelcol_processor_namespace_sampler_lookup_duration_seconds_count 4
otelcol_process_uptime 2.5
`

func TestTheCollectorsOwnMetricsAreReadUnderAnyNaming(t *testing.T) {
	s, err := parseMetrics(strings.NewReader(exposition))
	require.NoError(t, err)
	assert.InDelta(t, 42, s.sum("spans", "", ""), 0)
	assert.InDelta(t, 12, s.sum("spans", "decision", "kept"), 0)
	assert.InDelta(t, 1500, s.sum("datapoints", "", ""), 0)
	assert.InDelta(t, 7, s.sum("lookup_keys", "outcome", "hit"), 0)
	assert.InDelta(t, 4, s.sum("lookup_round_trips", "", ""), 0)

	r := &result{before: &scrape{}, after: s}
	mean, p99, ok := r.lookupTimes()
	assert.True(t, ok)
	assert.InDelta(t, 0.01, mean, 1e-9)
	assert.InDelta(t, 0.01, p99, 1e-9, "above the last bound only that bound is known")
}

func TestQuantilesAreInterpolated(t *testing.T) {
	assert.InDelta(t, 1.5, quantile([]bucket{{1, 0}, {2, 100}}, 0.5), 1e-9)
	assert.InDelta(t, 0.5, quantile([]bucket{{1, 100}, {2, 100}}, 0.5), 1e-9)
}

func TestOnlyWhatTheRunAddedToACounterCounts(t *testing.T) {
	at := func(kept, dropped int) *scrape {
		s, err := parseMetrics(strings.NewReader(fmt.Sprintf(`
otelcol_processor_namespace_sampler_spans_total{decision="kept",namespace="orders",rule="trace"} %d
otelcol_processor_namespace_sampler_spans_total{decision="dropped",namespace="_none",rule="global"} %d
`, kept, dropped)))
		require.NoError(t, err)
		return s
	}
	kept, dropped := count{"orders", "kept", ruleTrace}, count{"_none", "dropped", ruleGlobal}
	r := &result{before: at(40, 5), after: at(100, 15), spans: &book{signal: "spans", counts: map[count]int{kept: 60, dropped: 10}}, points: &book{}}
	off, detail := r.miscounted()
	assert.Zero(t, off, detail)
	r.spans.counts[kept] = 61
	r.spans.counts[count{"orders", "kept", ruleExact}] = 2
	off, detail = r.miscounted()
	assert.Equal(t, 3, off)
	assert.Equal(t, "spans orders kept by exact: -2 for 2; spans orders kept by trace: -1 for 61", detail)
}

func TestTablesAlignTheirColumns(t *testing.T) {
	tb := table{header: []string{"name", "n", "verdict"}, left: 1}
	tb.add("a", "1,000", "ok")
	tb.add("longer", "–", "FAIL")
	var out bytes.Buffer
	tb.print(&out)
	assert.Equal(t, "  name        n  verdict\n  a       1,000  ok\n  longer      –  FAIL\n", out.String())
}

func TestTitlesStandOverTheirColumns(t *testing.T) {
	tb := table{header: []string{"name", "n", "m", "n"}, left: 1, right: true, groups: []group{{"", 1}, {"one", 2}, {"another", 1}}}
	tb.add("a", "1", "2", "3")
	var out bytes.Buffer
	tb.print(&out)
	assert.Equal(t, "        one   another\n  name  n  m        n\n  a     1  2        3\n", out.String())
}

func TestThousandsAreSeparated(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -4500: "-4,500"} {
		assert.Equal(t, want, thousands(n))
	}
}
