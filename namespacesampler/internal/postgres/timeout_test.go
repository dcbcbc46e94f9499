// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// readerScript makes the role of the documentation.
const readerScript = `CREATE ROLE namespace_sampler_reader LOGIN; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO namespace_sampler_reader;`

// documentedTimeout returns the statement by which the documentation limits statements, and the limit.
func documentedTimeout(t testing.TB) (statement string, limit time.Duration) {
	page, err := os.ReadFile("../../../docs/resolution.md")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^ALTER ROLE namespace_sampler_reader SET statement_timeout = '(\w+)';$`).FindSubmatch(page)
	require.NotNil(t, found)
	limit, err = time.ParseDuration(string(found[1]))
	require.NoError(t, err)
	return string(found[0]), limit
}

// lock locks tables until the test ends, or until the returned function is called.
func lock(t testing.TB, dsn, tables string) (unlock func()) {
	tx, err := connect(t, dsn).Begin(t.Context())
	require.NoError(t, err)
	unlock = func() { _ = tx.Rollback(context.Background()) }
	t.Cleanup(unlock)
	_, err = tx.Exec(t.Context(), `LOCK TABLE `+tables)
	require.NoError(t, err)
	return unlock
}

// TestAStatementThatTimesOutDoesNotAffectOthers: the server is well, and says so by cancelling the statement alone.
func TestAStatementThatTimesOutDoesNotAffectOthers(t *testing.T) {
	own := pgtest.Start(t)
	pooler := pgtest.NewPooler(t, own)
	dsn := own.NewDatabase(t, readerScript, ordersScript, `CREATE TABLE held AS SELECT '1'::text AS id, 'held' AS ns`)
	reader := withUser(t, dsn, "namespace_sampler_reader")
	timeout, _ := documentedTimeout(t)
	const slow, locked = byOrder + ` LIMIT (SELECT 1 FROM pg_sleep(60))`, `SELECT id, ns FROM held WHERE id = ANY($1)`
	for name, test := range map[string]struct{ dsn, query, setup string }{
		"statement_timeout of the DSN":                    {reader + "&statement_timeout=50ms", slow, ``},
		"lock_timeout of the DSN":                         {reader + "&lock_timeout=50ms", locked, ``},
		"the documented setting of the role":              {reader, locked, timeout},
		"the documented setting of the role by PgBouncer": {pooler.DSN(reader), locked, timeout},
	} {
		t.Run(name, func(t *testing.T) {
			exec(t, dsn, `ALTER ROLE namespace_sampler_reader RESET ALL;`+test.setup)
			unlock := lock(t, dsn, `held`)
			f := openLayout(t, test.dsn, Custom([]CustomLookup{{"held", test.query}, {"order", byOrder}}))
			f.check(ask{"held", "1", unavailable}, ask{"order", "1", "one"})
			reason := f.logs.All()[0].ContextMap()["error"]
			assert.Regexp(t, `canceling statement due to (statement|lock) timeout \(SQLSTATE (57014|55P03)\)`, reason)
			assert.Equal(t, []string{"warn held: Postgres refuses the lookup; its keys are unavailable, other lookups are not affected"}, f.messages())
			assert.Equal(t, 1, f.check(ask{"held", "1", unavailable}, ask{"order", "1", "one"}), "it is paused")
			unlock()
			if test.query == locked {
				f.advance(cooldown)
				f.check(ask{"held", "1", "held"}, ask{"order", "1", "one"})
			}
		})
	}
}

// TestTheDocumentedTimeoutLeavesRoomForALoad in which all lookups of a layout hang, so that it is no outage either.
func TestTheDocumentedTimeoutLeavesRoomForALoad(t *testing.T) {
	const queryTimeout = 2 * time.Second // the default
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t, readerScript, taskerdb.Tasker, taskerdb.ReadOnlyGrants)
	statement, limit := documentedTimeout(t)
	exec(t, dsn, statement)
	lock(t, dsn, `tasker.task_namespaces`)
	f := openLayout(t, withUser(t, dsn, "namespace_sampler_reader"), Tasker())
	roundTrips := f.check(
		ask{"task_uuid", id(1), unavailable}, ask{"correlation_id", id(2), unavailable}, ask{"step_uuid", id(3), unavailable},
	)
	assert.Equal(t, 4, roundTrips, "each hangs")
	assert.Len(t, f.messages(), 3)
	assert.Less(t, time.Duration(roundTrips)*limit, queryTimeout)
}
