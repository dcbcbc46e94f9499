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

// documentedTimeout returns the statement that gives the role a time-out in the documentation, and the time-out.
func documentedTimeout(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/resolution.md")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^ALTER ROLE namespace_sampler_reader SET statement_timeout = '(.*)';$`).FindStringSubmatch(string(page))
	require.NotEmpty(t, found)
	return found
}

// withReader returns a database with Tasker's tables, and its DSNs for the role of the documentation, directly and through PgBouncer.
func withReader(t *testing.T) (dsn, direct, pooled string) {
	t.Helper()
	overrides, err := os.ReadFile("../../../testdata/overrides.sql") // creates the role
	require.NoError(t, err)
	grants, err := os.ReadFile("../../../internal/taskerdb/grants.sql")
	require.NoError(t, err)
	own := pgtest.Start(t)
	dsn = own.NewDatabase(t, taskerdb.Tasker, string(overrides), string(grants),
		documentedTimeout(t)[0])
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutTasker, taskerdb.Task{
		UUID: id(1), CorrelationID: id(2), Namespace: "payments", Steps: []string{id(3)},
	}))
	direct = withUser(t, dsn, "namespace_sampler_reader")
	return dsn, direct, pgtest.NewPooler(t, own, "namespace_sampler_reader").DSN(direct)
}

// The settings of the documentation work in both set-ups.
func TestTheDocumentedSettingsWorkWithAndWithoutPgBouncer(t *testing.T) {
	dsn, direct, pooled := withReader(t)
	exec(t, dsn, `INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0.5)`)
	table, err := ParseTable("public.namespace_sampling_overrides")
	require.NoError(t, err)
	for name, dsn := range map[string]string{"direct": direct, "PgBouncer": pooled} {
		t.Run(name, func(t *testing.T) {
			f := openLayout(t, dsn, Tasker(true))
			assert.Equal(t, 1, f.check(
				ask{"task_uuid", id(1), "payments"}, ask{"correlation_id", id(2), "payments"}, ask{"step_uuid", id(3), "payments"},
				ask{"task_uuid", id(4), unknown}))
			names, err := f.Registered(t.Context(), TaskerRegistry)
			require.NoError(t, err)
			assert.Equal(t, []string{"payments"}, names)
			overrides, err := f.Overrides(t.Context(), table)
			require.NoError(t, err)
			require.Len(t, overrides, 1)
			assert.InDelta(t, 0.5, overrides[0].Probability, 0)
			assert.Empty(t, f.messages())
		})
	}
}

// The time-out of the role ends a statement that hangs, before it looks like a server that hangs.
func TestTheTimeOutOfTheRoleEndsOneLookup(t *testing.T) {
	dsn, direct, pooled := withReader(t)
	tx, err := connect(t, dsn).Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), `LOCK TABLE tasker.workflow_steps`)
	require.NoError(t, err)
	for name, dsn := range map[string]string{"direct": direct, "PgBouncer": pooled} {
		t.Run(name, func(t *testing.T) {
			f := openLayout(t, dsn, Tasker(true))
			f.check(ask{"task_uuid", id(1), "payments"}, ask{"step_uuid", id(3), unavailable})
			require.Equal(t, 1, f.logs.Len())
			assert.Equal(t, "step_uuid", f.logs.All()[0].ContextMap()["lookup"])
			assert.Equal(t, "postgres::layout: canceling statement due to statement timeout (SQLSTATE 57014)", f.logs.All()[0].ContextMap()["error"])
		})
	}
}

// If all lookups hang, the load still ends within query_timeout, so that it is no outage.
func TestTheTimeOutOfTheRoleLeavesTimeForAllLookups(t *testing.T) {
	const queryTimeout = 2 * time.Second // the default
	dsn, direct, _ := withReader(t)
	timeout, err := time.ParseDuration(documentedTimeout(t)[1])
	require.NoError(t, err)
	tx, err := connect(t, dsn).Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), `LOCK TABLE tasker.task_namespaces`)
	require.NoError(t, err)
	f := openLayout(t, direct, Tasker(true))
	roundTrips := f.check(
		ask{"task_uuid", id(1), unavailable}, ask{"correlation_id", id(2), unavailable}, ask{"step_uuid", id(3), unavailable})
	assert.Len(t, f.messages(), 3, "each is refused")
	assert.Less(t, time.Duration(roundTrips)*timeout, queryTimeout)
}

// Notifications are another matter.
func TestListeningThroughPgBouncerIsKnownToBeImpossible(t *testing.T) {
	_, _, pooled := withReader(t)
	f := openLayout(t, pooled, Tasker(true))
	err := f.Listen(t.Context(), Listening{Channel: "c", Timeout: time.Minute, Check: time.Minute, Began: func() {}, Heard: func() {}})
	assert.ErrorIs(t, err, ErrPooler)
}
