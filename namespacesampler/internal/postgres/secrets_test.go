// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// TestPasswordsInOddPlacesAreNotReportedByNetworkErrors: these DSNs can be used as far as pgx can see, but each takes some of the
// password for a host, a database or a setting.
func TestPasswordsInOddPlacesAreNotReportedByNetworkErrors(t *testing.T) {
	here := cluster.Addr()
	for name, test := range map[string]struct{ dsn, want string }{
		"an @ makes the rest of it a host":       {"postgres://user:pa@" + secret + ".invalid@" + here + "/db", "failed to connect: "},
		"a password alone is a host":             {"postgres://" + secret + ".invalid", "failed to connect: "},
		"a / after digits makes it a database":   {"postgres://" + here + "/" + secret + "@host/db?sslmode=disable&user=postgres", "3D000"},
		"a user":                                 {"postgres://" + secret + "@" + here + "/db?sslmode=disable", "28000"},
		"a misspelt keyword makes it a setting":  {"postgres://postgres@" + here + "/postgres?sslmode=disable&TimeZone=" + secret, "parameter TimeZone of"},
		"an unknown keyword, for which it waits": {"postgres://postgres@" + here + "/postgres?sslmode=disable&pasword=" + secret, "parameter pasword of"},
		"options":                                {"postgres://postgres@" + here + "/postgres?sslmode=disable&options=" + secret, "parameter options of"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, ValidateDSN(test.dsn))
			_, err := openLayout(t, test.dsn, Tasker(true)).lookup(ask{"task_uuid", id(1), unavailable})
			require.ErrorContains(t, err, test.want)
			for wrapped := err; wrapped != nil; wrapped = unwrap(wrapped) {
				assert.NotContains(t, wrapped.Error(), secret)
			}
		})
	}
}

func unwrap(err error) error {
	if wrapper, ok := err.(interface{ Unwrap() error }); ok {
		return wrapper.Unwrap()
	}
	return nil
}

func TestPasswordsWithSpecialCharactersLogIn(t *testing.T) {
	requirePasswords(t)
	for _, password := range []string{"plain", `/@:#%?&=+ '"\`, "pass word", "é🦀"} {
		t.Run(password, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, taskerdb.Tasker)
			conn := connect(t, dsn)
			literal, err := conn.PgConn().EscapeString(password)
			require.NoError(t, err)
			exec(t, dsn, `ALTER ROLE scrammed PASSWORD '`+literal+`'; GRANT USAGE ON SCHEMA tasker TO scrammed;
				GRANT SELECT ON ALL TABLES IN SCHEMA tasker TO scrammed`)

			openLayout(t, withPassword(t, dsn, "scrammed", password), Tasker(true)).check(ask{"task_uuid", id(1), unknown})

			f := openLayout(t, withPassword(t, dsn, "scrammed", password+secret), Tasker(true))
			_, err = f.lookup(ask{"task_uuid", id(1), unavailable})
			require.EqualError(t, err, "failed to connect: password authentication failed (SQLSTATE 28P01)")
			_, err = openLayout(t, withUser(t, dsn, "scrammed"), Tasker(true)).lookup(ask{"task_uuid", id(1), unavailable})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "scrammed")
		})
	}
}

// requirePasswords makes a role that has to log in with a password; all others of the cluster need none.
func requirePasswords(t testing.TB) {
	postgres := connect(t, cluster.DSN("postgres"))
	var file string
	require.NoError(t, postgres.QueryRow(t.Context(), `SHOW hba_file`).Scan(&file))
	exec(t, cluster.DSN("postgres"), `CREATE ROLE scrammed LOGIN PASSWORD 'x';
		COPY (VALUES ('host all scrammed all scram-sha-256'), ('host all all all trust')) TO '`+file+`';
		SELECT pg_reload_conf()`)
	db := openLayout(t, withUser(t, cluster.DSN("postgres"), "scrammed"), Tasker(true))
	eventually(t, func() bool {
		err := db.pool.Ping(t.Context())
		db.pool.Reset()
		return err != nil
	}, "the server asks for passwords")
}
