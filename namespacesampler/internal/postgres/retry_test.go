// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// never is longer than a test.
const never = time.Hour

const (
	refuses = "warn order: Postgres refuses the lookup; its keys are unavailable, other lookups are not affected"
	works   = "info order: the lookup works again"
)

// asRefused is a DSN of the role that may read what was made after roleScript.
func asRefused(t testing.TB, dsn string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User("refused")
	return u.String()
}

// retry lets the time pass until the next retry, if one is scheduled.
func (f *fixture) retry() {
	if next := f.nextRetry(); !next.IsZero() {
		f.advance(next.Sub(f.now()))
	}
	f.scheduled <- struct{}{}
}

// state returns the state of the first lookup.
func (f *fixture) state() LookupState { return f.Lookups()[0] }

// awaitTrust waits until a retry has led to a trust in retries of the first lookup.
func (f *fixture) awaitTrust(want trust) {
	f.t.Helper()
	l := f.queries[0]
	eventually(f.t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.refusals.trust == want
	}, "retried")
}

// awaitRetry retries the first lookup and waits for the end of that, which schedules another one.
func (f *fixture) awaitRetry() {
	f.t.Helper()
	l := f.queries[0]
	f.retry()
	eventually(f.t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.refusals.retryAt.After(f.now())
	}, "retried")
}

// A repair is noticed though no load asks, long before the pause ends.
func TestTheRepairOfARefusedLookupIsNoticedWithoutTraffic(t *testing.T) {
	for name, test := range map[string]struct{ harm, repair, reason string }{
		"a renamed table": {
			`ALTER TABLE orders RENAME TO elsewhere`, `ALTER TABLE elsewhere RENAME TO orders`,
			`postgres::lookups::0::query: relation "orders" does not exist (SQLSTATE 42P01)`,
		},
		"a revoked privilege": {
			`REVOKE SELECT ON orders FROM refused`, `GRANT SELECT ON orders TO refused`,
			`postgres::lookups::0::query: permission denied for table orders (SQLSTATE 42501): ` + remedyPermission,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, roleScript, ordersScript)
			for mode, asRefused := range inEachMode(asRefused(t, dsn)) {
				t.Run(mode, func(t *testing.T) {
					f := openRetrying(t, asRefused, Custom([]CustomLookup{{"order", byOrder}, {"job", byJob}}), never, never)
					f.check(ask{"order", "1", "one"})
					assert.Equal(t, []LookupState{{Attribute: "order"}, {Attribute: "job"}}, f.Lookups())
					exec(t, dsn, test.harm)
					before := f.now()
					f.check(ask{"order", "1", unavailable}, ask{"job", id(1), "nightly"})
					states := f.Lookups()
					assert.Equal(t, "order", states[0].Attribute)
					require.EqualError(t, states[0].Err, test.reason)
					since := states[0].RefusedSince
					assert.WithinRange(t, since, before, f.now())
					assert.Equal(t, LookupState{Attribute: "job"}, states[1])

					for range 3 {
						f.awaitRetry()
						assert.Equal(t, states, f.Lookups(), "still refused, since then")
					}
					assert.Equal(t, []string{refuses}, f.messages())
					exec(t, dsn, test.repair)
					f.retry()
					f.awaitTrust(unconfirmed)
					assert.Equal(t, LookupState{Attribute: "order"}, f.state())
					assert.Equal(t, []string{works}, f.messages())
					assert.Equal(t, 1, f.check(ask{"order", "1", "one"}), "the pause of an hour has ended")
					assert.Empty(t, f.messages())
				})
			}
		})
	}
}

func TestRefusedLookupsAreRetriedByTheClock(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, `ALTER TABLE orders RENAME TO elsewhere; ALTER TABLE jobs RENAME TO nowhere`)
	f := openRetrying(t, dsn, Custom([]CustomLookup{{"order", byOrder}, {"job", byJob}}), 10*time.Millisecond, never)
	f.check(ask{"order", "1", unavailable}, ask{"job", id(1), unavailable})
	f.messages()
	exec(t, dsn, `ALTER TABLE elsewhere RENAME TO orders`)
	eventually(t, func() bool { return f.state().Err == nil }, "one works")
	require.Error(t, f.Lookups()[1].Err, "the other does not")
	exec(t, dsn, `ALTER TABLE nowhere RENAME TO jobs`)
	eventually(t, func() bool { return f.Lookups()[1].Err == nil }, "both work")
	assert.Len(t, f.messages(), 2)
}

func TestARetryIsOneStatementOfTheRefusedQueryAlone(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, `ALTER TABLE orders RENAME TO elsewhere`)
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openRetrying(t, tap.DSN(dsn), Custom([]CustomLookup{{"order", byOrder}, {"job", byJob}}), never, never)
	f.check(ask{"order", "1", unavailable}, ask{"job", id(1), "nightly"})
	tap.Reset()
	f.awaitRetry()
	assert.Equal(t, int64(1), tap.Syncs())
	exec(t, dsn, `ALTER TABLE elsewhere RENAME TO orders`)
	f.retry()
	f.awaitTrust(unconfirmed)
	assert.Equal(t, int64(2), tap.Syncs())
	f.check(ask{"order", "1", "one"})
}

// perRow is a query that is refused only if there are rows: its function reads a table without the privilege.
const perRow = `SELECT id, checked(ns) FROM orders WHERE id = ANY($1)`

const perRowScript = `
	CREATE TABLE names (ns text); REVOKE ALL ON names FROM refused;
	CREATE FUNCTION checked(ns text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM names; RETURN ns; END $$;`

func TestRetriesAreNotTrustedWhileKeysAreRefusedThoughTheQuerySucceedsWithoutKeys(t *testing.T) {
	dsn := cluster.NewDatabase(t, roleScript, ordersScript, perRowScript)
	f := openRetrying(t, asRefused(t, dsn), Custom([]CustomLookup{{"order", perRow}}), never, never)
	refused, fine := ask{"order", "1", unavailable}, ask{"order", "1", "one"}
	for range 2 { // after a success it begins anew
		f.check(refused)
		first := f.state()
		require.ErrorContains(t, first.Err, "permission denied for table names")
		f.retry()
		f.awaitTrust(unconfirmed)
		assert.Equal(t, LookupState{Attribute: "order"}, f.state(), "as far as is known")
		assert.Equal(t, []string{refuses, works}, f.messages())

		f.check(refused)
		assert.Equal(t, first.RefusedSince, f.state().RefusedSince, "it was refused all the time")
		assert.Equal(t, []string{refuses}, f.messages())
		f.retry()
		f.awaitTrust(distrusted)
		require.Error(t, f.state().Err)
		for range 3 {
			assert.Zero(t, f.check(refused), "the pause is as long as ever")
			f.advance(never)
			roundTrips, err := f.probe(never)
			require.NoError(t, err)
			assert.Equal(t, 1, roundTrips)
			assert.Equal(t, first.RefusedSince, f.state().RefusedSince, "another success without keys")
			f.check(refused)
			assert.Equal(t, first.RefusedSince, f.state().RefusedSince)
			assert.True(t, f.nextRetry().IsZero(), "it is not retried")
		}
		assert.Empty(t, f.messages())

		exec(t, dsn, `GRANT SELECT ON names TO refused`)
		f.advance(never)
		f.check(fine)
		assert.Equal(t, LookupState{Attribute: "order"}, f.state())
		assert.Equal(t, []string{works}, f.messages())
		exec(t, dsn, `REVOKE SELECT ON names FROM refused`)
	}
}

// Two failures in a row, without keys looked up between them, are told from one by the retry after the second.
func TestALookupThatIsRefusedAnewIsRefusedSinceThen(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript)
	f := openRetrying(t, dsn, Custom([]CustomLookup{{"order", byOrder}}), never, never)
	const harm, repair = `ALTER TABLE orders RENAME TO elsewhere`, `ALTER TABLE elsewhere RENAME TO orders`
	exec(t, dsn, harm)
	f.check(ask{"order", "1", unavailable})
	exec(t, dsn, repair)
	f.retry()
	f.awaitTrust(unconfirmed)
	exec(t, dsn, harm)
	f.advance(never)
	before := f.now()
	f.check(ask{"order", "1", unavailable})
	after := f.now()
	f.awaitRetry()
	assert.WithinRange(t, f.state().RefusedSince, before, after)
	exec(t, dsn, repair)
	f.retry()
	f.awaitTrust(unconfirmed)
	assert.Equal(t, []string{refuses, works, refuses, works}, f.messages(), "one of each for each change")
	f.check(ask{"order", "1", "one"})
}

func TestALookupOfAnEarlierSchemaIsNeitherRefusedNorRetried(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.TaskerLegacyWithoutCorrelation)
	f := openRetrying(t, dsn, TaskerLegacy(false), cooldown, never)
	f.check(ask{"correlation_id", id(1), unknown})
	require.Len(t, f.messages(), 1)
	assert.Equal(t, []LookupState{{Attribute: "task_uuid"}, {Attribute: "step_uuid"}, {Attribute: "correlation_id"}}, f.Lookups())
	assert.True(t, f.nextRetry().IsZero())
}

func TestRetriesGoOnWhileTheServerIsAway(t *testing.T) {
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t, ordersScript, `ALTER TABLE orders RENAME TO elsewhere`)
	f := openRetrying(t, dsn, Custom([]CustomLookup{{"order", byOrder}}), never, never)
	f.check(ask{"order", "1", unavailable})
	state := f.state()
	require.NoError(t, own.Crash())
	for range 2 {
		f.awaitRetry()
		assert.Equal(t, state, f.state(), "an outage is no refusal")
	}
	require.NoError(t, own.Restart(t.Context()))
	exec(t, dsn, `ALTER TABLE elsewhere RENAME TO orders`)
	f.retry()
	f.awaitTrust(unconfirmed)
	assert.Equal(t, []string{refuses, works}, f.messages())
}

// What was sent before the last refusal says nothing about the time after it.
func TestResultsFromBeforeARefusalDoNotCount(t *testing.T) {
	now, refusal := time.Now(), context.DeadlineExceeded
	keyed := func(l *pausable) *request {
		return &request{query: l, texts: []string{"1"}, refusals: l.refusalsSoFar()}
	}
	refused := func() *pausable {
		l := &pausable{cooldown: cooldown, logger: zap.NewNop(), isRetried: true}
		l.pause(now, keyed(l), refusal)
		return l
	}
	t.Run("of a load that succeeds", func(t *testing.T) {
		l := &pausable{cooldown: cooldown, logger: zap.NewNop()}
		early := keyed(l)
		l.pause(now, keyed(l), refusal)
		l.succeeded(early)
		require.Error(t, l.state().Err)
		l.succeeded(keyed(l))
		require.NoError(t, l.state().Err)
	})
	t.Run("of a retry", func(t *testing.T) {
		l := refused()
		early := &request{query: l, refusals: l.refusalsSoFar()}
		l.pause(now, keyed(l), refusal)
		l.retried(early, nil, now, 0)
		require.Error(t, l.state().Err)
		assert.True(t, l.isPaused(now))
		l.retried(&request{query: l, refusals: l.refusalsSoFar()}, nil, now, 0)
		require.NoError(t, l.state().Err)
		assert.False(t, l.isPaused(now))
	})
	t.Run("of a load that is refused after a retry has succeeded", func(t *testing.T) {
		l := &pausable{cooldown: cooldown, logger: zap.NewNop()}
		early := keyed(l)
		l.pause(now, keyed(l), refusal)
		l.retried(&request{query: l, refusals: l.refusalsSoFar()}, nil, now, 0)
		l.pause(now, early, refusal)
		assert.Equal(t, unconfirmed, l.refusals.trust)
		l.retried(&request{query: l, refusals: l.refusalsSoFar()}, nil, now, 0)
		require.NoError(t, l.state().Err, "retries are still trusted")
	})
	t.Run("of a retry that is refused after a load has succeeded", func(t *testing.T) {
		l := refused()
		early := &request{query: l, refusals: l.refusalsSoFar()}
		l.succeeded(keyed(l))
		l.retried(early, refusal, now, 0)
		assert.Zero(t, l.refusals.retryAt)
	})
}
