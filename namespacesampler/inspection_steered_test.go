// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
)

// registering has settings read the registry.
func registering(settings map[string]any) map[string]any {
	settings["postgres"].(map[string]any)["registry"] = map[string]any{"interval": "1h"}
	return settings
}

func TestWhatPostgresSaysIsShown(t *testing.T) {
	_, dsn, exec := steered(t)
	exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
		SELECT gen_random_uuid(), n, now(), now() FROM unnest('{payments,orders,inventory}'::text[]) n`)
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, expires_at, reason, updated_by)
		VALUES ('orders', 'traces', 1, $1, 'incident 7', 'alice'), ('incident', 'all', 2, NULL, NULL, NULL)`, ends)
	h, at := startInspected(t, registering(steeredBy(dsn, nil, map[string]any{
		"namespaces": map[string]any{"payments": 0.5, "paymnets": 1}, "sample_rate": 0.1,
	})))
	h.listens()
	eventually(t, func() bool { return !h.runtime.registered().ReadAt.IsZero() }, "the registry is read")
	h.consumeTraces(tracesOf(t, span{attributes: map[string]any{"namespace": "stranger"}},
		span{attributes: map[string]any{"task_uuid": "01890000-0000-7000-8000-000000000000"}}))

	n := readJSON[inspect.Namespaces](t, at+"/namespaces")
	rows := rowsByName(n)
	assert.Len(t, rows, 5)
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
	assert.Equal(t, []inspect.Override{
		{Key: "orders", Signal: "traces", SampleRate: 1, Source: "runtime_override", ExpiresAt: &ends, Reason: "incident 7", UpdatedBy: "alice"},
		{Key: "payments", Signal: "all", SampleRate: 0.5, Source: "shared_override"},
		{Key: "paymnets", Signal: "all", SampleRate: 1, Source: "shared_override"},
	}, n.Overrides)
	assert.Equal(t, new(true), n.State.Postgres.Reachable)
	assert.NotNil(t, n.State.Postgres.Since)
	assert.Equal(t, 1, n.State.Cache.Entries)
	assert.Equal(t, "closed", n.State.Breaker.State)

	e := readJSON[inspect.Explanation](t, at+"/explain?namespace=orders")
	assert.Equal(t, override, e.Rate)
	telemetry := readJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.Equal(t, map[string]float64{"payments": 0.5, "paymnets": 1, "orders": 1}, telemetry.Tracing.Namespaces)
	assert.Equal(t, map[string]float64{"payments": 0.5, "paymnets": 1}, telemetry.Metrics.Namespaces)
	assert.Equal(t, []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}, telemetry.Postgres.Lookups)
}

// TestATableThatCannotBeReadShowsWhyAndNoSecret plants a password.
func TestATableThatCannotBeReadShowsWhyAndNoSecret(t *testing.T) {
	_, dsn, exec := steered(t)
	exec(`ALTER TABLE tasker.task_namespaces RENAME TO elsewhere`)
	h, at := startInspected(t, registering(steeredBy(dsn+"&application_name=hunter2-planted", nil, nil)))
	eventually(t, func() bool { return h.runtime.registered().Err != nil }, "the registry cannot be read")
	n := readJSON[inspect.Namespaces](t, at+"/namespaces")
	require.NotNil(t, n.Registry)
	require.NotNil(t, n.Registry.Error)
	assert.Contains(t, *n.Registry.Error, "task_namespaces")
	assert.Nil(t, n.Registry.ReadAt)
	for _, path := range []string{"/", "/config", "/namespaces", "/explain"} {
		status, body := read(t, at+path)
		assert.Equal(t, http.StatusOK, status)
		assert.NotContains(t, body, "hunter2")
		assert.NotContains(t, body, dsn)
	}
}

// TestPostgresIsKnownToBeAwayThoughNothingIsLookedUp: what reads tables notices too.
func TestPostgresIsKnownToBeAwayThoughNothingIsLookedUp(t *testing.T) {
	cluster, dsn, _ := steered(t)
	h, at := startInspected(t, registering(steeredBy(dsn, map[string]any{"interval": "10ms"}, nil)))
	state := func() *inspect.PostgresState { return h.runtime.state().Postgres }
	eventually(t, func() bool { return state().Reachable != nil && *state().Reachable }, "it answers")
	require.NoError(t, cluster.Crash())
	eventually(t, func() bool { return !*state().Reachable }, "it is away")
	assert.NotNil(t, readJSON[inspect.Namespaces](t, at+"/namespaces").State.Postgres.Since)
	assert.Zero(t, h.said("Postgres cannot be asked: items that need it take postgres::on_failure until it can"), "no item needs it")
}

func TestPostgresThatWasNotAskedIsNeitherReachableNorNot(t *testing.T) {
	_, dsn, _ := steered(t)
	h := start(t, withPostgres(dsn, map[string]any{"registry": map[string]any{"interval": 0}}, nil))
	assert.Equal(t, &inspect.PostgresState{}, h.runtime.state().Postgres)
}
