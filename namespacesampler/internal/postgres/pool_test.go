// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func TestSettingsThatTheDSNLacksHaveDefaults(t *testing.T) {
	cfg := PoolConfig{DSN: "postgres://localhost/tasker", MaxConnections: 3, ConnectTimeout: 7 * time.Second}
	pool, err := parsePool(cfg)
	require.NoError(t, err)
	assert.Equal(t, pgx.QueryExecModeExec, pool.ConnConfig.DefaultQueryExecMode)
	assert.Equal(t, 7*time.Second, pool.ConnConfig.ConnectTimeout)
	assert.Equal(t, "namespace_sampler", pool.ConnConfig.RuntimeParams["application_name"])
	assert.Equal(t, "UTF8", pool.ConnConfig.RuntimeParams["client_encoding"])
	assert.Equal(t, int32(3), pool.MaxConns)
}

func TestSettingsOfTheDSNTakePrecedence(t *testing.T) {
	for _, form := range []string{
		"postgres://localhost/tasker?default_query_exec_mode=cache_describe&connect_timeout=9&application_name=mine&" +
			"pool_max_conns=50&pool_min_conns=40&client_encoding=LATIN1",
		"host=localhost dbname=tasker default_query_exec_mode=cache_describe connect_timeout=9 application_name=mine " +
			"pool_max_conns=50 pool_min_conns=40 client_encoding=LATIN1",
	} {
		pool, err := parsePool(PoolConfig{DSN: form, MaxConnections: 3, ConnectTimeout: 7 * time.Second})
		require.NoError(t, err)
		assert.Equal(t, pgx.QueryExecModeCacheDescribe, pool.ConnConfig.DefaultQueryExecMode)
		assert.Equal(t, 9*time.Second, pool.ConnConfig.ConnectTimeout)
		assert.Equal(t, "mine", pool.ConnConfig.RuntimeParams["application_name"])
		assert.Equal(t, "LATIN1", pool.ConnConfig.RuntimeParams["client_encoding"])
		assert.Equal(t, int32(3), pool.MaxConns, "max_connections wins over pool_max_conns")
		assert.LessOrEqual(t, pool.MinConns, pool.MaxConns)
	}
}

// secret is planted in DSNs that cannot be used; no part of it may come back.
const secret = "s3cr3t"

func TestNoErrorRepeatsAnythingOfTheDSN(t *testing.T) {
	for _, dsn := range []string{
		"postgres://user:" + secret + "@host:port/db",
		"postgres://user:" + secret + "@host:99999999/db",
		"postgres://user:pa/" + secret + "@host/db",
		"postgres://user:pa#" + secret + "@host/db",
		"postgres://user:pa?" + secret + "@host/db",
		"postgres://user:pa%" + secret + "@host/db",
		"postgres://user:pa " + secret + "@host/db",
		"postgres://user:" + secret + "@ho st/db",
		"postgres://user:" + secret + "@[::1/db",
		"postgres://user:" + secret + "@host/db?sslmode=" + secret,
		"postgres://user:" + secret + "@host/db?sslmode=verify-full&sslrootcert=/" + secret,
		"postgres://user:" + secret + "@host/db?connect_timeout=" + secret,
		"postgres://user:" + secret + "@host/db?pool_max_conns=" + secret,
		"postgres://user:" + secret + "@host/db?default_query_exec_mode=" + secret,
		"postgres://user:" + secret + "@host/db?target_session_attrs=" + secret,
		"postgres://user:" + secret + "@host/db?min_protocol_version=" + secret,
		"postgres://user:" + secret + "@host/db?service=" + secret,
		"host=localhost password=" + secret + " port=x",
		"host=localhost password='" + secret,
		"host=localhost password=a b" + secret,
		"password=" + secret + " sslmode=" + secret,
		"mysql://user:" + secret + "@host/db?port=x",
		"=" + secret, secret, "postgres://" + secret + ":" + secret,
	} {
		err := ValidateDSN(dsn)
		if err == nil {
			continue // pgx takes some odd ones
		}
		assert.NotContains(t, err.Error(), secret, dsn)
		_, err = Open(Config{Pool: PoolConfig{DSN: dsn, MaxConnections: 1}})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), secret, dsn)
	}
	require.Error(t, ValidateDSN("postgres://user:"+secret+"@host:port/db"))
	require.ErrorContains(t, ValidateDSN("postgres://host/db?sslmode=maybe"), "failed to configure TLS (sslmode", "what is safe is told")
	require.ErrorContains(t, ValidateDSN(" "), "is required")
}

func TestErrorsOfConnectingRepeatNoSecret(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	for name, bad := range map[string]string{
		"refused":          "postgres://user:" + secret + "@127.0.0.1:1/" + secret + "db?sslmode=disable",
		"unknown user":     withPassword(t, dsn, "nobody"+secret, secret),
		"unknown database": strings.Replace(withPassword(t, dsn, "postgres", secret), "?", secret+"?", 1),
		"TLS not offered":  withPassword(t, strings.Replace(dsn, "sslmode=disable", "sslmode=require", 1), "u"+secret, secret),
	} {
		t.Run(name, func(t *testing.T) {
			f := openLayout(t, bad, Tasker(true))
			_, err := f.lookup(ask{"task_uuid", "0198f000-0000-7000-8000-000000000000", unavailable})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), secret)
			assert.NotContains(t, fmt.Sprintf("%+v", err), secret)
			assert.Empty(t, f.messages(), "an outage is no refusal of a lookup")
		})
	}
}
