// SPDX-License-Identifier: Apache-2.0

package editor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judges returns a function that returns why the collector and the schema refuse settings.
func judges(t *testing.T) func(settings string) (byCollector, bySchema error) {
	t.Helper()
	schema := compile(t, processorSchema)
	for name, value := range map[string]string{
		"RATE": "0.5", "COUNT": "7", "ON": "true", "SECONDS": "5", "TEXT": "orders", "LIST": "[a, b]", "MODE": "proportional", "TIME": "2030-01-01T00:00:00Z",
		"SECTION": "{sample_rate: 0.5}", "NAMESPACES": "{payments: 1}", "LOOKUP": "{attribute: a, query: SELECT $$1}", "OVERRIDE": "{name: a, sample_rate: 1}", "DATABASE_URL": "host=localhost",
	} {
		t.Setenv(name, value)
	}
	return func(settings string) (byCollector, bySchema error) {
		return loadText(t, settings), schema.Validate(asEditors(t, settings))
	}
}

func TestBothAccept(t *testing.T) {
	judge := judges(t)
	for _, settings := range []string{
		"", "{}",
		// references, in place of any value and in text
		"sample_rate: ${env:RATE}", `sample_rate: "${env:RATE:-0.1}"`, "sample_rate: ${RATE}", "dry_run: ${env:ON}", "telemetry: {max_namespaces: '${env:COUNT}'}",
		"tracing: ${env:SECTION}", "tracing: {mode: '${env:MODE}'}", "tracing: {sampler: '${env:UNSET:-trace}_id_ratio'}", "consistent_by: ${env:LIST}",
		"consistent_by: ['${env:TEXT}']", "postgres: {dsn: '${env:DATABASE_URL} user=${env:TEXT}', wait: '${env:SECONDS}s', query_timeout: '${env:SECONDS}s'}",
		"postgres: {dsn: host=a, lookups: ['${env:LOOKUP}']}", "namespaces: ${env:NAMESPACES}", "namespaces: {payments: '${env:RATE}'}",
		"namespaces: {payments: '${env:SECTION}'}", "namespaces: {payments: {sample_rate: '${env:RATE}', until: '${env:TIME}'}}",
		"namespaces: ['${env:OVERRIDE}']", "tracing: {namespaces: {a: {items_per_second: '${env:COUNT}'}}}",
		// null, where a key counts as left out
		"namespace:", "namespaces:", "tracing: {sample_rate: null, namespaces: null, always_keep: null, trace_memory: null, budget: null}", "postgres:", "inspect:",
		// text
		`namespace: {missing_values: ["", "0", "null", 1042, true], write_to: 7}`, "consistent_by: a", "consistent_by: 'a,b'",
		// overrides
		"namespaces: {payments: 1, orders: 0.5, '*': 0, '': 0.25, old: null}", "namespaces: {1042: 0.5}", "namespaces: []",
		"namespaces: {a: {sample_rate: 1, until: 2030-01-01T00:00:00Z}}", "namespaces: {a: {sample_rate: 1, until: '2030-01-01T09:00:00.5+09:00'}}",
		"namespaces: {a: {sample_rate: 1, until: null}}", "namespaces: [{name: 'rust::a', sample_rate: 0}, {name: 7, sample_rate: 0.5}]",
		"tracing: {namespaces: {a: {items_per_second: 0.5}, b: 1, c: {items_per_second: 5, sample_rate: null}, d: {sample_rate: 1, items_per_second: null}}}",
		"logs: {namespaces: [{name: a, items_per_second: 100, until: 2030-01-01T00:00:00Z}]}", "tracing: {budget: {items_per_second: 200}}",
		// sections that may be left out
		"postgres: {enabled: false}", "postgres: {enabled: true, dsn: host=a}", "postgres: {enabled: '${env:ON}', dsn: host=a}", "tracing: {budget: {enabled: false}}", "inspect: {}", "inspect: {tls: {enabled: false}}",
		"postgres: {dsn: host=a, lookups: [{attribute: a, query: 'SELECT id, n FROM t WHERE id = ANY($$1)'}]}",
		// durations and other forms of numbers
		"budgets: {interval: 1m30s}", "tracing: {hold: {wait: 0}}", "postgres: {dsn: host=a, wait: 0, cache: {refresh_after: 0s}, query_timeout: 1.5s}",
		"sample_rate: 1e-3", "sample_rate: 1", "telemetry: {max_namespaces: 1e3}",
		"inspect: {response_headers: {X-Site: a}}", "inspect: {response_headers: [{name: X-Site, value: a}], middlewares: [{id: basicauth/a}]}",
	} {
		byCollector, bySchema := judge(settings)
		require.NoError(t, byCollector, settings)
		require.NoError(t, bySchema, settings)
	}
}

func TestBothRefuse(t *testing.T) {
	judge := judges(t)
	for _, settings := range []string{
		// unknown keys
		"sample_rat: 1", "budget: {}", "tracing: {enable: true}", "postgres: {dsn: host=a, cache: {TTL: 1s}}", "inspect: {tls: {client_ca_fil: a}}",
		"postgres: {dsn: host=a, lookups: [{attributes: a, query: SELECT $$1}]}", "namespaces: {a: {sample_rate: 1, until_: null}}",
		"namespaces: [{name: a, sample_rate: 1, unti: null}]", "inspect: {response_headers: [{name: a, val: b}]}",
		// what is missing
		"postgres: {}", "postgres: {enabled: true}", "postgres: {dsn: null}", "postgres: {dsn: ''}", "tracing: {budget: {}}", "postgres: {dsn: host=a, lookups: [{attribute: a}]}",
		"namespaces: [{sample_rate: 1}]", "namespaces: [{name: a}]", "namespaces: {a: {}}", "tracing: {namespaces: {a: {until: 2030-01-01T00:00:00Z}}}",
		"tracing: {namespaces: {a: {sample_rate: null}}}", "namespaces: {a: {sample_rate: null}}", "namespaces: [null]", "postgres: {dsn: host=a, lookups: [null]}",
		"sample_rate: null", "dry_run: null", "tracing: {mode: null}", "namespace: {attributes: []}", "namespace: {attributes: [null]}", "consistent_by: ['']",
		// wrong types and forms
		"tracing: 1", "tracing: []", "sample_rate: '0.5'", "sample_rate: 50%", "sample_rate: true", "sample_rate: [0.5]", "dry_run: 'true'", "dry_run: 0",
		"telemetry: {max_namespaces: 1.5}", "telemetry: {max_namespaces: '1'}", "tracing: {always_keep: 'true'}", "namespaces: 0.5", "namespaces: often",
		"namespaces: {'rust::linear': 0.5}", "namespaces: {a: often}", "namespaces: {a: true}", "namespaces: {a: [1]}", "namespaces: [a]", "namespaces: [0.5]",
		"postgres: {dsn: host=a, wait: 200}", "postgres: {dsn: host=a, wait: 200 ms}", "budgets: {interval: 10}", "budgets: {interval: '10'}",
		"namespaces: {a: {sample_rate: 1, until: tomorrow}}", "namespaces: {a: {sample_rate: 1, until: ''}}", "namespaces: {a: {sample_rate: 1, until: 2030}}",
		"namespace: {missing_values: [1.5]}", "namespace: {write_to: [a]}",
		// wrong values
		"sample_rate: 50", "sample_rate: -0.1", "namespaces: {a: 50}", "namespaces: {a: {sample_rate: -1}}", "namespaces: [{name: a, sample_rate: 2}]",
		"budgets: {min_sample_rate: 0}", "tracing: {budget: {items_per_second: 0}}", "tracing: {namespaces: {a: {items_per_second: -1}}}",
		"tracing: {namespaces: {a: {sample_rate: 1, items_per_second: 1}}}", "namespaces: {a: {items_per_second: 1}}", "metrics: {namespaces: {a: {items_per_second: 1}}}",
		"tracing: {mode: equal}", "tracing: {sampling_precision: 15}", "consistent_by: [a, a]", "metrics: {remainder: {max_tracked: 1073741825}}",
		"postgres: {dsn: host=a, query_timeout: 0s}", "postgres: {dsn: host=a, query_timeout: 0}", "postgres: {dsn: host=a, wait: -1s}",
		"postgres: {dsn: host=a, lookups: [{attribute: a, query: SELECT 1}]}", "postgres: {dsn: host=a, lookups: [{attribute: '', query: SELECT $$1}]}",
	} {
		byCollector, bySchema := judge(settings)
		require.Error(t, byCollector, settings)
		require.Error(t, bySchema, settings)
	}
}

// What a schema cannot tell, the collector does.
func TestOnlyTheCollectorRefuses(t *testing.T) {
	judge := judges(t)
	for settings, want := range map[string]string{
		"tracing: {always_keep: [span.nam == 1]}":                                              "must be an OTTL condition",
		"postgres: {dsn: 'host=a port=x'}":                                                     "is not a valid connection URL",
		"budgets: {interval: 10ms}":                                                            "must be between 100ms and 1h0m0s",
		"postgres: {dsn: host=a, query_timeout: 10us}":                                         "must be at least 1ms",
		"budgets: {min_sample_rate: 0.5, initial_sample_rate: 0.1}":                            "must not be below budgets::min_sample_rate",
		"tracing: {budget: {items_per_second: 1}, sample_rate: 1}":                             "must stand alone",
		"{tracing: {sampling_precision: 2, budget: {items_per_second: 1}}}":                    "must be at least 3 with budgets",
		"tracing: {sampler: trace_id_ratio, hold: {wait: 1s}}":                                 "must be 0 with tracing::sampler trace_id_ratio",
		"metrics: {remainder: {enabled: true}}":                                                "must list the attributes",
		"namespaces: {unknown: 1}":                                                             "counts as absent",
		"namespaces: [{name: a, sample_rate: 1}, {name: a, sample_rate: 0}]":                   "must be listed once",
		"sample_rate: 1e-20":                                                                   "must be 0 or at least 2^-56",
		"sample_rate: ${env:TEXT}":                                                             "must be a rate between 0 and 1",
		"sample_rate: ${env:UNSET}":                                                            "an environment variable that is not set",
		"postgres: {dsn: host=a, layout: none, registry: {query: ''}}":                         "none leaves nothing to read",
		"postgres: {dsn: host=a, overrides: {table: 'a; DROP TABLE b'}}":                       "must be the name of a table",
		"postgres: {dsn: host=a, registry: {query: 'SELECT slug FROM t WHERE id = ANY($$1)'}}": "must be SQL without parameters",
	} {
		byCollector, bySchema := judge(settings)
		require.ErrorContains(t, byCollector, want, settings)
		assert.NoError(t, bySchema, settings)
	}
}

// What the collector accepts beyond what is documented, or only together with other files, the schema does not.
func TestOnlyTheSchemaRefuses(t *testing.T) {
	judge := judges(t)
	for _, settings := range []string{
		"tracing::sample_rate: 0.5",                                 // a key of an inner section
		"postgres: {dsn: host=a, wait: 200000000}",                  // nanoseconds
		"namespaces: {a: {sample_rate: 1, until: 2030-01-01}}",      // a date without a time
		"inspect: {read_timeout: -1s}",                              // no limit
		"consistent_by: 7",                                          // a number in place of a list
		"namespaces: {a: {sample_rate: 1, items_per_second: null}}", // a null that replaces nothing
		"inspect: {auth: {authenticator: true}}",                    // a switch in place of a name
		"inspect: {transport: udp}",                                 // what cannot be listened at
	} {
		byCollector, bySchema := judge(settings)
		require.NoError(t, byCollector, settings)
		require.Error(t, bySchema, settings)
	}
}
