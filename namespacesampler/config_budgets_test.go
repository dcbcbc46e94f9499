// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// configured returns the configuration of files, or what is wrong with it.
func configured(t *testing.T, files ...string) (*namespacesampler.Config, error) {
	t.Helper()
	cfg := defaults()
	if err := samplertest.Resolve(t, files...).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func budgetOf(items namespacesampler.ItemsPerSecond) *namespacesampler.ItemsPerSecond { return &items }

func TestOverridesCanBeBudgets(t *testing.T) {
	t.Setenv("ITEMS", "200")
	want := namespacesampler.Overrides{{Name: "analytics", ItemsPerSecond: budgetOf(200)}}
	for name, yaml := range map[string]string{
		"in a map":                    `{analytics: {items_per_second: 200}}`,
		"in a list":                   `[{name: analytics, items_per_second: 200}]`,
		"as a fraction":               `{analytics: {items_per_second: 200.0}}`,
		"in a variable":               `{analytics: {items_per_second: "${env:ITEMS}"}}`,
		"beside a rate that is null":  `{analytics: {items_per_second: 200, sample_rate: null}}`,
		"beside a null of a variable": `{analytics: {items_per_second: 200, sample_rate: "${env:RATE:-null}"}}`,
		"without an end":              `{analytics: {items_per_second: 200, until: null}}`,
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := configured(t, `tracing: {namespaces: `+yaml+`}`)
			require.NoError(t, err)
			assert.Equal(t, want, cfg.Tracing.Namespaces)
			cfg, err = configured(t, `logs: {namespaces: `+yaml+`}`)
			require.NoError(t, err)
			assert.Equal(t, want, cfg.Logs.Namespaces)
		})
	}
	cfg, err := configured(t, `tracing: {namespaces: {"": {items_per_second: 0.5}, "big_*": {items_per_second: 1e3, until: 2030-01-01T00:00:00Z}}}`)
	require.NoError(t, err)
	assert.Equal(t, namespacesampler.Overrides{
		{ItemsPerSecond: budgetOf(0.5)}, {Name: "big_*", ItemsPerSecond: budgetOf(1000), Until: "2030-01-01T00:00:00Z"},
	}, cfg.Tracing.Namespaces)
}

func TestABudgetThatMakesNoSenseIsRefused(t *testing.T) {
	t.Setenv("RATE", "0.5")
	const (
		key    = "tracing::namespaces::analytics::items_per_second: "
		number = "must be a number of items above 0, such as 200, got "
		shared = "namespaces::analytics::items_per_second: a budget is for one signal: write it in tracing::namespaces for spans, or in " +
			"logs::namespaces for log records, got 200"
		points = "metrics::namespaces::analytics::items_per_second: a budget is for spans and log records only, since series are kept or dropped as " +
			"wholes: write a sample_rate, got 200"
		both = "must have either sample_rate or items_per_second, got both (to replace the one of an earlier file, set it to null)"
		rate = "must stand alone: it is in place of "
	)
	for name, c := range map[string]struct{ yaml, want string }{
		"0":         {`tracing: {namespaces: {analytics: {items_per_second: 0}}}`, key + number + "0"},
		"negative":  {`tracing: {namespaces: {analytics: {items_per_second: -5}}}`, key + number + "-5"},
		"infinite":  {`tracing: {namespaces: {analytics: {items_per_second: .inf}}}`, key + number + "+Inf"},
		"NaN":       {`tracing: {namespaces: {analytics: {items_per_second: .nan}}}`, key + number + "NaN"},
		"a switch":  {`tracing: {namespaces: {analytics: {items_per_second: true}}}`, key + number + "true"},
		"a list":    {`tracing: {namespaces: {analytics: {items_per_second: [1]}}}`, key + number + "a list"},
		"text":      {`tracing: {namespaces: {analytics: {items_per_second: many}}}`, key + number + `"many"`},
		"quoted":    {`tracing: {namespaces: {analytics: {items_per_second: "200"}}}`, key + number + `"200" (write 200 without quotes)`},
		"with unit": {`tracing: {namespaces: {analytics: {items_per_second: 200/s}}}`, key + number + `"200/s"`},
		"in a list": {
			`logs: {namespaces: [{name: analytics, items_per_second: "a"}]}`, "logs::namespaces::0::items_per_second: " + number + `"a"`,
		},
		"of a signal, 0":        {`logs: {budget: {items_per_second: 0}}`, "logs::budget::items_per_second: " + number + "0"},
		"of a signal, NaN":      {`tracing: {budget: {items_per_second: .nan}}`, "tracing::budget::items_per_second: " + number + "NaN"},
		"of a signal, text":     {`tracing: {budget: {items_per_second: many}}`, "tracing::budget::items_per_second: " + number + `"many"`},
		"of a signal, no key":   {`tracing: {budget: {}}`, "tracing::budget::items_per_second: " + number + "0"},
		"of a signal, misspelt": {`tracing: {budget: {spans_per_second: 5}}`, "has invalid keys: spans_per_second"},
		"a variable that is not set": {
			`tracing: {namespaces: {analytics: {items_per_second: "${env:UNSET}"}}}`, key + number + "an environment variable that is not set or empty",
		},
		"a variable that is not set, beside a rate": {
			`tracing: {namespaces: {analytics: {sample_rate: 0.5, items_per_second: "${env:UNSET}"}}}`, "tracing::namespaces::analytics: " + both,
		},
		"neither": {
			`tracing: {namespaces: {analytics: {items_per_second: null}}}`,
			"tracing::namespaces::analytics: must have sample_rate or items_per_second, got neither",
		},
		"neither, in a list": {
			`logs: {namespaces: [{name: analytics}]}`, "logs::namespaces::0: must have sample_rate or items_per_second, got neither",
		},
		"neither, for data points": {
			`metrics: {namespaces: {analytics: {until: 2030-01-01T00:00:00Z}}}`, "metrics::namespaces::analytics::sample_rate: must be a rate between 0 and 1, got none",
		},
		"both":                       {`tracing: {namespaces: {analytics: {sample_rate: 0.5, items_per_second: 200}}}`, "tracing::namespaces::analytics: " + both},
		"both, in a list":            {`logs: {namespaces: [{name: a, sample_rate: 0, items_per_second: 200}]}`, "logs::namespaces::0: " + both},
		"both, from a variable":      {`logs: {namespaces: {a: {sample_rate: "${env:RATE}", items_per_second: 200}}}`, "logs::namespaces::a: " + both},
		"for all signals":            {`namespaces: {analytics: {items_per_second: 200}}`, shared},
		"for data points":            {`metrics: {namespaces: {analytics: {items_per_second: 200}}}`, points},
		"beside the rate of spans":   {`tracing: {sample_rate: 0.5, budget: {items_per_second: 200}}`, "tracing::budget: " + rate + "tracing::sample_rate, got both"},
		"beside the rate of records": {`logs: {sample_rate: 0.5, budget: {items_per_second: 200}}`, "logs::budget: " + rate + "logs::sample_rate, got both"},
		"an unknown key beside it": {
			`tracing: {namespaces: {analytics: {items_per_second: 200, burst: 2}}}`,
			`tracing::namespaces::analytics: must be a rate between 0 and 1, {sample_rate, until} or {items_per_second, until}, got the key "burst"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configured(t, c.yaml)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestBudgetsNeedThresholdsWithThreeDigits(t *testing.T) { // B4
	for name, budget := range map[string]string{
		"of spans":                  `tracing: {budget: {items_per_second: 200}}`,
		"of log records":            `logs: {budget: {items_per_second: 200}}`,
		"of spans of a namespace":   `tracing: {namespaces: {analytics: {items_per_second: 200}}}`,
		"of records of a namespace": `logs: {namespaces: {"a*": {items_per_second: 200}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configured(t, budget, `tracing: {sampling_precision: 2}`)
			require.ErrorContains(t, err, "tracing::sampling_precision: must be at least 3 with budgets, whose rates change by a few per cent, got 2")
			_, err = configured(t, budget, `tracing: {sampling_precision: 3}`)
			require.NoError(t, err)
		})
	}
	_, err := configured(t, `tracing: {sampling_precision: 1, namespaces: {analytics: 0.5}}`)
	require.NoError(t, err, "rates need none")
}

func TestBoundsOfBudgets(t *testing.T) {
	cfg, err := configured(t, `budgets: {interval: 100ms, min_sample_rate: 0.5, initial_sample_rate: 0.5}`)
	require.NoError(t, err)
	assert.Equal(t, namespacesampler.BudgetsConfig{Interval: 100 * time.Millisecond, MinSampleRate: 0.5, InitialSampleRate: 0.5}, cfg.Budgets)
	_, err = configured(t, `budgets: {interval: 1h, min_sample_rate: 1, initial_sample_rate: 1}`)
	require.NoError(t, err)
	for yaml, want := range map[string]string{
		"interval: 99ms":               "budgets::interval: must be between 100ms and 1h0m0s, e.g. 10s, got 99ms",
		"interval: 61m":                "budgets::interval: must be between 100ms and 1h0m0s, e.g. 10s, got 1h1m0s",
		"interval: 0s":                 "budgets::interval: must be between 100ms and 1h0m0s, e.g. 10s, got 0s",
		"interval: -1s":                "budgets::interval: must be between 100ms and 1h0m0s, e.g. 10s, got -1s",
		"min_sample_rate: 0":           "budgets::min_sample_rate: must be above 0, e.g. 0.0001, got 0",
		"min_sample_rate: 5":           "budgets::min_sample_rate: sample rate must be between 0 and 1, got 5 (for 5 % write 0.05)",
		"min_sample_rate: .nan":        "budgets::min_sample_rate: sample rate must be between 0 and 1, got NaN",
		"min_sample_rate: 1e-30":       "budgets::min_sample_rate: sample rate must be 0 or at least 2^-56",
		"min_sample_rate: often":       `budgets::min_sample_rate: must be a rate between 0 and 1, got "often"`,
		"initial_sample_rate: 0":       "budgets::initial_sample_rate: must be above 0, e.g. 0.0001, got 0",
		"initial_sample_rate: 1.5":     "budgets::initial_sample_rate: sample rate must be between 0 and 1, got 1.5",
		"initial_sample_rate: 0.00001": "budgets::initial_sample_rate: must not be below budgets::min_sample_rate (0.0001), got 1e-05",
		"items_per_second: 5":          "has invalid keys: items_per_second",
	} {
		_, err := configured(t, "budgets: {"+yaml+"}")
		require.ErrorContains(t, err, want, yaml)
	}
}

func TestBudgetsOfSeveralFilesMerge(t *testing.T) {
	const earlier = `tracing: {namespaces: {payments: 0.5, analytics: {sample_rate: 0.1, until: 2030-01-01T00:00:00Z}, audit: {items_per_second: 7}}}`
	for name, c := range map[string]struct {
		later string
		want  namespacesampler.Overrides
	}{
		"a budget replaces a rate without a key": {
			`{payments: {items_per_second: 200}, analytics: null, audit: null}`, namespacesampler.Overrides{{Name: "payments", ItemsPerSecond: budgetOf(200)}},
		},
		"a budget replaces a rate, which is set to null, and the end is kept": {
			`{payments: null, analytics: {items_per_second: 200, sample_rate: null}, audit: null}`,
			namespacesampler.Overrides{{Name: "analytics", ItemsPerSecond: budgetOf(200), Until: "2030-01-01T00:00:00Z"}},
		},
		"a rate replaces a budget": {`{payments: null, analytics: null, audit: 1}`, namespacesampler.Overrides{{Name: "audit", SampleRate: new(1.0)}}},
		"a budget replaces a budget": {
			`{payments: null, analytics: null, audit: {items_per_second: 8}}`, namespacesampler.Overrides{{Name: "audit", ItemsPerSecond: budgetOf(8)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := configured(t, earlier, "tracing: {namespaces: "+c.later+"}")
			require.NoError(t, err)
			assert.Equal(t, c.want, cfg.Tracing.Namespaces)
		})
	}
	_, err := configured(t, earlier, `tracing: {namespaces: {analytics: {items_per_second: 200}}}`)
	require.ErrorContains(t, err, "tracing::namespaces::analytics: must have either sample_rate or items_per_second, got both")

	cfg, err := configured(t, `logs: {budget: {items_per_second: 200}}`, `logs: {budget: null, sample_rate: 0.5}`)
	require.NoError(t, err)
	assert.False(t, cfg.Logs.Budget.HasValue())
	cfg, err = configured(t, `logs: {sample_rate: 0.5}`, `logs: {budget: {items_per_second: 200}, sample_rate: null}`)
	require.NoError(t, err)
	assert.Nil(t, cfg.Logs.SampleRate)
	assert.InDelta(t, 200, float64(cfg.Logs.Budget.Get().ItemsPerSecond), 0)
}
