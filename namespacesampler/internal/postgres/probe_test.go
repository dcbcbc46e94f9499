// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// probe looks up nothing.
func (f *fixture) probe(timeout time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), timeout)
	defer cancel()
	return f.Lookup(ctx, nil, nil)
}

func TestALookupWithoutKeysExecutesAllQueriesInOneRoundTrip(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openLayout(t, tap.DSN(dsn), Tasker(true))
	roundTrips, err := f.probe(30 * time.Second)
	require.NoError(t, err)
	assert.Equal(t, 1, roundTrips)
	assert.Equal(t, int64(1), tap.Syncs())
	assert.Equal(t, int64(3), tap.Executes(), "tasks, steps, correlations")
	assert.Empty(t, f.messages())
}

// TestALookupWithoutKeysFailsWhenOneWithKeysDoes: a ping would say that all is well while every lookup hangs on a locked table.
func TestALookupWithoutKeysFailsWhenOneWithKeysDoes(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, taskerdb.Tasker), Tasker(true))
	tx, err := connect(t, f.pool.Config().ConnString()).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE tasker.tasks`)
	require.NoError(t, err)
	_, err = f.probe(50 * time.Millisecond)
	require.EqualError(t, err, "no answer in time")
	require.NoError(t, tx.Rollback(t.Context()))
	_, err = f.probe(30 * time.Second)
	require.NoError(t, err)
}

// TestALookupWithoutKeysTakesARefusalForAnAnswer of the server, as one with keys does.
func TestALookupWithoutKeysTakesARefusalForAnAnswer(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript)
	f := openLayout(t, dsn, Custom([]CustomLookup{
		{"order", byOrder},
		{"missing", `SELECT id, ns FROM missing WHERE id = ANY($1)`},
		{"fails", `SELECT k, 'one' FROM unnest($1::text[] || '{x}') k WHERE k::int > 0`},
	}))
	_, err := f.probe(30 * time.Second)
	require.NoError(t, err)
	messages := f.messages()
	require.Len(t, messages, 1, "and nothing is said of keys, as there are none")
	assert.Contains(t, messages[0], "missing: Postgres refuses the lookup")
	roundTrips, err := f.probe(30 * time.Second)
	require.NoError(t, err)
	assert.Positive(t, roundTrips)
	assert.Empty(t, f.messages(), "it is paused")
}
