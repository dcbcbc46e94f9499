// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

const testdata = "../testdata/"

func defaults() *namespacesampler.Config {
	return namespacesampler.NewFactory().CreateDefaultConfig().(*namespacesampler.Config)
}

func TestTheDefaultsAreThoseOfTheDocumentedConfiguration(t *testing.T) {
	cfg := defaults()
	require.NoError(t, confmap.Validate(cfg))
	assert.False(t, cfg.Postgres.HasValue(), "no database unless it is configured")

	full := samplertest.LoadFiles(t, testdata+"full.yaml") // shows every default
	assert.Equal(t, "namespace", full.Namespace.WriteTo)
	full.Namespace.WriteTo = "" // the default depends on the attributes
	assert.Equal(t, cfg.Namespace, full.Namespace)
	assert.InDelta(t, cfg.SampleRate, full.SampleRate, 0)
	full.Tracing.SampleRate, full.Tracing.Namespaces = nil, nil // examples
	assert.Equal(t, namespacesampler.Conditions{`span.attributes["http.route"] == "/login"`}, full.Tracing.AlwaysKeep)
	assert.Equal(t, namespacesampler.Conditions{"span.status.code == STATUS_CODE_ERROR"}, full.Tracing.AlwaysKeepTraces)
	full.Tracing.AlwaysKeep, full.Tracing.AlwaysKeepTraces, full.Spans.Internal.Match = nil, nil, nil
	assert.Equal(t, cfg.Tracing, full.Tracing)
	assert.Equal(t, cfg.Spans, full.Spans)
	assert.Equal(t, cfg.DryRun, full.DryRun)
	assert.Len(t, full.Metrics.Detailed.Match, 1)
	assert.Empty(t, full.Metrics.Remainder.Without)
	full.Metrics.Detailed.SampleRate, full.Metrics.Detailed.Match, full.Metrics.Namespaces, full.Metrics.Remainder.Without = nil, nil, nil, nil
	assert.Equal(t, cfg.Metrics, full.Metrics)
	assert.Equal(t, cfg.Budgets, full.Budgets)
	assert.Equal(t, cfg.Telemetry, full.Telemetry)
	full.Postgres.Get().DSN, full.Postgres.Get().Lookups = "", nil
	assert.Equal(t, cfg.Postgres.GetOrInsertDefault(), full.Postgres.Get())
	assert.False(t, cfg.Inspect.HasValue(), "no server unless it is configured")
	assert.Equal(t, cfg.Inspect.GetOrInsertDefault(), full.Inspect.Get())
}

func TestEveryConfigurationInTestdataLoads(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://localhost/tasker")
	for _, file := range []string{"minimal.yaml", "full.yaml", "lookups.yaml", "tenants.yaml", "service_name.yaml", "pgbouncer.yaml", "base.yaml", "demo.yaml", "demo-live.yaml", "span_metrics.yaml", "workflows.yaml", "two-tier/second.yaml", "budgets.yaml", "remainder.yaml"} {
		t.Run(file, func(t *testing.T) { samplertest.LoadFiles(t, testdata+file) })
	}
	budgets := samplertest.LoadFiles(t, testdata+"budgets.yaml")
	assert.InDelta(t, 1000, float64(budgets.Tracing.Budget.Get().ItemsPerSecond), 0)
	assert.Len(t, budgets.Tracing.Namespaces, 2)
	remainder := samplertest.LoadFiles(t, testdata+"remainder.yaml").Metrics.Remainder
	assert.True(t, remainder.Enabled)
	assert.Equal(t, []string{"correlation_id", "task_uuid", "step_uuid"}, remainder.Without)
	assert.Equal(t, 10_000, remainder.MaxSeries, "keys that a section leaves out have their defaults")
	lookups := samplertest.LoadFiles(t, testdata+"lookups.yaml").Postgres.Get()
	assert.Len(t, lookups.Lookups, 2)
	assert.Equal(t, namespacesampler.OnFailureKeep, lookups.OnFailure)
	assert.Equal(t, 200*time.Millisecond, lookups.Wait, "keys that a section leaves out have their defaults")
}

func TestEveryModeOfDecisionsCanBeConfigured(t *testing.T) {
	for _, mode := range decision.Modes {
		cfg := samplertest.Load(t, map[string]any{"tracing": map[string]any{"mode": string(mode)}})
		assert.Equal(t, namespacesampler.Mode(mode), cfg.Tracing.Mode)
	}
}
