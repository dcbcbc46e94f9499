// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStatementCallsCountsByNormalisedQuery(t *testing.T) {
	t.Parallel()
	conn := connect(t, shared.NewDatabase(t, `CREATE TABLE a (n int)`))
	other := connect(t, shared.NewDatabase(t, `CREATE TABLE a (n int)`))
	require.NoError(t, ResetStatements(t.Context(), conn))

	for _, sql := range []string{`SELECT 1 FROM a`, `SELECT 2 FROM a`, `DELETE FROM a WHERE n = 3`} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	_, err := other.Exec(t.Context(), `SELECT 1 FROM a`)
	require.NoError(t, err)

	calls, err := StatementCalls(t.Context(), conn)
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{`SELECT $1 FROM a`: 2, `DELETE FROM a WHERE n = $1`: 1}, calls)

	require.NoError(t, ResetStatements(t.Context(), conn))
	calls, err = StatementCalls(t.Context(), conn)
	require.NoError(t, err)
	assert.Empty(t, calls)

	calls, err = StatementCalls(t.Context(), other)
	require.NoError(t, err)
	assert.EqualValues(t, 1, calls[`SELECT $1 FROM a`], "another database keeps its counts")
}
