// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"net/url"
	"strings"
	"testing"

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
		"a name that may be a part of a password": {dsn, url.Values{secret: {"x"}}, "failed to connect: the server refuses the connection (SQLSTATE 42704)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openLayout(t, withParameters(t, test.dsn, test.parameters), Custom([]CustomLookup{{"order", byOrder}})).
				lookup(ask{"order", "1", unavailable})
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func withUser(t *testing.T, dsn, user string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User(user)
	return u.String()
}
