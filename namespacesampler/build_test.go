// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// Configurations of several files are merged, as by several --config flags.
func TestBaseAndProductionConfigurationsMerge(t *testing.T) {
	inForce := func(t *testing.T, files ...string) (*steering.Tables, *namespacesampler.Config) {
		cfg := samplertest.LoadFiles(t, files...)
		s, err := steering.New(steering.Config{Rates: cfg.Build().Rates, Logger: zap.NewNop()})
		require.NoError(t, err)
		return s.Rates.InForce(), cfg
	}
	t.Run("base keeps everything", func(t *testing.T) {
		rates, _ := inForce(t, testdata+"base.yaml")
		for _, namespace := range []string{"payments", "analytics", ""} {
			assert.InDelta(t, 1, rates.Traces.Lookup(namespace).Probability, 0)
			assert.InDelta(t, 1, rates.Metrics.Lookup(namespace).Probability, 0)
		}
	})
	t.Run("production on top", func(t *testing.T) {
		rates, cfg := inForce(t, testdata+"base.yaml", testdata+"production.yaml")
		for namespace, want := range map[string]float64{
			"payments": 1, "orders": 0.5, "analytics": 0.01, "integrations": 0.1, "unlisted": 0,
		} {
			assert.InDelta(t, want, rates.Metrics.Lookup(namespace).Probability, 0, namespace)
			assert.InDelta(t, 0.1, rates.Traces.Lookup(namespace).Probability, 0, namespace)
		}
		assert.Equal(t, "postgres://localhost:5432/tasker", string(cfg.Postgres.Get().DSN), "the default after :-")
	})
	t.Run("environment variables", func(t *testing.T) {
		t.Setenv("DATABASE_URL", "postgres://db.internal/tasker")
		t.Setenv("TASKER_TRACE_SAMPLE_RATE", "0.25")
		rates, cfg := inForce(t, testdata+"base.yaml", testdata+"production.yaml")
		assert.InDelta(t, 0.25, rates.Traces.Lookup("orders").Probability, 0)
		assert.Equal(t, "postgres://db.internal/tasker", string(cfg.Postgres.Get().DSN))
	})
}

func TestCustomLookupsHaveNoRegistry(t *testing.T) {
	for name, tt := range map[string]struct {
		postgres map[string]any
		want     bool
	}{
		"the default layout": {map[string]any{}, true},
		"the legacy layout":  {map[string]any{"layout": "tasker_legacy"}, true},
		"interval 0":         {map[string]any{"registry": map[string]any{"interval": 0}}, false},
		"no layout":          {map[string]any{"layout": "none", "overrides": map[string]any{"enabled": true}}, false},
		"custom lookups":     {map[string]any{"lookups": []any{map[string]any{"attribute": "a", "query": "SELECT $1"}}}, false},
	} {
		tt.postgres["dsn"] = "host=a"
		cfg := samplertest.Load(t, map[string]any{"postgres": tt.postgres})
		assert.Equal(t, tt.want, cfg.Build().Postgres.Registry != nil, name)
	}
}
