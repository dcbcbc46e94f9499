// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestErrorsNameTheKeyTheValueAndWhatIsValid(t *testing.T) {
	for want, settings := range map[string]map[string]any{
		"sample_rate: sample rate must be between 0 and 1, got -0.5":                 {"sample_rate": -0.5},
		`inspect::endpoint: must be host:port, e.g. localhost:8090, got "localhost"`: {"inspect": map[string]any{"endpoint": "localhost"}},
		"namespaces::payments: sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)": {
			"namespaces": map[string]any{"payments": 50},
		},
		"namespaces::payments: until must be a time with its zone, such as 2026-12-01T00:00:00Z, got \"tomorrow\"": {
			"namespaces": map[string]any{"payments": map[string]any{"sample_rate": 1, "until": "tomorrow"}},
		},
		"metrics::namespaces::payments: must be listed once, got it again": {
			"metrics": map[string]any{"namespaces": []any{
				map[string]any{"name": "payments", "sample_rate": 1}, map[string]any{"name": "payments", "sample_rate": 0.5},
			}},
		},
		"namespaces::" + strings.Repeat("*", 257) + ": a pattern must be at most 256 bytes, got 257": {
			"namespaces": map[string]any{strings.Repeat("*", 257): 0.5},
		},
		"namespaces::" + strings.Repeat("x", 1025) + ": a namespace must be at most 1024 bytes, got 1025": {
			"namespaces": map[string]any{strings.Repeat("x", 1025): 0.5, strings.Repeat("x", 1024): 0.5},
		},
		"tracing::namespaces::payments: sample rate must be between 0 and 1, got 2 (for 2 % write 0.02)": {
			"tracing": map[string]any{"namespaces": map[string]any{"payments": 2}},
		},
		"tracing::sample_rate: sample rate must be between 0 and 1, got 10 (for 10 % write 0.1)": {
			"tracing": map[string]any{"sample_rate": 10},
		},
		`tracing::sampler: must be parent_based or trace_id_ratio, got "always"`: {"tracing": map[string]any{"sampler": "always"}},
		"tracing::trace_memory::max_traces: must be between 1 and 1073741824 traces, got 0": {
			"tracing": map[string]any{"trace_memory": map[string]any{"max_traces": 0}},
		},
		"tracing::trace_memory::ttl: must be at least 1ms, e.g. 1m, got 60ns (a number needs a unit)": {
			"tracing": map[string]any{"trace_memory": map[string]any{"ttl": 60}},
		},
		`tracing::always_keep::1: must be an OTTL condition, got "status.code == 2"`: {
			"tracing": map[string]any{"always_keep": []any{"span.status.code == 2", "status.code == 2"}},
		},
		`tracing::always_keep_traces::0: must be an OTTL condition, got "span.name"`: {
			"tracing": map[string]any{"always_keep_traces": []any{"span.name"}},
		},
		"tracing::always_keep_traces: must be empty with tracing::sampler trace_id_ratio, which decides each span by itself and remembers no trace, " +
			`got ["IsRootSpan()"] (use parent_based, or tracing::always_keep for single spans)`: {
			"tracing": map[string]any{"sampler": "trace_id_ratio", "always_keep_traces": []any{"IsRootSpan()"}},
		},
		"tracing::hold::wait: must be 0 with tracing::sampler trace_id_ratio, which decides each span by itself and has nothing to wait for, got 2s": {
			"tracing": map[string]any{"sampler": "trace_id_ratio", "hold": map[string]any{"wait": "2s"}},
		},
		"tracing::hold::wait: must be 0 (no span is held) or longer, e.g. 2s, got -1s": {
			"tracing": map[string]any{"hold": map[string]any{"wait": "-1s"}},
		},
		"tracing::hold::wait: must be at least 1ms, e.g. 2s, got 2ns (a number needs a unit)": {
			"tracing": map[string]any{"hold": map[string]any{"wait": 2}},
		},
		"tracing::hold::max_spans: must be between 1 and 1073741824 spans, got 0": {
			"tracing": map[string]any{"hold": map[string]any{"max_spans": 0}},
		},
		`spans::internal::match::0: must be an OTTL condition, got "span.name"`: {
			"spans": map[string]any{"internal": map[string]any{"match": []any{"span.name"}}},
		},
		`tracing::mode: must be equalizing or proportional, got "equal"`: {
			"tracing": map[string]any{"mode": "equal"},
		},
		"tracing::sampling_precision: must be between 1 and 14 hexadecimal digits, got 15": {
			"tracing": map[string]any{"sampling_precision": 15},
		},
		`metrics::by: must be series or point, got "metric"`: {"metrics": map[string]any{"by": "metric"}},
		"metrics::rescale_delta: must be false with metrics::by series, got true: series that are kept are complete": {
			"metrics": map[string]any{"rescale_delta": true},
		},
		`metrics::detailed::match::1: must be an OTTL condition, got "name == 1"`: {
			"metrics": map[string]any{"detailed": map[string]any{"match": []any{"true", "name == 1"}}},
		},
		`logs::always_keep::0: must be an OTTL condition, got "span.name == 1"`: {"logs": map[string]any{"always_keep": []any{"span.name == 1"}}},
		"logs::sample_rate: sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)": {
			"logs": map[string]any{"sample_rate": 50},
		},
		"logs::namespaces::payments: sample rate must be between 0 and 1, got -1": {
			"logs": map[string]any{"namespaces": map[string]any{"payments": -1}},
		},
		`metrics::exemplars: must be keep or sampled, got "drop"`: {"metrics": map[string]any{"exemplars": "drop"}},
		"metrics::detailed::sample_rate: sample rate must be between 0 and 1, got 1.5 (for 1.5 % write 0.015)": {
			"metrics": map[string]any{"detailed": map[string]any{"sample_rate": 1.5}},
		},
		"namespace::attributes: must name the attributes that hold the namespace, e.g. [namespace], got []": {
			"namespace": map[string]any{"attributes": []any{}},
		},
		`namespace::attributes::1: must be listed once, got "a" again`: {
			"namespace": map[string]any{"attributes": []any{"a", "a"}},
		},
		`consistent_by::0: must name an attribute, got ""`:     {"consistent_by": []any{""}},
		`consistent_by::2: must be listed once, got "a" again`: {"consistent_by": []any{"a", "b", "a"}},
		"postgres::dsn: is required":                           {"postgres": map[string]any{}},
		`postgres::layout: must be tasker or tasker_legacy or none, got "new"`: {
			"postgres": map[string]any{"dsn": "host=localhost", "layout": "new"},
		},
		"postgres::layout: none leaves nothing to read: give a layout (tasker or tasker_legacy), postgres::lookups, " +
			"postgres::registry::query, postgres::overrides or postgres::fleet, or leave postgres out": {
			"postgres": map[string]any{"dsn": "host=localhost", "layout": "none"},
		},
		"postgres::layout: none leaves nothing to read": {
			"postgres": map[string]any{"dsn": "host=localhost", "layout": "none", "registry": map[string]any{
				"interval": 0, "query": "SELECT slug FROM tenants",
			}},
		},
		`postgres::registry::query: must be SQL without parameters that returns one column of names, e.g. SELECT slug FROM tenants, ` +
			`got "SELECT slug FROM tenants WHERE id = ANY($1)"`: {
			"postgres": map[string]any{"dsn": "host=localhost", "registry": map[string]any{
				"query": "SELECT slug FROM tenants WHERE id = ANY($1)",
			}},
		},
		`one column of names, e.g. SELECT slug FROM tenants, got " ;\n"`: {
			"postgres": map[string]any{"dsn": "host=localhost", "registry": map[string]any{"query": " ;\n"}},
		},
		`postgres::lookups::0::query: must be SQL that takes the keys as $1`: {
			"postgres": map[string]any{"dsn": "host=localhost", "lookups": []any{map[string]any{"attribute": "a", "query": "SELECT 1"}}},
		},
		"postgres::max_connections: must be between 1 and 1000 connections, got 0": {
			"postgres": map[string]any{"dsn": "host=localhost", "max_connections": 0},
		},
		"postgres::wait: must be 0 (batches never wait) or longer, e.g. 200ms, got -1s": {
			"postgres": map[string]any{"dsn": "host=localhost", "wait": "-1s"},
		},
		"postgres::query_timeout: must be longer than 0, e.g. 2s, got 0s": {
			"postgres": map[string]any{"dsn": "host=localhost", "query_timeout": "0s"},
		},
		`postgres::on_failure: must be global_rate or keep or drop, got "fail"`: {
			"postgres": map[string]any{"dsn": "host=localhost", "on_failure": "fail"},
		},
		"postgres::cache::max_entries: must be between 1 and 1073741824 entries, got 0": {
			"postgres": map[string]any{"dsn": "host=localhost", "cache": map[string]any{"max_entries": 0}},
		},
		"postgres::cache::negative_ttl: must be longer than 0, e.g. 10s, got 0s": {
			"postgres": map[string]any{"dsn": "host=localhost", "cache": map[string]any{"negative_ttl": "0s"}},
		},
		"postgres::cache::refresh_after: must be 0 (never) or longer, e.g. 1h, got -1h": {
			"postgres": map[string]any{"dsn": "host=localhost", "cache": map[string]any{"refresh_after": "-1h"}},
		},
		"postgres::circuit_breaker::failures: must be between 1 and 1000000 failed loads in a row, got 0": {
			"postgres": map[string]any{"dsn": "host=localhost", "circuit_breaker": map[string]any{"failures": 0}},
		},
		"postgres::circuit_breaker::cooldown: must be longer than 0, e.g. 5s, got 0s": {
			"postgres": map[string]any{"dsn": "host=localhost", "circuit_breaker": map[string]any{"cooldown": "0s"}},
		},
		"postgres::wait: must be at least 1ms, e.g. 200ms, got 200ns (a number needs a unit)": {
			"postgres": map[string]any{"dsn": "host=localhost", "wait": 200},
		},
		`postgres::lookups::1::attribute: must be listed once, got "a" again`: {
			"postgres": map[string]any{"dsn": "host=localhost", "lookups": []any{
				map[string]any{"attribute": "a", "query": "SELECT $1"}, map[string]any{"attribute": "a", "query": "SELECT 2, $1"},
			}},
		},
		`metrics::namespaces::unknown: must be a namespace: "unknown" counts as absent`: {
			"metrics": map[string]any{"namespaces": map[string]any{"unknown": 1}},
		},
		"postgres::registry::interval: must be 0 (never) or longer, e.g. 1m, got -1s": {
			"postgres": map[string]any{"dsn": "host=a", "registry": map[string]any{"interval": "-1s"}},
		},
		`postgres::overrides::table: must be the name of a table, such as public.namespace_sampling_overrides or "My Schema"."Overrides", ` +
			`got "a; DROP TABLE b"`: {
			"postgres": map[string]any{"dsn": "host=a", "overrides": map[string]any{"table": "a; DROP TABLE b"}},
		},
		"postgres::overrides::interval: must be longer than 0, e.g. 10s, got 0s": {
			"postgres": map[string]any{"dsn": "host=a", "overrides": map[string]any{"interval": 0}},
		},
		`postgres::overrides::channel: must be the name of a channel, of 1 to 63 bytes, such as namespace_sampling_overrides, got ""`: {
			"postgres": map[string]any{"dsn": "host=a", "overrides": map[string]any{"channel": ""}},
		},
		"telemetry::max_namespaces: must be between 0 and 100000 namespaces, got -1": {
			"telemetry": map[string]any{"max_namespaces": -1},
		},
	} {
		t.Run(want, func(t *testing.T) {
			cfg := defaults()
			require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
			require.ErrorContains(t, confmap.Validate(cfg), want)
		})
	}
}

func TestAllErrorsAreReportedAtOnceWithoutSecrets(t *testing.T) {
	cfg := defaults()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"sample_rate": 50,
		"namespaces":  map[string]any{"payments": -1, "orders": 2},
		"tracing":     map[string]any{"mode": "x", "sampling_precision": 0},
		"postgres":    map[string]any{"dsn": "postgres://user:s3cret word@host:port/db", "on_failure": "x"},
	}).Unmarshal(cfg))
	message := confmap.Validate(cfg).Error()
	assert.Len(t, strings.Split(message, "\n"), 7, message)
	for _, key := range []string{
		"sample_rate:", "namespaces::payments:", "namespaces::orders:", "tracing::mode:", "tracing::sampling_precision:",
		"postgres::dsn:", "postgres::on_failure:",
	} {
		assert.Contains(t, message, key)
	}
	assert.NotContains(t, message, "s3cret")
	assert.NotContains(t, message, "word@")
}
