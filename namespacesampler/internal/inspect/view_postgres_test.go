// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// steered returns a database with the table of runtime overrides.
func steered(t *testing.T) *samplertest.Database {
	t.Helper()
	script, err := os.ReadFile("../../../testdata/overrides.sql")
	require.NoError(t, err)
	return samplertest.NewDatabase(t, 0, string(script))
}

// steeredBy returns settings that read runtime overrides at an interval, and the registry once.
func steeredBy(dsn, interval string, settings map[string]any) map[string]any {
	return samplertest.WithPostgres(dsn, map[string]any{
		"overrides": map[string]any{"enabled": true, "interval": interval}, "registry": map[string]any{"interval": "1h"},
	}, settings)
}

// await waits until /namespaces shows what a condition asks for.
func await(t *testing.T, url string, condition func(inspect.Namespaces) bool, what string) {
	t.Helper()
	require.Eventually(t, func() bool { return condition(samplertest.GetJSON[inspect.Namespaces](t, url+"/namespaces")) },
		30*time.Second, 100*time.Millisecond, what)
}

func TestRegistryAndRuntimeOverridesAreShown(t *testing.T) {
	database := steered(t)
	database.Exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
		SELECT gen_random_uuid(), n, now(), now() FROM unnest('{payments,orders,inventory}'::text[]) n`)
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	database.Exec(`ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1`)
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, expires_at, reason, updated_by)
		VALUES ('orders', 'traces', 1, $1, 'incident 7', 'alice'), ('incident', 'all', 2, NULL, NULL, NULL)`, ends)
	h, at := samplertest.StartInspected(t, steeredBy(database.DSN, "1h", map[string]any{
		"namespaces": map[string]any{"payments": 0.5, "paymnets": 1}, "sample_rate": 0.1,
	}))
	await(t, at, func(n inspect.Namespaces) bool {
		return n.Registry != nil && n.Registry.ReadAt != nil && n.State.RuntimeOverrides.ReadAt != nil
	}, "both tables are read")
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"namespace": "stranger"}},
		samplertest.Span{Attributes: map[string]any{"task_uuid": "01890000-0000-7000-8000-000000000000"}}))

	await(t, at, func(n inspect.Namespaces) bool { return len(n.Namespaces) == 5 && n.Overrides[2].Unmatched },
		"answers are at most a second old, and names are compared in the background")
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	rows := rowsByName(n)
	for name, registered := range map[string]bool{
		"payments": true, "orders": true, "inventory": true, "paymnets": false, "stranger": false,
	} {
		require.Contains(t, rows, name)
		require.NotNil(t, rows[name].Registered, name)
		assert.Equal(t, registered, *rows[name].Registered, name)
	}
	override := inspect.Rate{SampleRate: 1, Rule: "exact", Source: "runtime_override", ExpiresAt: &ends}
	assert.Equal(t, override, rows["orders"].Traces.Rate)
	assert.Equal(t, inspect.Rate{SampleRate: 0.1, Rule: "global", Source: "global"}, rows["orders"].Metrics.Rate)
	assert.True(t, rows["orders"].Configured)
	assert.False(t, rows["inventory"].Configured)
	require.NotNil(t, n.Registry)
	assert.NotNil(t, n.Registry.ReadAt)
	assert.Nil(t, n.Registry.Error)
	require.NotNil(t, n.State.RuntimeOverrides)
	assert.Equal(t, 1, n.State.RuntimeOverrides.Rejected)
	assert.Equal(t, []inspect.RejectedRow{{
		Namespace: "incident", Signal: "all", Error: "sample rate must be between 0 and 1, got 2 (for 2 % write 0.02)",
	}}, n.State.RuntimeOverrides.RejectedRows)
	require.Len(t, n.Overrides, 3)
	require.NotNil(t, n.Overrides[0].UpdatedAt)
	assert.WithinDuration(t, time.Now(), *n.Overrides[0].UpdatedAt, time.Minute)
	n.Overrides[0].UpdatedAt = nil
	assert.Equal(t, []inspect.Override{
		{Key: "orders", Signal: "traces", SampleRate: new(1.0), Source: "runtime_override", ExpiresAt: &ends, Reason: "incident 7", UpdatedBy: "alice"},
		{Key: "payments", Signal: "all", SampleRate: new(0.5), Source: "shared_override"},
		{Key: "paymnets", Signal: "all", SampleRate: new(1.0), Source: "shared_override", Unmatched: true, DidYouMean: "payments"},
	}, n.Overrides)
	assert.Equal(t, new(true), n.State.Postgres.Reachable)
	assert.NotNil(t, n.State.Postgres.Since)
	assert.Equal(t, 1, n.State.Cache.Entries)
	assert.Equal(t, "closed", n.State.Breaker.State)

	e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=orders")
	assert.Equal(t, override, e.Rate)
	telemetry := samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.Equal(t, inspect.Rates{"payments": new(0.5), "paymnets": new(1.0), "orders": new(1.0)}, telemetry.Tracing.Namespaces)
	assert.Equal(t, inspect.Rates{"payments": new(0.5), "paymnets": new(1.0)}, telemetry.Metrics.Namespaces)
	assert.Equal(t, []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}, telemetry.Postgres.Lookups)
}

func TestATableThatCannotBeReadShowsWhyAndNoSecret(t *testing.T) {
	database := steered(t)
	database.Exec(`ALTER TABLE tasker.task_namespaces RENAME TO elsewhere`)
	_, at := samplertest.StartInspected(t, steeredBy(database.DSN+"&application_name=hunter2-planted", "1h", nil))
	await(t, at, func(n inspect.Namespaces) bool { return n.Registry.Error != nil }, "the registry cannot be read")
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	require.NotNil(t, n.Registry)
	require.NotNil(t, n.Registry.Error)
	assert.Contains(t, *n.Registry.Error, "task_namespaces")
	assert.Nil(t, n.Registry.ReadAt)
	for _, path := range []string{"/", "/config", "/namespaces", "/explain"} {
		status, body := samplertest.Get(t, at+path)
		assert.Equal(t, http.StatusOK, status)
		assert.NotContains(t, body, "hunter2")
		assert.NotContains(t, body, database.DSN)
	}
}

func TestAnOutageIsShownThoughNothingIsLookedUp(t *testing.T) {
	t.Parallel()
	database := steered(t)
	s, at := samplertest.StartInspected(t, steeredBy(database.DSN, "10ms", nil))
	reachable := func(n inspect.Namespaces) bool {
		return n.State.Postgres.Reachable != nil && *n.State.Postgres.Reachable
	}
	await(t, at, reachable, "Postgres answers")
	require.NoError(t, database.Cluster.Crash())
	await(t, at, func(n inspect.Namespaces) bool { return !reachable(n) && n.State.Postgres.Since != nil }, "Postgres is down")
	assert.Zero(t, s.Logs.FilterMessageSnippet("Postgres cannot be asked").Len(), "no item needs it")
}

func TestBeforeTheFirstRequestPostgresIsNeitherReachableNorUnreachable(t *testing.T) {
	t.Parallel()
	_, at := samplertest.StartInspected(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", nil, nil))
	assert.Equal(t, &inspect.PostgresState{}, samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").State.Postgres)
}
