// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewDatabase(t *testing.T) {
	t.Parallel()
	t.Run("runs scripts of many statements in order", func(t *testing.T) {
		dsn := shared.NewDatabase(t,
			`CREATE TABLE a (n int); INSERT INTO a VALUES (1), (2);`,
			`-- a comment alone is no fault
			 INSERT INTO a SELECT n + 10 FROM a;`,
		)
		assert.Equal(t, 26, queryInt(t, dsn, `SELECT sum(n) FROM a`))
	})

	t.Run("makes databases that share nothing, also at the same time", func(t *testing.T) {
		dsns := make([]string, 4)
		var calls sync.WaitGroup
		for i := range dsns {
			calls.Go(func() { dsns[i] = shared.NewDatabase(t, `CREATE TABLE a (n int)`) })
		}
		calls.Wait()
		seen := make(map[string]bool)
		for _, dsn := range dsns {
			assert.False(t, seen[dsn], "%s was given out twice", dsn)
			seen[dsn] = true
			assert.Equal(t, 0, queryInt(t, dsn, `SELECT count(*) FROM a`))
		}
	})

	t.Run("names the script that fails", func(t *testing.T) {
		_, err := shared.CreateDatabase(t.Context(), `SELECT 1`, `SELECT 1; SELEC 2`)
		require.ErrorContains(t, err, "script 2")
		assert.ErrorContains(t, err, `syntax error at or near "SELEC"`)
	})
}
