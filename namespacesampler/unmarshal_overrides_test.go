// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// yamlOf returns the configuration in YAML.
func yamlOf(t *testing.T, yaml string) *confmap.Conf {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf
}

func TestOverridesAreMapsOrLists(t *testing.T) {
	const until = "2026-12-01T00:00:00Z"
	for yaml, want := range map[string]namespacesampler.Overrides{
		"{payments: 1, orders: 0.5}":                                        {{Name: "orders", SampleRate: new(0.5)}, {Name: "payments", SampleRate: new(1.0)}},
		"{payments: {sample_rate: 1}}":                                      {{Name: "payments", SampleRate: new(1.0)}},
		"{payments: {sample_rate: 1, until: " + until + "}}":                {{Name: "payments", SampleRate: new(1.0), Until: until}},
		`{payments: {sample_rate: 1, until: "` + until + `"}}`:              {{Name: "payments", SampleRate: new(1.0), Until: until}},
		"{payments: {sample_rate: 1, until: 2026-12-01}}":                   {{Name: "payments", SampleRate: new(1.0), Until: until}},
		"{payments: {sample_rate: 1, until: null}}":                         {{Name: "payments", SampleRate: new(1.0)}},
		"[{name: 'rust::a', sample_rate: 0}, {name: b*, sample_rate: 0.5}]": {{Name: "rust::a", SampleRate: new(0.0)}, {Name: "b*", SampleRate: new(0.5)}},
		"[{name: a, sample_rate: 1, until: 2026-12-01T09:00:00.5+09:00}]":   {{Name: "a", SampleRate: new(1.0), Until: "2026-12-01T09:00:00.5+09:00"}},
		`{"rust_*": 0.25, "?": 1}`:                                          {{Name: "?", SampleRate: new(1.0)}, {Name: "rust_*", SampleRate: new(0.25)}},
		"{payments: null}":                                                  nil,
		"{}":                                                                nil,
		"[]":                                                                nil,
		"null":                                                              nil,
	} {
		for _, section := range []string{"namespaces: %s", "tracing: {namespaces: %s}", "metrics: {namespaces: %s}"} {
			cfg := defaults()
			require.NoError(t, yamlOf(t, fmt.Sprintf(section, yaml)).Unmarshal(cfg), yaml)
			require.NoError(t, confmap.Validate(cfg), yaml)
			got := append(append(cfg.Namespaces, cfg.Tracing.Namespaces...), cfg.Metrics.Namespaces...)
			assert.Equal(t, want, got, section, yaml)
		}
	}
}

// The empty name is the override of items without a namespace, so a missing value can be one.
func TestTheEmptyNameCanHaveAnOverride(t *testing.T) {
	for _, yaml := range []string{`{"": 0.5, payments: 1}`, `[{name: "", sample_rate: 0.5}, {name: payments, sample_rate: 1}]`} {
		for _, section := range []string{"namespaces: %s", "tracing: {namespaces: %s}", "metrics: {namespaces: %s}"} {
			cfg := defaults()
			require.NoError(t, samplertest.Resolve(t, fmt.Sprintf(section, yaml)).Unmarshal(cfg))
			require.NoError(t, confmap.Validate(cfg))
			got := slices.Concat(cfg.Namespaces, cfg.Tracing.Namespaces, cfg.Metrics.Namespaces)
			assert.Equal(t, namespacesampler.Overrides{{Name: "", SampleRate: new(0.5)}, {Name: "payments", SampleRate: new(1.0)}}, got)
		}
	}
	cfg := defaults()
	require.NoError(t, samplertest.Resolve(t, `namespaces: {"": 50, unknown: 1}`).Unmarshal(cfg))
	err := confmap.Validate(cfg)
	require.ErrorContains(t, err, `namespaces::"": sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)`)
	require.ErrorContains(t, err, `namespaces::unknown: must be a namespace: "unknown" counts as absent`)
}

// The collector makes texts of keys that YAML reads as something else.
func TestANullIsNoName(t *testing.T) {
	for _, key := range []string{"null", "~", "'<nil>'"} {
		err := samplertest.Resolve(t, "namespaces:\n  "+key+": 1").Unmarshal(defaults())
		require.ErrorContains(t, err, `namespaces: has null as a name: put the name "null" in quotes`, key)
	}
	cfg := defaults()
	require.NoError(t, samplertest.Resolve(t, `
namespaces: {"null": 0, 1042: 0.5, "007": 1}
tracing: {namespaces: [{name: "<nil>", sample_rate: 0.5}]}`).Unmarshal(cfg))
	assert.Equal(t, namespacesampler.Overrides{{Name: "007", SampleRate: new(1.0)}, {Name: "1042", SampleRate: new(0.5)}, {Name: "null", SampleRate: new(0.0)}}, cfg.Namespaces)
	assert.Equal(t, namespacesampler.Overrides{{Name: "<nil>", SampleRate: new(0.5)}}, cfg.Tracing.Namespaces)
}

func TestRatesThatAreTextAreRefusedWithWhatIsRight(t *testing.T) {
	t.Setenv("RATE", "50%")
	for value, want := range map[string]string{
		"50%":          `must be a rate between 0 and 1, got "50%" (for 50 % write 0.5)`,
		"'0.5 %'":      `must be a rate between 0 and 1, got "0.5 %" (for 0.5 % write 0.005)`,
		"'50'":         `must be a rate between 0 and 1, got "50" (for 50 % write 0.5)`,
		"'0.5'":        `must be a rate between 0 and 1, got "0.5" (write 0.5 without quotes)`,
		"200%":         `must be a rate between 0 and 1, got "200%"`,
		"often":        `must be a rate between 0 and 1, got "often"`,
		"true":         `must be a rate between 0 and 1, got true`,
		"[0.5]":        `must be a rate between 0 and 1, got a list`,
		"${env:RATE}":  `must be a rate between 0 and 1, got "50%" (for 50 % write 0.5)`,
		"${env:U:-''}": `must be a rate between 0 and 1, got "''"`,
	} {
		for key, section := range map[string]string{
			"sample_rate":                    "sample_rate: %s",
			"tracing::sample_rate":           "tracing:\n  sample_rate: %s",
			"metrics::detailed::sample_rate": "metrics:\n  detailed:\n    sample_rate: %s",
			"namespaces::payments":           "namespaces:\n  payments: %s",
			"namespaces::0::sample_rate":     "namespaces:\n- name: payments\n  sample_rate: %s",
		} {
			require.ErrorContains(t, samplertest.Resolve(t, fmt.Sprintf(section, value)).Unmarshal(defaults()), key+": "+want)
		}
	}
}

func TestInvalidFormsOfOverridesAreRefused(t *testing.T) {
	for yaml, want := range map[string]string{
		"0.5": "namespaces: must map names of namespaces to rates, such as {payments: 0.5}, or be a list of " +
			"{name, sample_rate, until}, got 0.5",
		`{"rust::linear::flow": 0.5}`: `namespaces::rust: must be a rate between 0 and 1, or {sample_rate, until}, got the key "linear" ` +
			`(if the name is "rust::linear::flow": a name that holds "::" cannot be a key; list it, such as ` +
			`namespaces: [{name: "rust::linear::flow", sample_rate: 0.5}])`,
		"{payments: {rate: 1}}":                      `namespaces::payments: must be a rate between 0 and 1, or {sample_rate, until}, got the key "rate"`,
		"{payments: all}":                            `namespaces::payments: must be a rate between 0 and 1, got "all"`,
		"{payments: true}":                           `namespaces::payments: must be a rate between 0 and 1, got true`,
		"{payments: {}}":                             `namespaces::payments::sample_rate: must be a rate between 0 and 1, got none`,
		"{payments: {until: 2026-12-01T00:00:00Z}}":  `namespaces::payments::sample_rate: must be a rate between 0 and 1, got none`,
		"{payments: {sample_rate: 1, until: 5}}":     `namespaces::payments::until: must be a time with its zone, such as 2026-12-01T00:00:00Z, got 5`,
		"[payments]":                                 `namespaces::0: must be an object {name, sample_rate, until}, got "payments"`,
		"[{sample_rate: 1}]":                         `namespaces::0::name: must be the name of a namespace, or a pattern, got none`,
		"[{name: a}]":                                `namespaces::0::sample_rate: must be a rate between 0 and 1, got none`,
		"[{name: a, sample_rate: 1, end: tomorrow}]": `namespaces::0: must be an object {name, sample_rate, until}, got the key "end"`,
	} {
		require.ErrorContains(t, yamlOf(t, "namespaces: "+yaml).Unmarshal(defaults()), want, yaml)
	}
}

// The overrides of several files add up. A later file can replace, change a field of, or remove an override.
func TestOverridesOfSeveralFilesMerge(t *testing.T) {
	conf := yamlOf(t, `namespaces: {payments: 1, orders: 1, billing: {sample_rate: 1, until: 2026-12-01T00:00:00Z}, gone: 0.5}`)
	require.NoError(t, conf.Merge(yamlOf(t, `namespaces: {orders: 0.5, billing: {sample_rate: 0.25}, gone: null, "new*": 0.125}`)))
	cfg := defaults()
	require.NoError(t, conf.Unmarshal(cfg))
	assert.Equal(t, namespacesampler.Overrides{
		{Name: "billing", SampleRate: new(0.25), Until: "2026-12-01T00:00:00Z"},
		{Name: "new*", SampleRate: new(0.125)},
		{Name: "orders", SampleRate: new(0.5)},
		{Name: "payments", SampleRate: new(1.0)},
	}, cfg.Namespaces)
}

// This is the collector's doing, and documented.
func TestAMapInALaterFileReplacesAList(t *testing.T) {
	const list, byName = "namespaces: [{name: payments, sample_rate: 1}]", "namespaces: {orders: 0.5}"
	for want, files := range map[string][]string{"orders": {list, byName}, "payments": {byName, list}} {
		cfg := defaults()
		require.NoError(t, samplertest.Resolve(t, files...).Unmarshal(cfg))
		require.Len(t, cfg.Namespaces, 1)
		assert.Equal(t, want, cfg.Namespaces[0].Name)
	}
}

// So is this.
func TestNamesWithoutQuotesAreThoseThatYAMLReads(t *testing.T) {
	for key, want := range map[string]string{
		"007": "7", "1.0": "1", "0x10": "16", "1042": "1042", "True": "true", "2026-12-01": "2026-12-01 00:00:00 +0000 UTC", "'007'": "007", "'1.0'": "1.0",
	} {
		cfg := defaults()
		require.NoError(t, samplertest.Resolve(t, "namespaces:\n  "+key+": 1").Unmarshal(cfg))
		require.Len(t, cfg.Namespaces, 1)
		assert.Equal(t, want, cfg.Namespaces[0].Name, key)
	}
}

func TestPrintedOverridesLoadAgain(t *testing.T) {
	cfg := defaults()
	require.NoError(t, yamlOf(t, `
namespaces: [{name: "rust::a", sample_rate: 0.5}, {name: "b*", sample_rate: 0, until: 2026-12-01T00:00:00Z}]
tracing: {namespaces: {payments: {sample_rate: 1, until: "2026-12-01T00:00:00Z"}}}`).Unmarshal(cfg))
	printed := confmap.New()
	require.NoError(t, printed.Marshal(cfg))
	again := defaults()
	require.NoError(t, confmap.NewFromStringMap(printed.ToStringMap()).Unmarshal(again))
	assert.Equal(t, cfg.Namespaces, again.Namespaces)
	assert.Equal(t, cfg.Tracing.Namespaces, again.Tracing.Namespaces)
	require.Len(t, again.Namespaces, 2)
}
