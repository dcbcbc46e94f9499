// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestTheFleetIsShown(t *testing.T) {
	script, err := os.ReadFile("../../../testdata/fleet.sql")
	require.NoError(t, err)
	database := samplertest.NewDatabase(t, 0, string(script))
	_, at := samplertest.StartInspected(t, samplertest.WithPostgres(database.DSN, map[string]any{"layout": "none", "fleet": map[string]any{"enabled": true}},
		map[string]any{
			"budgets": map[string]any{"interval": "200ms"}, "tracing": map[string]any{"budget": map[string]any{"items_per_second": 100}},
		}))
	await(t, at, func(n inspect.Namespaces) bool { return n.State.Fleet != nil && n.State.Fleet.AnsweredAt != nil }, "the fleet has answered")
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Equal(t, 1, n.State.Fleet.Collectors)
	assert.Nil(t, n.State.Fleet.Error)
	assert.True(t, samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry.Postgres.Fleet)

	database.Exec("DROP TABLE namespace_sampling_fleet")
	await(t, at, func(n inspect.Namespaces) bool { return n.State.Fleet.Error != nil }, "the table is gone")
	n = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.NotNil(t, n.State.Fleet.AnsweredAt)
	assert.Contains(t, *n.State.Fleet.Error, "create the table")
}
