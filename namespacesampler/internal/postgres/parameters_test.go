// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// TestARefusedConnectionNamesTheParameter that the server named, in any way in which a DSN sets it, and never its value.
func TestARefusedConnectionNamesTheParameter(t *testing.T) {
	direct := cluster.NewDatabase(t, `DO $$ BEGIN CREATE ROLE weak LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	pooled := pgtest.NewPooler(t, cluster).DSN(direct)
	for name, test := range map[string]struct{ dsn, setting, want string }{
		"PgBouncer":                     {pooled, "statement_timeout=" + secret, `the parameter "statement_timeout" of the DSN cannot be set through a pooler`},
		"PgBouncer, options":            {pooled, "options=-c%20statement_timeout%3D" + secret, `the parameter "options" of the DSN cannot be set through a pooler`},
		"PgBouncer, of an extension":    {pooled, "a.b=" + secret, `the parameter "a.b" of the DSN cannot be set through a pooler`},
		"an invalid value":              {direct, "statement_timeout=" + secret, `the value of the parameter "statement_timeout" of the DSN is invalid`},
		"an invalid value, options":     {direct, "options=-c%20statement_timeout%3D" + secret, `the value of the parameter "statement_timeout" of the DSN is invalid`},
		"an invalid value, long option": {direct, "options=--statement-timeout%3D" + secret, `the value of the parameter "statement_timeout" of the DSN is invalid`},
		"the server's spelling":         {direct, "timezone=" + secret, `the value of the parameter "timezone" of the DSN is invalid`},
		"a value that is a name":        {direct, "timezone=search_path&search_path=" + secret, `the value of the parameter "timezone" of the DSN is invalid`},
		"a role":                        {direct, "role=" + secret, `the value of the parameter "role" of the DSN is invalid`},
		"an unknown parameter":          {direct, "statment_timeout=" + secret, `the server does not know the parameter "statment_timeout" of the DSN`},
		"an unknown parameter, options": {direct, "options=-c%20statment_timeout%3D" + secret, `the server does not know the parameter "statment_timeout" of the DSN`},
		"no permission":                 {direct, "user=weak&log_statement=all", `the role may not set the parameter "log_statement" of the DSN`},
		"only the server's to set":      {direct, "max_connections=" + secret, `the parameter "max_connections" of the DSN cannot be set for one connection`},
		"options that are none":         {direct, "options=-z" + secret, `the parameter "options" of the DSN must be of the form "-c name=value"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openLayout(t, test.dsn+"&"+test.setting, Layout{}).Overrides(t.Context(), table(t, "x"))
			require.ErrorContains(t, err, "failed to connect: "+test.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

// TestAParameterThatMayBePartOfAPasswordIsNotNamed: a password without quotes ends at a space, and its rest looks like a parameter.
// PgBouncer refuses parameters before it checks the password.
func TestAParameterThatMayBePartOfAPasswordIsNotNamed(t *testing.T) {
	pooled := pgtest.NewPooler(t, cluster).DSN(cluster.NewDatabase(t))
	parsed, err := pgconn.ParseConfig(pooled)
	require.NoError(t, err)
	keywords := fmt.Sprintf("host=%s port=%d user=postgres dbname=%s sslmode=disable ", parsed.Host, parsed.Port, parsed.Database)
	for name, test := range map[string]struct{ dsn, want string }{
		"a space, as a keyword":  {keywords + "password=a " + secret + "=b", "whose name may be part of a password"},
		"an &, in a URL":         {pooled + "&password=a&" + secret + "=b", "whose name may be part of a password"},
		"a parameter beside it":  {keywords + "password=" + secret + " statement_timeout=1s", `"statement_timeout"`},
		"a misspelt password":    {keywords + "pasword=" + secret, `"pasword"`},
		"a word of the password": {pooled + "&password=" + secret + "&search_path=" + secret, `"search_path"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openLayout(t, test.dsn, Layout{}).Overrides(t.Context(), table(t, "x"))
			require.ErrorContains(t, err, "failed to connect: ")
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

// TestParametersAreFoundInWhatOtherServersSay: other releases of PgBouncer, and Postgres in other languages.
func TestParametersAreFoundInWhatOtherServersSay(t *testing.T) {
	cfg, err := pgconn.ParseConfig("host=localhost options='-c statement_timeout=1s -cwork_mem=1MB' search_path=options")
	require.NoError(t, err)
	for message, want := range map[string]string{
		"unsupported startup parameter in options: statement_timeout":         "statement_timeout",
		"unsupported startup parameter: options":                              "options",
		"unbekannter Konfigurationsparameter »work_mem«":                      "work_mem",
		"ungültiger Wert für Parameter „search_path“: „options“":              "search_path",
		"server login has been failing, try again later (server_login_retry)": "",
		`database "statement" does not exist`:                                 "",
	} {
		t.Run(message, func(t *testing.T) {
			assert.Equal(t, want, namedParameter(sentParameters(cfg), &pgconn.PgError{Code: "08P01", Message: message}))
		})
	}
}
