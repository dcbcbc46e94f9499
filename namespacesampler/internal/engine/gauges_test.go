// SPDX-License-Identifier: Apache-2.0

//go:build unix

package engine_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// withOverrides returns a database of n tasks with the table of runtime overrides.
func withOverrides(t *testing.T, n int) *samplertest.Database {
	t.Helper()
	script, err := os.ReadFile("../../../testdata/overrides.sql")
	require.NoError(t, err)
	return samplertest.NewDatabase(t, n, string(script))
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 5*time.Millisecond, what)
}

var polled = map[string]any{"overrides": map[string]any{"enabled": true, "interval": "10ms"}}

func TestRuntimeOverridesAreMeasured(t *testing.T) {
	t.Parallel()
	database := withOverrides(t, 0)
	s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, polled, nil))
	database.Exec(`ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1`)
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES
		('orders', 'traces', 0.5), ('orders', 'metrics', 0.25), ('rust_*', 'all', 1), ('team-?', 'metrics', 0),
		('audit', 'logs', 1), ('percent', 'all', 50), ('fine', 'all', 0)`)
	eventually(t, func() bool { return s.Gauges("overrides_rejected")[""] == 1 }, "one row is invalid")
	eventually(t, func() bool { return s.Gauges("overrides_in_force")["metrics"] == 2 }, "the others apply")
	assert.Equal(t, map[string]float64{"all": 2, "traces": 1, "metrics": 2, "logs": 1}, s.Gauges("overrides_in_force"))
	assert.Less(t, s.Gauges("overrides_age")[""], 60.)
}

func TestRegisteredNamespacesHaveAValueOfTheirOwnInInternalMetrics(t *testing.T) {
	t.Parallel()
	database := withOverrides(t, 0)
	register := func(names ...string) {
		database.Exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
			SELECT gen_random_uuid(), n, now(), now() FROM unnest($1::text[]) n`, names)
	}
	register("payments", "orders", "analytics", "rust_linear")
	s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, map[string]any{"registry": map[string]any{"interval": "5ms"}}, map[string]any{
		"namespaces": map[string]any{"orders": 0.5, "rust_*": 0.5},
		"metrics":    map[string]any{"namespaces": map[string]any{"analytics": 0.5}},
		"telemetry":  map[string]any{"max_namespaces": 0},
	}))
	const gauge = "registered_namespaces_on_global_rate"
	onGlobalRate := func() map[string]float64 {
		if _, err := s.Telemetry.GetMetric("otelcol_processor_namespace_sampler_" + gauge); err != nil {
			return nil // not read yet
		}
		return s.Gauges(gauge)
	}
	eventually(t, func() bool { return onGlobalRate()["traces"] == 2 }, "the registry is read")
	assert.Equal(t, map[string]float64{"traces": 2, "metrics": 1, "logs": 2}, onGlobalRate())

	consume := func() {
		spans := make([]samplertest.Span, 3)
		for i, name := range []string{"payments", "late", "nobody"} {
			spans[i].Attributes = map[string]any{"namespace": name}
		}
		s.ConsumeTraces(samplertest.TracesOf(t, spans...))
	}
	consume()
	register("late")
	eventually(t, func() bool { return onGlobalRate()["traces"] == 3 }, "another is registered")
	eventually(t, func() bool {
		consume()
		return s.Counts("spans")["kept late global"] > 0
	}, "and is counted under its own name")
	counts := s.Counts("spans")
	assert.Equal(t, counts["kept payments global"]+counts["kept late global"]+counts["kept _other global"], 3*counts["kept payments global"])
}

// Nothing is looked up while all rates are 0, but what an override keeps is.
func TestAnOverrideBringsLookupsBack(t *testing.T) {
	t.Parallel()
	database := withOverrides(t, 1)
	s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, polled, map[string]any{"sample_rate": 0}))
	keyed := map[string]any{"task_uuid": samplertest.TaskID(0)}
	consume := func() (kept [2]int) {
		md := pmetric.NewMetrics()
		metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		require.NoError(t, samplertest.AppendPoint(metric, pmetric.MetricTypeGauge).FromRaw(keyed))
		if out := s.ConsumeMetrics(md); out != nil {
			kept[1] = out.DataPointCount()
		}
		kept[0] = len(s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: keyed})))
		return kept
	}
	assert.Equal(t, [2]int{}, consume())
	assert.Empty(t, s.Counts("lookup_keys"))
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('ns-0', 1)`)
	eventually(t, func() bool { return consume() == [2]int{1, 1} }, "both are looked up and kept")
	assert.NotEmpty(t, s.Counts("lookup_keys"))
}

// The gauge tells of a refused lookup, and of its repair, without further telemetry.
func TestRefusedLookupsAreMeasured(t *testing.T) {
	t.Parallel()
	database := samplertest.NewDatabase(t, 1)
	s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, map[string]any{
		"circuit_breaker": map[string]any{"cooldown": "20ms"},
		"lookups": []any{
			map[string]any{"attribute": "order_id", "query": "SELECT k, ns FROM orders JOIN unnest($1::text[]) k ON k = id"},
			map[string]any{"attribute": "task_uuid", "query": "SELECT k, 'tasks' FROM unnest($1::text[]) k"},
		},
	}, nil))
	refused := func() map[string]float64 { return s.Gauges("lookup_refused") }
	assert.Equal(t, map[string]float64{"order_id": 0, "task_uuid": 0}, refused(), "nothing has been asked yet")

	s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"order_id": "1"}},
		samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}}))
	eventually(t, func() bool { return refused()["order_id"] == 1 }, "the table is missing")
	assert.Equal(t, map[string]float64{"order_id": 1, "task_uuid": 0}, refused())
	database.Exec(`CREATE TABLE orders AS SELECT '1'::text AS id, 'shop'::text AS ns`)
	eventually(t, func() bool { return refused()["order_id"] == 0 }, "the lookup is retried")
}

func TestWithoutPostgresNoLookupsAreMeasured(t *testing.T) {
	t.Parallel()
	s := samplertest.Start(t, map[string]any{"sample_rate": 0.5})
	_, err := s.Telemetry.GetMetric("otelcol_processor_namespace_sampler_lookup_refused")
	assert.Error(t, err)
}
