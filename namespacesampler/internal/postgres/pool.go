// SPDX-License-Identifier: Apache-2.0

// Package postgres reads the namespaces of keys, runtime overrides and registered namespaces from Postgres. It is the only
// package of the processor that uses pgx.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// applicationName is shown in pg_stat_activity unless the DSN sets another.
const applicationName = "namespace_sampler"

// PoolConfig configures the connections.
type PoolConfig struct {
	DSN            string
	MaxConnections int32
	// ConnectTimeout bounds an attempt to connect, unless the DSN sets another time-out, and the time to close a failed connection.
	ConnectTimeout time.Duration
}

// parsePool returns the configuration for pgx. Unless the DSN says otherwise, statements are sent in one round trip and are not
// prepared on the server, which also works behind a pooler in transaction mode.
func parsePool(cfg PoolConfig) (*pgxpool.Config, error) {
	pool, err := pgxpool.ParseConfig(cfg.DSN)
	if err != nil {
		return nil, dsnError(err)
	}
	// pgx removes its own parameters from the configuration that it returns. Only the lower layer shows whether the DSN set one.
	low, err := pgconn.ParseConfig(cfg.DSN)
	if err != nil {
		return nil, dsnError(err)
	}
	if _, ok := low.RuntimeParams["default_query_exec_mode"]; !ok {
		pool.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if _, ok := low.RuntimeParams["application_name"]; !ok {
		pool.ConnConfig.RuntimeParams["application_name"] = applicationName
	}
	if !setsEncoding(low.RuntimeParams) {
		pool.ConnConfig.RuntimeParams["client_encoding"] = utf8Encoding
	}
	if pool.ConnConfig.ConnectTimeout == 0 {
		pool.ConnConfig.ConnectTimeout = cfg.ConnectTimeout
	}
	pool.MaxConns = cfg.MaxConnections
	if err := keepStanding(pool, low.RuntimeParams); err != nil {
		return nil, err
	}
	noteUsage(pool)
	return pool, nil
}

// ValidateDSN returns an error if a DSN is invalid, without repeating any part of it.
func ValidateDSN(dsn string) error {
	if strings.TrimSpace(dsn) == "" {
		return errors.New("is required: a URL such as postgres://user@host:5432/database, or keywords such as " +
			"host=localhost dbname=tasker")
	}
	_, err := parsePool(PoolConfig{DSN: dsn, MaxConnections: 1})
	return err
}

// invalidDSN begins the errors of DSNs.
const invalidDSN = "is not a valid connection URL (postgres://user@host:5432/database) or keyword string " +
	"(host=localhost dbname=tasker); it is not shown, as it may hold a secret"

// dsnError rewords an error of parsing a DSN. Messages of pgx can repeat parts of the DSN, such as a password with a special
// character. Only messages that name a setting without its value are passed on.
func dsnError(err error) error {
	for _, known := range []string{
		"failed to configure TLS", "invalid connect_timeout", "invalid port", "cannot parse pool_max_conns",
		"pool_max_conns too small", "cannot parse pool_min_conns", "cannot parse pool_max_conn_lifetime",
		"cannot parse pool_max_conn_idle_time", "cannot parse pool_health_check_period",
		"cannot parse statement_cache_capacity", "cannot parse description_cache_capacity",
		"invalid default_query_exec_mode", "failed to read service",
		"unknown target_session_attrs value",
	} {
		if strings.Contains(err.Error(), ": "+known) {
			if known == "failed to configure TLS" {
				known += " (sslmode, sslrootcert, sslcert, sslkey)"
			}
			return fmt.Errorf("%s: %s", invalidDSN, known)
		}
	}
	return errors.New(invalidDSN)
}

// open returns a pool, which connects in the background, and its sockets.
func open(cfg PoolConfig, t Telemetry) (*pgxpool.Pool, *sockets, error) {
	poolConfig, err := parsePool(cfg)
	if err != nil {
		return nil, nil, err
	}
	poolConfig.ConnConfig.Tracer = newTracer(t)
	receiveText(poolConfig)
	all := newSockets(cfg.ConnectTimeout)
	poolConfig.BeforeConnect = func(_ context.Context, cfg *pgx.ConnConfig) error {
		all.track(cfg)
		return nil
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), poolConfig)
	return pool, all, err
}
