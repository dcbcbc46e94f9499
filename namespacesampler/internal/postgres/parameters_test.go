// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// withParameters returns a DSN with more parameters.
func withParameters(t *testing.T, dsn string, parameters url.Values) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	query := u.Query()
	for name, values := range parameters {
		query[name] = values
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String()
}

// Whoever reads the log must learn which parameter to take out of the DSN, but nothing secret.
func TestARefusedParameterOfTheDSNIsNamed(t *testing.T) {
	own := pgtest.Start(t)
	dsn := own.NewDatabase(t, ordersScript, `CREATE ROLE plain LOGIN`)
	pooler := pgtest.NewPooler(t, own, "plain").DSN(dsn)
	for name, test := range map[string]struct {
		dsn        string
		parameters url.Values
		want       string
	}{
		"PgBouncer": {
			pooler,
			url.Values{"statement_timeout": {"1s"}},
			"a pooler in front of the server refuses the parameter statement_timeout of the DSN; set it for the role instead: " +
				"ALTER ROLE ... SET statement_timeout = ... (SQLSTATE 08P01)",
		},
		"PgBouncer, beside others": {
			pooler,
			url.Values{"lock_timeout": {"1s"}, "client_encoding": {"UTF8"}, "application_name": {"lock_timeout"}},
			"refuses the parameter lock_timeout of the DSN",
		},
		"an unknown one":   {dsn, url.Values{"statement_timeuot": {secret}}, "the server does not know the parameter statement_timeuot of the DSN (SQLSTATE 42704)"},
		"an invalid value": {dsn, url.Values{"lock_timeout": {secret}, "work_mem": {"4MB"}}, "the server refuses the value of the parameter lock_timeout of the DSN (SQLSTATE 22023)"},
		"a class":          {dsn, url.Values{"auto_explain.nothing": {secret}, "jit": {secret}}, "refuses the value of the parameter jit of the DSN"},
		"in options":       {dsn, url.Values{"options": {"-c work_mem=4MB --statement-timeout=" + secret}}, "the value of the parameter statement_timeout of the DSN"},
		"one that only a superuser may set": {
			withUser(t, dsn, "plain"), url.Values{"log_statement": {"all"}}, "the role may not set the parameter log_statement of the DSN (SQLSTATE 42501)",
		},
		"a name that may be a part of a password": {dsn, url.Values{secret: {"x"}}, "a parameter of the DSN, which is not named"},
		"PgBouncer, options":                      {pooler, url.Values{"options": {"-c statement_timeout=" + secret}}, "refuses the parameter options of the DSN"},
		"PgBouncer, of an extension":              {pooler, url.Values{"auto_explain.a": {secret}}, "refuses the parameter auto_explain.a of the DSN"},
		"another spelling":                        {dsn, url.Values{"timezone": {secret}}, "the value of the parameter timezone of the DSN"},
		"a value that is another":                 {dsn, url.Values{"timezone": {"search_path"}, "search_path": {secret}}, "the value of the parameter timezone of the DSN"},
		"a role":                                  {dsn, url.Values{"role": {secret}}, "the value of the parameter role of the DSN"},
		"an unknown one in options":               {dsn, url.Values{"options": {"-cstatement_timeuot=" + secret}}, "does not know the parameter statement_timeuot of the DSN"},
		"one for the whole server only":           {dsn, url.Values{"max_connections": {secret}}, "the parameter max_connections of the DSN cannot be set for a connection (SQLSTATE 55P02)"},
		"options of another form":                 {dsn, url.Values{"options": {"-z" + secret}}, `the parameter options of the DSN is not of the form "-c name=value" (SQLSTATE 42601)`},
		"a word after a password":                 {pooler, url.Values{"password": {"a"}, "hunter": {"b"}}, "a parameter of the DSN, which is not named"},
		"a word without a password":               {pooler, url.Values{"pasword": {secret}}, "refuses the parameter pasword of the DSN"},
		"a usual name and a password":             {pooler, url.Values{"password": {secret}, "statement_timeout": {"1s"}}, "refuses the parameter statement_timeout of the DSN"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openLayout(t, withParameters(t, test.dsn, test.parameters), Custom([]CustomLookup{{"order", byOrder}})).
				lookup(ask{"order", "1", unavailable})
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func withUser(t testing.TB, dsn, user string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User(user)
	return u.String()
}

// A password without quotes in a DSN of keywords ends at a space, and PgBouncer refuses parameters before it checks the password.
func TestTheRestOfAPasswordIsNotNamed(t *testing.T) {
	cfg, err := pgconn.ParseConfig(pgtest.NewPooler(t, cluster).DSN(cluster.NewDatabase(t)))
	require.NoError(t, err)
	dsn := fmt.Sprintf("host=%s port=%d user=postgres dbname=%s sslmode=disable password=correct horse=battery", cfg.Host, cfg.Port, cfg.Database)
	_, err = openLayout(t, dsn, Custom([]CustomLookup{{"order", byOrder}})).lookup(ask{"order", "1", unavailable})
	require.ErrorContains(t, err, "a parameter of the DSN, which is not named")
	assert.NotContains(t, err.Error(), "horse")
}

// Other releases of PgBouncer, and Postgres in other languages.
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
		t.Run(message, func(t *testing.T) { assert.Equal(t, want, firstNamed(message, parameters(cfg))) })
	}
}
