// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAServerInRecoveryOnlyReadsOrRefuses(t *testing.T) {
	t.Parallel()
	c := Start(t)
	isInRecovery := func() (recovers bool, err error) {
		conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
		if err != nil {
			return false, err
		}
		defer func() { _ = conn.Close(context.Background()) }()
		err = conn.QueryRow(t.Context(), `SELECT pg_is_in_recovery()`).Scan(&recovers)
		return recovers, err
	}
	require.NoError(t, c.RestartInRecovery(t.Context(), true))
	recovers, err := isInRecovery()
	require.NoError(t, err)
	assert.True(t, recovers)

	require.NoError(t, c.RestartInRecovery(t.Context(), false))
	_, err = isInRecovery()
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "57P03", refused.Code)

	require.NoError(t, c.Restart(t.Context()))
	recovers, err = isInRecovery()
	require.NoError(t, err)
	assert.False(t, recovers)
}
