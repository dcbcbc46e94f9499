// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// TestBehindAPoolerInTransactionMode: with what the DSN has by default, nothing is left in a session for others.
func TestBehindAPoolerInTransactionMode(t *testing.T) {
	own := pgtest.Start(t)
	pooler := pgtest.NewPooler(t, own)
	dsn := own.NewDatabase(t, taskerdb.Tasker)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutTasker, taskerdb.Task{
		UUID: id(1), CorrelationID: id(2), Namespace: "payments", Steps: []string{id(3)},
	}))
	all := []ask{
		{"task_uuid", id(1), "payments"},
		{"correlation_id", id(2), "payments"},
		{"step_uuid", id(3), "payments"},
		{"task_uuid", id(4), unknown},
	}
	f := openLayout(t, pooler.DSN(dsn), Tasker(true))
	var loads sync.WaitGroup
	for range 50 {
		loads.Go(func() { assert.Equal(t, 1, f.check(all...), "one round trip") })
	}
	loads.Wait()
	assert.Empty(t, f.messages())

	t.Run("a refused lookup spoils no other", func(t *testing.T) {
		broken := Tasker(true)
		broken.Queries[kindStep].SQL = `SELECT id, name FROM missing WHERE id = ANY($1)`
		f := openLayout(t, pooler.DSN(dsn), broken)
		f.check(all[0], all[1], ask{"step_uuid", id(3), unavailable})
		f.check(all[0], all[1], ask{"step_uuid", id(3), unavailable})
	})
	t.Run("the server goes and comes behind it", func(t *testing.T) {
		require.NoError(t, own.Crash())
		key := f.key("task_uuid", id(1))
		assert.False(t, f.resolves(key))
		assert.Empty(t, f.messages(), "an outage is no refusal of a lookup")
		require.NoError(t, own.Restart(t.Context()))
		eventually(t, func() bool { return f.resolves(key) }, "lookups work again")
		f.check(all...)
	})
	t.Run("prepared statements would break, were they asked for", func(t *testing.T) {
		prepared := pooler.DSN(dsn) + "&default_query_exec_mode=cache_statement"
		one, two := openLayout(t, prepared, Tasker(true)), openLayout(t, prepared, Tasker(true))
		one.check(all[0])
		two.check(ask{"task_uuid", id(1), unavailable})
		assert.NotEmpty(t, two.messages(), "which shows that the pooler shares connections")
	})
}
