// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// TestARoleThatMayReadFourTablesSuffices: with the grants of the documentation, and not one less.
func TestARoleThatMayReadFourTablesSuffices(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker, `DO $$ BEGIN CREATE ROLE namespace_sampler_reader LOGIN;
		EXCEPTION WHEN duplicate_object THEN NULL; END $$`, taskerdb.ReadOnlyGrants)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutTasker, taskerdb.Task{
		UUID: id(1), CorrelationID: id(2), Namespace: "payments", Steps: []string{id(3)},
	}))
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User("namespace_sampler_reader")
	all := []ask{
		{"task_uuid", id(1), "payments"}, {"correlation_id", id(2), "payments"}, {"step_uuid", id(3), "payments"},
	}
	openLayout(t, u.String(), Tasker(true)).check(all...)
	conn := connect(t, u.String())
	_, err = conn.Exec(t.Context(), `DELETE FROM tasker.tasks`)
	require.ErrorContains(t, err, "permission denied", "it cannot write")

	for _, table := range []string{"task_namespaces", "named_tasks", "tasks", "workflow_steps"} {
		t.Run("without "+table, func(t *testing.T) {
			exec(t, dsn, `REVOKE SELECT ON tasker.`+table+` FROM namespace_sampler_reader`)
			defer exec(t, dsn, `GRANT SELECT ON tasker.`+table+` TO namespace_sampler_reader`)
			f := openLayout(t, u.String(), Tasker(true))
			refused := append([]ask{}, all...)
			for i := range refused {
				if table != "workflow_steps" || refused[i].attribute == "step_uuid" {
					refused[i].want = unavailable
				}
			}
			f.check(refused...)
			assert.Contains(t, f.messages()[0], "refuses the lookup")
		})
	}
}
