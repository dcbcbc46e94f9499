// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestStartLogsWhatIsInForce(t *testing.T) {
	t.Parallel()
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0.1, "namespaces": map[string]any{"payments": 1},
		"logs": map[string]any{"sample_rate": 0.2, "namespaces": map[string]any{"orders": 0.5}, "always_keep": []any{"log.severity_number >= 17"}},
	})
	lines := s.Logs.FilterMessage("sampling by namespace").All()
	require.Len(t, lines, 1)
	fields := lines[0].ContextMap()
	assert.InDelta(t, 0.1, fields["spans_global_sample_rate"], 0)
	assert.Equal(t, map[string]map[string]float64{"payments": {"sample_rate": 1}}, fields["spans_overrides"])
	assert.InDelta(t, 0.2, fields["log_records_global_sample_rate"], 0)
	assert.Equal(t, map[string]map[string]float64{"payments": {"sample_rate": 1}, "orders": {"sample_rate": 0.5}}, fields["log_records_overrides"])
	assert.InDelta(t, 0, fields["hold_wait_seconds"], 0)
	assert.EqualValues(t, 1, fields["logs_always_keep"])
	assert.Equal(t, "parent_based", fields["sampler"])
	assert.Empty(t, s.Logs.FilterLevelExact(zap.WarnLevel).All())
}

func TestStartLogsBudgets(t *testing.T) {
	t.Parallel()
	s := samplertest.Start(t, map[string]any{
		"namespaces": map[string]any{"payments": 1},
		"tracing":    map[string]any{"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}, "web-*": map[string]any{"items_per_second": 0.5}}},
		"logs":       map[string]any{"budget": map[string]any{"items_per_second": 5000}},
	})
	fields := s.Logs.FilterMessage("sampling by namespace").All()[0].ContextMap()
	assert.Equal(t, map[string]map[string]float64{
		"payments": {"sample_rate": 1}, "analytics": {"items_per_second": 200}, "web-*": {"items_per_second": 0.5},
	}, fields["spans_overrides"])
	assert.InDelta(t, 1, fields["spans_global_sample_rate"], 0)
	assert.Equal(t, map[string]map[string]float64{"payments": {"sample_rate": 1}}, fields["log_records_overrides"])
	assert.InDelta(t, 5000, fields["log_records_global_items_per_second"], 0)
	assert.NotContains(t, fields, "log_records_global_sample_rate")
}

func TestStartWarnsOnceOfOverridesThatHaveEnded(t *testing.T) {
	t.Parallel()
	past := map[string]any{"sample_rate": 1, "until": "2001-01-01T00:00:00Z"}
	s := samplertest.Start(t, map[string]any{
		"namespaces": map[string]any{"orders": past, "payments": map[string]any{"sample_rate": 1, "until": "2999-01-01T00:00:00+09:00"}},
		"tracing":    map[string]any{"namespaces": map[string]any{"orders": past}},
		"metrics":    map[string]any{"namespaces": []any{map[string]any{"name": "a::b", "sample_rate": 1, "until": "2001-01-01T00:00:00Z"}}},
		"dry_run":    true, // another warning hides none
	})
	warnings := s.Logs.FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, warnings, 2)
	assert.Equal(t, "overrides have ended before the start and do not apply: remove them from the configuration, or change until", warnings[0].Message)
	const ended = "2001-01-01T00:00:00Z"
	assert.Equal(t, map[string]string{
		"namespaces::orders": ended, "tracing::namespaces::orders": ended, "metrics::namespaces::a::b": ended,
	}, warnings[0].ContextMap()["overrides_until"])
	start := s.Logs.FilterMessage("sampling by namespace").All()[0].ContextMap()
	assert.Equal(t, map[string]string{"payments": "2998-12-31T15:00:00Z"}, start["overrides_until"], "in UTC")
}

func TestStartWarnsOfWhatIsProbablyAMistake(t *testing.T) {
	t.Parallel()
	const (
		noSpans   = "every rate for spans is 0: no spans leave this processor"
		noPoints  = "every rate for data points is 0: no detailed metrics leave this processor"
		noRecords = "every rate for log records is 0: no log records leave this processor"
	)
	off, always := map[string]any{"enabled": false}, []any{`span.name == "a"`}
	for name, tt := range map[string]struct {
		settings map[string]any
		warnings []string
	}{
		"signals are disabled": {
			map[string]any{"tracing": off, "metrics": off, "logs": off}, []string{
				"tracing::enabled is false: no spans leave this processor", "metrics::enabled is false: no data points leave this processor",
				"logs::enabled is false: no log records leave this processor",
			},
		},
		"all rates are 0":             {map[string]any{"sample_rate": 0}, []string{noSpans, noPoints, noRecords}},
		"an override keeps something": {map[string]any{"sample_rate": 0, "namespaces": map[string]any{"payments": 1}}, nil},
		"always_keep keeps spans":     {map[string]any{"sample_rate": 0, "tracing": map[string]any{"always_keep": always}}, []string{noPoints, noRecords}},
		"always_keep keeps records": {
			map[string]any{"sample_rate": 0, "logs": map[string]any{"always_keep": []any{"log.severity_number >= 17"}}}, []string{noSpans, noPoints},
		},
		"records of traces that are kept whole": {
			map[string]any{"sample_rate": 0, "tracing": map[string]any{"always_keep_traces": always}}, []string{noPoints},
		},
		"records at the rate of their trace": { // L3
			map[string]any{"sample_rate": 0, "tracing": map[string]any{"namespaces": map[string]any{"payments": 1}}}, []string{noPoints},
		},
		"records by a shared override, at the rate of their trace": { // L3
			map[string]any{
				"sample_rate": 1, "metrics": map[string]any{"namespaces": map[string]any{"payments": 1}}, "logs": map[string]any{"sample_rate": 0},
				"namespaces": map[string]any{"payments": 0}, "tracing": map[string]any{"namespaces": map[string]any{"payments": 1}},
			}, nil,
		},
		"a rate of their own, whatever their trace has": {map[string]any{"logs": map[string]any{"sample_rate": 0}}, []string{noRecords}},
		"nothing is remembered of traces": {map[string]any{
			"sample_rate": 0, "tracing": map[string]any{"sampler": "trace_id_ratio", "namespaces": map[string]any{"payments": 1}},
		}, []string{noPoints, noRecords}},
		"a dry run drops nothing": {
			map[string]any{"sample_rate": 0, "dry_run": true},
			[]string{"dry_run is true: nothing is dropped or changed; decisions are only counted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warnings []string
			for _, entry := range samplertest.Start(t, tt.settings).Logs.FilterLevelExact(zap.WarnLevel).All() {
				warnings = append(warnings, entry.Message)
			}
			assert.Equal(t, tt.warnings, warnings)
		})
	}
}
