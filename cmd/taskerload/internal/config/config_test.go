// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

func TestTheDemoConfigurationHasTheProductionRates(t *testing.T) {
	t.Parallel()
	c, err := Read("../../../../testdata/demo.yaml")
	require.NoError(t, err)
	for name, signal := range map[string]oracle.Rates{"spans": c.spanRates(), "data points": c.pointRates(), "log records": c.recordRates()} {
		for namespace, want := range map[string]float64{
			"payments": 1, "orders": 0.5, "analytics": 0.01, "integrations": 0.1, "shipping": 0.1, "": 0.1,
		} {
			got, _ := signal.Of(namespace)
			assert.InDelta(t, want, got, 0, "%s of %q", name, namespace)
		}
	}
	assert.NotNil(t, c.Postgres)
	assert.True(t, c.RecordsFollow())
	assert.True(t, c.HasRemainder())
}

func TestASignalsOwnRateWinsOverTheSharedOne(t *testing.T) {
	t.Parallel()
	c, err := parse([]byte(`
processors:
  batch: {}
  namespacesampler/edge:
    sample_rate: 0.2
    namespaces: {payments: 1, orders: {sample_rate: 0.5}, gone: null}
    tracing: {sample_rate: 0.3, namespaces: [{name: "rust::linear", sample_rate: 0.7}, {name: payments, sample_rate: 0.9}]}
    metrics: {detailed: {enabled: false}, namespaces: {analytics: 0}}
    logs: {namespaces: {payments: 0.4}}
  namespace_sampler: {sample_rate: 1}
`))
	require.NoError(t, err)
	type answer struct {
		rate float64
		rule string
	}
	ask := func(r oracle.Rates, namespace string) answer {
		rate, rule := r.Of(namespace)
		return answer{rate, rule}
	}
	spans, points := c.spanRates(), c.pointRates()
	assert.Equal(t, answer{0.9, oracle.RuleExact}, ask(spans, "payments"))
	assert.Equal(t, answer{0.5, oracle.RuleExact}, ask(spans, "orders"))
	assert.Equal(t, answer{0.7, oracle.RuleExact}, ask(spans, "rust::linear"))
	assert.Equal(t, answer{0.3, oracle.RuleGlobal}, ask(spans, "gone"))
	assert.Equal(t, answer{1, oracle.RuleExact}, ask(points, "payments"))
	assert.Equal(t, answer{0, oracle.RuleExact}, ask(points, "analytics"))
	assert.Equal(t, answer{0, oracle.RuleGlobal}, ask(points, "shipping"), "detailed metrics are off")
	records := c.recordRates()
	assert.Equal(t, answer{0.4, oracle.RuleExact}, ask(records, "payments"))
	assert.Equal(t, answer{0.5, oracle.RuleExact}, ask(records, "orders"))
	assert.Equal(t, answer{0.2, oracle.RuleGlobal}, ask(records, "shipping"))
	assert.Equal(t, map[string]bool{"payments": true}, records.OwnExact)
	assert.False(t, records.OwnGlobal)
	assert.True(t, spans.OwnGlobal)
	assert.Equal(t, records, c.Oracle().RecordRates)
	assert.Nil(t, c.Postgres)
	assert.Equal(t, []string{"", "unknown"}, c.Oracle().MissingValues)
	assert.Equal(t, 4, c.precision())
}

func TestConfigurationsAreReadAsTheCollectorReadsThem(t *testing.T) {
	t.Setenv("RATE", "0.25")
	c, err := parse([]byte(`
processors:
  namespace_sampler:
    sample_rate: ${env:RATE}
    tracing: {sample_rate: ${env:NOT_SET_HERE:-0.5}}
    postgres: {dsn: "${env:NOT_SET_HERE}", lookups: []}
`))
	require.NoError(t, err)
	assert.InDelta(t, 0.25, *c.SampleRate, 0)
	assert.InDelta(t, 0.5, *c.Tracing.SampleRate, 0)
}

func TestWholeTracesAreReadAsTheCollectorReadsThem(t *testing.T) {
	t.Parallel()
	c, err := parse([]byte("processors: {namespace_sampler: {tracing: {hold: {}}}}"))
	require.NoError(t, err)
	assert.False(t, c.Oracle().KeepFailedTraces)
	assert.False(t, c.Oracle().Hold)
	c, err = parse([]byte(`
processors:
  namespace_sampler:
    tracing: {always_keep_traces: [span.status.code == STATUS_CODE_ERROR], hold: {wait: 1m30s}}
`))
	require.NoError(t, err)
	assert.True(t, c.Oracle().KeepFailedTraces)
	assert.True(t, c.Oracle().Hold)
	assert.Equal(t, 90*time.Second, c.HoldWait())
	for _, wait := range []string{"0s", "0"} {
		c, err = parse([]byte("processors: {namespace_sampler: {tracing: {sampler: trace_id_ratio, hold: {wait: " + wait + "}}}}"))
		require.NoError(t, err)
		assert.False(t, c.Oracle().Hold)
	}
}

func TestRecordsFollowTheirTracesAtEqualRates(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]bool{
		"":                                  true,
		"sample_rate: 0.3":                  true,
		"logs: {sample_rate: 1}":            true,
		"logs: {sample_rate: 0.5}":          false,
		"tracing: {sample_rate: 0.5}":       false,
		"logs: {namespaces: {orders: 0.5}}": false,
		"logs: {namespaces: {orders: 0.5}}, namespaces: {orders: 0.5}": true,
		"tracing: {sampler: trace_id_ratio}":                           false,
	} {
		c, err := parse([]byte("processors: {namespace_sampler: {" + settings + "}}"))
		require.NoError(t, err)
		assert.Equal(t, want, c.RecordsFollow(), settings)
	}
}

func TestRemaindersLeaveOutWhatTheCollectorLeavesOut(t *testing.T) {
	t.Parallel()
	identifiers := []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}
	for settings, want := range map[string][]string{
		"postgres: {dsn: x}":       nil,
		"metrics: {remainder: {}}": nil,
		"metrics: {remainder: {enabled: true}}, postgres: {dsn: x}":                                         identifiers,
		"metrics: {remainder: {enabled: true, without: [pod, step_name]}}, postgres: {dsn: x}":              {"pod", "step_name"},
		"metrics: {remainder: {enabled: true}}, consistent_by: [correlation_id]":                            {"correlation_id"},
		"metrics: {remainder: {enabled: true, without: []}}, consistent_by: [correlation_id]":               {"correlation_id"},
		"metrics: {remainder: {enabled: true, without: [pod], max_series: 10000}}, postgres: {dsn: x}":      {"pod"},
		"metrics: {remainder: {enabled: true, without: [pod], max_tracked: 1000000}}, sample_rate: 1":       {"pod"},
		"metrics: {remainder: {enabled: false, without: [pod], max_series: 1}}, consistent_by: []":          nil,
		"metrics: {remainder: {enabled: true, without: [correlation_id]}}, consistent_by: [correlation_id]": {"correlation_id"},
	} {
		c, err := parse([]byte("processors: {namespace_sampler: {" + settings + "}}"))
		require.NoError(t, err, settings)
		got := c.Oracle()
		assert.Equal(t, want != nil, got.Remainder, settings)
		if want != nil {
			assert.Equal(t, want, got.Without, settings)
		}
	}
}

func TestSettingsThatTheOracleDoesNotImplementAreRefusedByName(t *testing.T) {
	t.Parallel()
	for settings, message := range map[string]string{
		"namespaces: {'rust_*': 0.5}":                                         "rust_*",
		"namespaces: {payments: {sample_rate: 1, until: 2030-01-01}}":         "until",
		"namespaces: {payments: {}}":                                          "sample_rate is missing",
		"sample_rate: 1.5":                                                    "sample_rate: must be",
		"sample_rate: 1.0e-18":                                                "sample_rate: must be",
		"sample_rate: '${env:RATE}'":                                          "float64",
		"sample_rate: .nan":                                                   "sample_rate: must be",
		"metrics: {namespaces: {orders: -1}}":                                 "metrics::namespaces::orders",
		"tracing: {sampler: always_on}":                                       "tracing::sampler: must be parent_based or trace_id_ratio",
		"telemetry: {max_namespaces: 12}":                                     "max_namespaces",
		"tracing: {mode: proportional}":                                       "equalizing",
		"tracing: {sampling_precision: 15}":                                   "sampling_precision",
		"tracing: {always_keep: [\"true\"]}":                                  "always_keep",
		"tracing: {always_keep_traces: [\"true\"]}":                           "always_keep_traces: must be empty or [span.status",
		"tracing: {sampler: trace_id_ratio, always_keep_traces: [x]}":         "always_keep_traces: must be empty with trace_id_ratio",
		"tracing: {hold: {wait: soon}}":                                       "hold::wait: must be a duration, got \"soon\"",
		"tracing: {sampler: trace_id_ratio, hold: {wait: 1s}}":                "hold::wait: must be 0 with trace_id_ratio",
		"tracing: {sample_rate: 0.5, hold: {wait: 1s}}":                       "hold::wait: must be 0 unless the spans of a namespace have rate 1",
		"consistent_by: [order_id]":                                           "consistent_by: must be empty or [correlation_id]",
		"consistent_by: [correlation_id, order_id]":                           "consistent_by: must be empty or [correlation_id]",
		"consistent_by: [correlation_id], tracing: {sampler: trace_id_ratio}": "consistent_by: must be empty with trace_id_ratio",
		"consistent_by: [correlation_id], tracing: {always_keep_traces: [span.status.code == STATUS_CODE_ERROR]}": "consistent_by: must be empty with tracing::always_keep_traces",
		"consistent_by: [correlation_id], tracing: {hold: {wait: 1s}}":                                            "consistent_by: must be empty with tracing::hold::wait",
		"consistent_by: [correlation_id], sample_rate: 0.5":                                                       "consistent_by: must be empty unless the spans of a namespace have rate 1",
		"consistent_by: [correlation_id], namespaces: {orders: 0}":                                                "consistent_by: must be empty if the spans of a namespace have rate 0",
		"metrics: {by: point}":                                                      "metrics::by",
		"metrics: {detailed: {match: [\"true\"]}}":                                  "detailed::match",
		"metrics: {remainder: {enabled: true}}":                                     "remainder::without: must not be empty without",
		"metrics: {remainder: {enabled: true, without: [namespace]}}":               "remainder::without: must not have namespace",
		"metrics: {remainder: {enabled: true, without: [pod], max_series: 9999}}":   "remainder::max_series: must be at least 10000, got 9999",
		"metrics: {remainder: {enabled: true, without: [pod], max_tracked: 10000}}": "remainder::max_tracked: must be at least 1000000, got 10000",
		"logs: {enabled: false}":                                                    "logs::enabled",
		"logs: {always_keep: [\"true\"]}":                                           "logs::always_keep",
		"logs: {sample_rate: 2}":                                                    "logs::sample_rate: must be",
		"logs: {namespaces: {orders: -1}}":                                          "logs::namespaces::orders: must be",
		"logs: {namespaces: {'rust_*': 0.5}}":                                       "rust_*",
		"dry_run: true":                                                             "dry_run",
		"namespace: {attributes: [tenant]}":                                         "namespace::attributes",
		"postgres: {dsn: x, lookups: [{attribute: a, query: SELECT 1}]}":            "lookups",
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			_, err := parse([]byte("processors: {namespace_sampler: {" + settings + "}}"))
			assert.ErrorContains(t, err, message)
		})
	}
	_, err := parse([]byte("processors: {batch: {}, namespace_samplers: {}}"))
	assert.ErrorContains(t, err, "no processor")
}
