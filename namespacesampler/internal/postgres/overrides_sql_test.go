// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// as returns a connection of a role.
func as(t *testing.T, dsn, role string) *pgx.Conn {
	t.Helper()
	return connect(t, asRole(t, dsn, role))
}

// asRole returns the DSN for another role.
func asRole(t *testing.T, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User(role)
	return u.String()
}

// incident is the statement of the documentation that overrides a namespace for an hour.
func incident(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```sql\n(INSERT INTO namespace_sampling_overrides .*?)```").FindSubmatch(text)
	require.NotNil(t, found, "the README has it")
	return string(found[1])
}

// hear waits for a notification.
func hear(t *testing.T, conn *pgx.Conn) *pgconn.Notification {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	heard, err := conn.WaitForNotification(ctx)
	require.NoError(t, err)
	return heard
}

// TestTheScriptOfTheOverridesOnANewServer: as it stands, and again, it makes all that the documentation speaks of.
func TestTheScriptOfTheOverridesOnANewServer(t *testing.T) {
	own := pgtest.Start(t) // another test may have made the roles of the shared one
	dsn := own.NewDatabase(t, overridesScript(t), overridesScript(t), `CREATE ROLE alice LOGIN; GRANT namespace_sampler_operator TO alice`)
	reader, alice := as(t, dsn, "namespace_sampler_reader"), as(t, dsn, "alice")
	_, err := reader.Exec(t.Context(), `LISTEN namespace_sampling_overrides`)
	require.NoError(t, err)

	for range 2 { // it is there the second time
		_, err = alice.Exec(t.Context(), incident(t))
		require.NoError(t, err)
		hear(t, reader)
	}
	for _, change := range []string{
		`UPDATE namespace_sampling_overrides SET sample_rate = 0.5`, `DELETE FROM namespace_sampling_overrides`,
		`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('orders', 0)`,
	} {
		_, err = reader.Exec(t.Context(), change)
		require.ErrorContains(t, err, "permission denied", "a reader cannot: %s", change)
		_, err = alice.Exec(t.Context(), change)
		require.NoError(t, err, change)
		assert.Equal(t, "namespace_sampling_overrides", hear(t, reader).Channel, change)
	}
	exec(t, dsn, overridesScript(t))
	var name, signal string
	require.NoError(t, reader.QueryRow(t.Context(), `SELECT namespace, signal FROM namespace_sampling_overrides`).Scan(&name, &signal))
	assert.Equal(t, []string{"orders", "all"}, []string{name, signal}, "a reader can read, and running the script again changed nothing")
}

// TestTheScriptOfTheOverridesInTwoDatabasesAtOnce: roles are made once for all databases of a server.
func TestTheScriptOfTheOverridesInTwoDatabasesAtOnce(t *testing.T) {
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t)
	first, second := connect(t, own.DSN("postgres")), connect(t, dsn)
	_, err := first.Exec(t.Context(), `BEGIN; CREATE ROLE namespace_sampler_reader LOGIN`, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := second.Exec(t.Context(), overridesScript(t), pgx.QueryExecModeSimpleProtocol)
		done <- err
	}()
	eventually(t, func() bool {
		var waits bool
		require.NoError(t, first.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)`).Scan(&waits))
		return waits
	}, "the script waits for the role that is being made")
	_, err = first.Exec(t.Context(), `COMMIT`)
	require.NoError(t, err)
	require.NoError(t, <-done)
}

// TestTheScriptOfTheOverridesByAnOwner: where the roles exist, the owner of the database can run it.
func TestTheScriptOfTheOverridesByAnOwner(t *testing.T) {
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t, `CREATE ROLE owner LOGIN; CREATE ROLE namespace_sampler_reader LOGIN; CREATE ROLE namespace_sampler_operator;
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO owner', current_database()); END $$`)
	_, err := as(t, dsn, "owner").Exec(t.Context(), overridesScript(t), pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	_, err = as(t, dsn, "namespace_sampler_reader").Exec(t.Context(), `SELECT * FROM namespace_sampling_overrides`)
	require.NoError(t, err)
}

// TestTheScriptOfTheOverridesWithOtherNames: replaced where its first lines say.
func TestTheScriptOfTheOverridesWithOtherNames(t *testing.T) {
	script := strings.NewReplacer("public.namespace_sampling_overrides", "steering.rates", "pg_notify('namespace_sampling_overrides'",
		"pg_notify('steered'", "USAGE ON SCHEMA public", "USAGE ON SCHEMA steering").Replace(overridesScript(t))
	dsn := cluster.NewDatabase(t, `CREATE SCHEMA steering`, script)
	reader := as(t, dsn, "namespace_sampler_reader")
	_, err := reader.Exec(t.Context(), `LISTEN steered`)
	require.NoError(t, err)
	exec(t, dsn, `SET ROLE namespace_sampler_operator; INSERT INTO steering.rates (namespace, sample_rate) VALUES ('payments', 1)`)
	hear(t, reader)
	_, err = reader.Exec(t.Context(), `SELECT * FROM steering.rates`)
	require.NoError(t, err)
}
