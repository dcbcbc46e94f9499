// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func overridesScript(t testing.TB) string { return script(t, "overrides.sql") }

// script returns a script that users run.
func script(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/" + name)
	require.NoError(t, err)
	return string(text)
}

func table(t testing.TB, name string) Table {
	t.Helper()
	parsed, err := ParseTable(name)
	require.NoError(t, err)
	return parsed
}

func TestOverridesAreReadAsTheyAre(t *testing.T) {
	dsn := cluster.NewDatabase(t, overridesScript(t), overridesScript(t), `
ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1, DROP CONSTRAINT signal_is_all_traces_metrics_or_logs;
INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, expires_at, reason, updated_by, updated_at) VALUES
	('a', 'all', 0.5, '2026-12-01 09:00:00.123456+09', 'incident', 'alice', '2026-01-01 00:00:00+00'),
	('b', 'traces', 'NaN', 'infinity', NULL, NULL, '-infinity'),
	('c', 'nothing', 50, '294276-12-31 00:00:00+00', '', '', '0044-03-15 00:00:00+00 BC'),
	(repeat('d', 5000), 'all', '-Infinity', '-infinity', repeat('e', 5000), repeat('f', 5000), now())`)
	f := openLayout(t, dsn, Layout{})
	got, err := f.Overrides(t.Context(), table(t, "public.namespace_sampling_overrides"))
	require.NoError(t, err)
	require.Len(t, got, 4)
	assert.Equal(t, OverrideRow{Override: rate.Override{
		Source: rate.RuntimeOverride,
		Key:    "a", Signal: "all", Probability: 0.5, Until: time.Date(2026, 12, 1, 0, 0, 0, 123456000, time.UTC),
		Reason: "incident", UpdatedBy: "alice", UpdatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}}, got[0])
	assert.True(t, math.IsNaN(got[1].Probability))
	assert.True(t, got[1].Until.IsZero(), "infinity never comes")
	got[1].Probability = 0
	assert.Equal(t, rate.Override{Source: rate.RuntimeOverride, Key: "b", Signal: "traces"}, got[1].Override, "-infinity is no time to show")
	assert.True(t, got[2].Until.IsZero())
	assert.Len(t, got[3].Key, rate.MaxNameBytes+1, "still too long")
	assert.True(t, got[3].Until.Before(time.Now()), "what is long over is over")
	assert.Len(t, got[3].Reason, 500)
}

func TestATableOfOverridesOfOtherTypes(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."Over""rides" (
		namespace varchar(64), signal char(10), sample_rate numeric, expires_at timestamptz, reason text, updated_by name, updated_at date);
		INSERT INTO "My Schema"."Over""rides" VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('', 'all', 1, NULL, NULL, NULL, NULL),
		('z', 'all', 0.25, '2026-12-01 00:00:00+00', 'r', 'u', '2026-01-01')`)
	f := openLayout(t, dsn, Layout{})
	got, err := f.Overrides(t.Context(), table(t, `"My Schema"."Over""rides"`))
	require.NoError(t, err)
	require.Len(t, got, 3)
	assert.Equal(t, OverrideRow{Override: rate.Override{Source: rate.RuntimeOverride, Signal: "all", Probability: 1}}, got[0], "the empty name")
	assert.True(t, got[2].LacksNamespace)
	assert.True(t, math.IsNaN(got[2].Probability))
	assert.Equal(t, rate.Override{
		Source: rate.RuntimeOverride,
		Key:    "z", Signal: "all", Probability: 0.25, Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		Reason: "r", UpdatedBy: "u", UpdatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}, got[1].Override)
}

// withExpiresAt returns a database whose table of overrides has another type for expires_at.
func withExpiresAt(t *testing.T, typ string) string {
	return cluster.NewDatabase(t, overridesScript(t), `CREATE DOMAIN instant AS timestamptz;
		ALTER TABLE namespace_sampling_overrides DROP COLUMN expires_at; ALTER TABLE namespace_sampling_overrides ADD COLUMN expires_at `+typ)
}

// A time without a zone is another one in New York: an override for an hour would be over before it began.
func TestATableWhoseTimesHaveNoZoneIsRefused(t *testing.T) {
	for typ, value := range map[string]string{
		"timestamp": "now()::timestamp", "date": "now()::date", "text": "now()::text", "varchar": "now()::text", "bigint": "7",
	} {
		t.Run(typ, func(t *testing.T) {
			state, message := "42804", "must be timestamptz, got "+typ+
				`, which has no time zone and is therefore ambiguous: ALTER TABLE "namespace_sampling_overrides" ALTER COLUMN expires_at TYPE timestamptz USING`
			if typ == "bigint" {
				state, message = "42846", "cannot cast type bigint to timestamp with time zone (SQLSTATE 42846): create the table with the columns"
			}
			dsn := withExpiresAt(t, typ)
			f := openLayout(t, dsn, Layout{})
			for range 2 { // without rows, and with one
				_, err := f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
				var refused *ReadError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, state, refused.State)
				require.ErrorContains(t, err, message)
				exec(t, dsn, `INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('a', 1, `+value+`) ON CONFLICT DO NOTHING`)
			}
		})
	}
}

// As text, times in some styles have abbreviations of time zones that Postgres reads as others: CST is that of China, and of the USA.
func TestTimesAreReadInAnyTimeZone(t *testing.T) {
	for _, typ := range []string{"timestamptz", "timestamptz(0)", "instant"} {
		dsn := withExpiresAt(t, typ)
		exec(t, dsn, `INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('a', 1, '2026-12-01 09:00:00 America/New_York')`)
		for _, parameters := range []string{
			"", "&TimeZone=America/New_York", "&TimeZone=Asia/Shanghai&DateStyle=German", "&TimeZone=Asia/Kolkata&DateStyle=SQL,DMY",
		} {
			t.Run(typ+parameters, func(t *testing.T) {
				got, err := openLayout(t, dsn+parameters, Layout{}).Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
				require.NoError(t, err)
				assert.Equal(t, time.Date(2026, 12, 1, 14, 0, 0, 0, time.UTC), got[0].Until)
			})
		}
	}
}

// The type comes with the answer in each mode of execution, without another round trip.
func TestTheTypeOfTimesIsKnownInOneRoundTrip(t *testing.T) {
	tap := pgtest.NewTap(t, cluster.Addr())
	for typ, refused := range map[string]bool{"timestamptz": false, "timestamp": true} {
		for mode, dsn := range inEachMode(tap.DSN(withExpiresAt(t, typ))) {
			t.Run(typ+" "+mode, func(t *testing.T) {
				f := openLayout(t, dsn, Layout{})
				for range 2 { // pgx knows the columns the second time
					_, err := f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
					assert.Equal(t, refused, err != nil)
				}
				if mode == "default" || mode == "exec" {
					before := tap.Syncs()
					_, _ = f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
					assert.EqualValues(t, 1, tap.Syncs()-before)
				}
			})
		}
	}
}

func TestWhyATableCannotBeRead(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE secret (a int); CREATE TABLE other (namespace text)`)
	f := openLayout(t, dsn, Layout{})
	read := func(f *fixture, name string) *ReadError {
		t.Helper()
		_, err := f.Overrides(t.Context(), table(t, name))
		var refused *ReadError
		require.ErrorAs(t, err, &refused)
		return refused
	}
	missing := read(f, "nothing_here")
	assert.Equal(t, "42P01", missing.State)
	require.EqualError(t, missing, `relation "nothing_here" does not exist (SQLSTATE 42P01): create the table`)
	assert.Equal(t, "42703", read(f, "other").State)

	down := read(openLayout(t, "postgres://127.0.0.1:1/none", Layout{}), "nothing_here")
	assert.Empty(t, down.State)
	require.EqualError(t, down, "failed to connect: connection refused")
}

// TestAReadSurvivesDeadConnections: those that the server closed while they were idle.
func TestAReadSurvivesDeadConnections(t *testing.T) {
	own := pgtest.Start(t)
	f := openLayout(t, own.NewDatabase(t, overridesScript(t)), Layout{})
	for range 2 {
		_, err := f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
		require.NoError(t, err)
		require.NoError(t, own.Restart(t.Context()))
	}
}

func TestNamesOfTables(t *testing.T) {
	for name, want := range map[string]string{
		"overrides":                    `"overrides"`,
		"Public.Overrides_2$":          `"public"."overrides_2$"`,
		`"Public"."a.b;""c"`:           `"Public"."a.b;""c"`,
		`öffentlich."x"`:               `"öffentlich"."x"`,
		"":                             "",
		".a":                           "",
		"a.":                           "",
		"a.b.c":                        "",
		"1a":                           "",
		"a b":                          "",
		"a;DROP TABLE b":               "",
		`"a`:                           "",
		`""`:                           "",
		`"a"b`:                         "",
		"\"a\x00\"":                    "",
		strings.Repeat("a", 64):        "",
		"a." + strings.Repeat("b", 63): `"a"."` + strings.Repeat("b", 63) + `"`,
	} {
		got, err := ParseTable(name)
		if want == "" {
			require.ErrorContains(t, err, "must ", name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, want, got.String())
	}
}

// listening listens in the background until the test ends, and returns what it says.
type listening struct {
	began, heard chan struct{}
	ended        chan error
}

func listen(t *testing.T, f *fixture, channel string) *listening {
	l := &listening{began: make(chan struct{}, 100), heard: make(chan struct{}, 100), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		l.ended <- f.Listen(ctx, Listening{
			Channel: channel, Timeout: 10 * time.Second, Check: 20 * time.Millisecond,
			Began: func() { l.began <- struct{}{} }, Heard: func() { l.heard <- struct{}{} },
		})
		close(l.ended)
	}()
	t.Cleanup(func() {
		cancel()
		for range l.ended { // until it is closed
		}
	})
	return l
}

// within waits for what must come.
func within[T any](t *testing.T, c <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing came")
	}
	return got
}

func TestChangesAreNotified(t *testing.T) {
	const hostile = `my "channel"`
	dsn := cluster.NewDatabase(t, overridesScript(t))
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openLayout(t, tap.DSN(dsn)+"&pool_min_conns=0", Layout{})
	l, other := listen(t, f, "namespace_sampling_overrides"), listen(t, f, hostile)
	within(t, l.began)
	within(t, other.began)
	assert.Equal(t, int32(0), f.pool.Stat().TotalConns(), "its connection is none of the pool's")

	conn := connect(t, dsn)
	for _, sql := range []string{
		`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('a', 1), ('b', 1)`,
		`UPDATE namespace_sampling_overrides SET sample_rate = 0.5`,
		`DELETE FROM namespace_sampling_overrides WHERE namespace = 'a'`,
		`TRUNCATE namespace_sampling_overrides`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
		within(t, l.heard)
		assert.Empty(t, l.heard, "once for a statement")
	}
	assert.Empty(t, other.heard)
	_, err := conn.Exec(t.Context(), `SELECT pg_notify($1, '')`, hostile)
	require.NoError(t, err)
	within(t, other.heard)

	// A connection that is silent is asked whether it lives, and goes on.
	syncs := tap.Syncs()
	require.Eventually(t, func() bool { return tap.Syncs() > syncs+3 }, 30*time.Second, time.Millisecond)
	_, err = conn.Exec(t.Context(), `NOTIFY namespace_sampling_overrides`)
	require.NoError(t, err)
	within(t, l.heard)
}

func TestListeningEndsWithItsConnection(t *testing.T) {
	own := pgtest.Start(t)
	f := openLayout(t, own.NewDatabase(t), Layout{})
	l := listen(t, f, "changes")
	within(t, l.began)
	require.NoError(t, own.Crash())
	require.Error(t, within(t, l.ended))
}

// TestListeningIsGivenUpIfItIsImpossible: a pooler would take LISTEN, and pass nothing on.
func TestListeningIsGivenUpIfItIsImpossible(t *testing.T) {
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t, overridesScript(t))
	f := openLayout(t, pgtest.NewPooler(t, own).DSN(dsn), Layout{})
	require.ErrorIs(t, within(t, listen(t, f, "changes").ended), ErrPooler)
	_, err := f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
	require.NoError(t, err, "reading works")

	require.NoError(t, own.RestartInRecovery(t.Context(), true))
	f = openLayout(t, dsn, Layout{})
	require.ErrorIs(t, within(t, listen(t, f, "changes").ended), ErrStandby)
	_, err = f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
	require.NoError(t, err, "reading works")
}
