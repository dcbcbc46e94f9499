// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

const isUnset = "got an environment variable that is not set or empty (write ${env:NAME:-default} for a default)"

// yaml returns a configuration that sets the key to a value.
func (k configKey) yaml(value string) (yaml string) {
	for depth, name := range k.path {
		yaml += "\n" + strings.Repeat(" ", depth) + name + ":"
	}
	return yaml + " " + value
}

func TestAVariableThatIsNotSetIsRefusedForEveryKey(t *testing.T) {
	for _, key := range configKeys(reflect.TypeFor[namespacesampler.Config]()) {
		err := samplertest.Resolve(t, key.yaml("${env:UNSET}")).Unmarshal(defaults())
		require.ErrorContains(t, err, key.String()+": must have a value, "+isUnset)
	}
}

func TestAVariableThatIsNotSetIsRefusedInAnyFormOfTheReference(t *testing.T) {
	t.Setenv("EMPTY", "") // the collector hands both over alike
	t.Setenv("BLANK", "  ")
	t.Setenv("COMMENT", "# a comment")
	for _, form := range []string{"${env:COMMENT}", `"${env:UNSET}"`, "${UNSET}", "${env:EMPTY}", "${env:BLANK}", "${env:EMPTY:-default}", "${env:UNSET}${env:EMPTY}"} {
		err := samplertest.Resolve(t, "tracing:\n  sample_rate: "+form).Unmarshal(defaults())
		require.ErrorContains(t, err, "tracing::sample_rate: must have a value, "+isUnset, form)
	}
}

func TestAVariableThatIsNotSetIsRefusedInListsAndMaps(t *testing.T) {
	for want, yaml := range map[string]string{
		"namespace::attributes::1: must have a value, ":          `namespace: {attributes: [a, "${env:UNSET}"]}`,
		"namespace::missing_values::0: must have a value, ":      `namespace: {missing_values: ["${env:UNSET}"]}`,
		"tracing::always_keep::0: must have a value, ":           `tracing: {always_keep: ["${env:UNSET}"]}`,
		"postgres::lookups::0: must have a value, ":              `postgres: {lookups: ["${env:UNSET}"]}`,
		"postgres::lookups::0::attribute: must have a value, ":   `postgres: {lookups: [{attribute: "${env:UNSET}", query: a}]}`,
		"inspect::response_headers::X-A: must have a value, ":    `inspect: {response_headers: {X-A: "${env:UNSET}"}}`,
		"inspect::response_headers::0::value: must have a value": `inspect: {response_headers: [{name: X-A, value: "${env:UNSET}"}]}`,
		"postgres::enabled: must have a value, ":                 `postgres: {enabled: "${env:UNSET}"}`,
	} {
		require.ErrorContains(t, samplertest.Resolve(t, yaml).Unmarshal(defaults()), want, yaml)
	}
}

func TestAVariableThatIsNotSetIsRefusedForOverrides(t *testing.T) {
	const rate = "must be a rate between 0 and 1, " + isUnset
	for want, yaml := range map[string]string{
		"namespaces::payments: " + rate + "; a null removes the override of an earlier file": `namespaces: {payments: "${env:UNSET}"}`,
		"namespaces::orders: " + rate:                                                                         "namespaces:\n  orders: ${env:UNSET}",
		"tracing::namespaces::payments::sample_rate: " + rate:                                                 `tracing: {namespaces: {payments: {sample_rate: "${env:UNSET}"}}}`,
		"metrics::namespaces::0::sample_rate: " + rate:                                                        `metrics: {namespaces: [{name: payments, sample_rate: "${env:UNSET}"}]}`,
		"namespaces::0::name: must have a value, " + isUnset:                                                  `namespaces: [{name: "${env:UNSET}", sample_rate: 1}]`,
		"namespaces::0: must be an object {name, sample_rate, until}, " + isUnset:                             `namespaces: ["${env:UNSET}"]`,
		"namespaces::payments::until: must be a time with its zone, such as 2026-12-01T00:00:00Z, " + isUnset: `namespaces: {payments: {sample_rate: 1, until: "${env:UNSET}"}}`,
		"namespaces::0::until: must be a time with its zone, such as 2026-12-01T00:00:00Z, " + isUnset:        `namespaces: [{name: a, sample_rate: 1, until: "${env:UNSET}"}]`,
		`namespaces::a::until: must be a time with its zone, such as 2026-12-01T00:00:00Z, got "" (leave it out, or write null, if the override does not end)`: `namespaces: {a: {sample_rate: 1, until: "${env:UNSET:-}"}}`,
	} {
		require.ErrorContains(t, samplertest.Resolve(t, yaml).Unmarshal(defaults()), want, yaml)
	}
}

func TestANullThatIsWrittenOutRemovesAnOverride(t *testing.T) {
	t.Setenv("NULL", "null")
	for _, null := range []string{"null", "~", "${env:UNSET:-null}", "${env:NULL}"} {
		cfg := defaults()
		require.NoError(t, samplertest.Resolve(t, "namespaces: {payments: 1, orders: 0.5}",
			"namespaces:\n  payments: "+null).Unmarshal(cfg), null)
		assert.Equal(t, namespacesampler.Overrides{{Name: "orders", SampleRate: new(0.5)}}, cfg.Namespaces, null)

		cfg = defaults()
		require.NoError(t, samplertest.Resolve(t, "namespaces: {payments: {sample_rate: 1, until: 2026-12-01T00:00:00Z}}",
			"namespaces:\n  payments:\n    until: "+null).Unmarshal(cfg), null)
		assert.Equal(t, namespacesampler.Overrides{{Name: "payments", SampleRate: new(1.0)}}, cfg.Namespaces, null)
	}
}

// The collector resolves these before it calls the component.
func TestAVariableThatIsNotSetIsNotNoticedInsideALongerText(t *testing.T) {
	cfg := defaults()
	require.NoError(t, samplertest.Resolve(t, `postgres: {dsn: "postgres://app:${env:UNSET}@db/app"}
namespace: {missing_values: ["${env:UNSET:-${env:UNSET}}"]}`).Unmarshal(cfg))
	assert.Equal(t, "postgres://app:@db/app", string(cfg.Postgres.Get().DSN))
	assert.Equal(t, []string{""}, cfg.Namespace.MissingValues)
}

func TestOverridesAreTakenFromVariables(t *testing.T) {
	t.Setenv("RATE", "0.5")
	t.Setenv("UNTIL", "2026-12-01T00:00:00Z")
	t.Setenv("OVERRIDES", "{payments: 1, 'rust::a': {sample_rate: 0.25, until: 2026-12-01T00:00:00Z}}")
	t.Setenv("OVERRIDE", "{sample_rate: 0.5, until: 2026-12-01T00:00:00Z}")
	cfg := defaults()
	require.NoError(t, samplertest.Resolve(t, `
sample_rate: ${env:RATE}
namespaces: {payments: "${env:RATE}", orders: {sample_rate: "${env:RATE}", until: "${env:UNTIL}"}, billing: "${env:OVERRIDE}"}
tracing: {sample_rate: "${env:RATE}", namespaces: "${env:OVERRIDES}"}
metrics: {namespaces: [{name: payments, sample_rate: "${env:RATE}"}]}`).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	assert.InDelta(t, 0.5, cfg.SampleRate, 0)
	assert.InDelta(t, 0.5, *cfg.Tracing.SampleRate, 0)
	assert.Equal(t, namespacesampler.Overrides{
		{Name: "billing", SampleRate: new(0.5), Until: "2026-12-01T00:00:00Z"},
		{Name: "orders", SampleRate: new(0.5), Until: "2026-12-01T00:00:00Z"},
		{Name: "payments", SampleRate: new(0.5)},
	}, cfg.Namespaces)
	assert.Equal(t, namespacesampler.Overrides{
		{Name: "payments", SampleRate: new(1.0)}, {Name: "rust::a", SampleRate: new(0.25), Until: "2026-12-01T00:00:00Z"},
	}, cfg.Tracing.Namespaces)
}
