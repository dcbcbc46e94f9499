// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
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

func TestWhereRegisteredNamespacesAreReadFrom(t *testing.T) {
	lookups := []any{map[string]any{"attribute": "a", "query": "SELECT $1"}}
	query := map[string]any{"query": "SELECT slug FROM tenants"}
	tasker, legacy := postgres.TaskerRegistry, postgres.TaskerLegacyRegistry
	own := postgres.QueryRegistry("SELECT slug FROM tenants")
	for name, tt := range map[string]struct {
		postgres map[string]any
		want     *postgres.Registry
	}{
		"the default layout":                   {map[string]any{}, &tasker},
		"the legacy layout":                    {map[string]any{"layout": "tasker_legacy"}, &legacy},
		"interval 0":                           {map[string]any{"registry": map[string]any{"interval": 0}}, nil},
		"no layout":                            {map[string]any{"layout": "none", "overrides": map[string]any{"enabled": true}}, nil},
		"custom lookups":                       {map[string]any{"lookups": lookups}, nil},
		"a query wins over that of the layout": {map[string]any{"registry": query}, &own},
		"a query with custom lookups":          {map[string]any{"lookups": lookups, "registry": query}, &own},
		"a query and nothing else":             {map[string]any{"layout": "none", "registry": query}, &own},
	} {
		t.Run(name, func(t *testing.T) {
			tt.postgres["dsn"] = "host=a"
			registry := samplertest.Load(t, map[string]any{"postgres": tt.postgres}).Build().Postgres.Registry
			if tt.want == nil {
				assert.Nil(t, registry)
				return
			}
			require.NotNil(t, registry)
			assert.Equal(t, *tt.want, registry.From)
		})
	}
}

func TestTheLayoutThatIsShownIsInForce(t *testing.T) {
	lookups := []any{map[string]any{"attribute": "order.id", "query": "SELECT $1"}}
	for want, section := range map[string]map[string]any{
		"tasker":        {},
		"tasker_legacy": {"layout": "tasker_legacy"},
		"none":          {"layout": "none", "overrides": map[string]any{"enabled": true}},
		"custom":        {"lookups": lookups},
	} {
		section["dsn"] = "host=a"
		shown := samplertest.Load(t, map[string]any{"postgres": section}).Build().Shown.Postgres
		assert.Equal(t, want, shown.Layout)
	}
	shown := samplertest.Load(t, map[string]any{"postgres": map[string]any{"dsn": "host=a", "layout": "none", "lookups": lookups}}).Build().Shown
	assert.Equal(t, "custom", shown.Postgres.Layout)
	assert.Equal(t, []string{"order.id"}, shown.Postgres.Lookups)
}
