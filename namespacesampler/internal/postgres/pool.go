// SPDX-License-Identifier: Apache-2.0

// Package postgres asks Postgres for the namespaces of keys. It is the only package of the processor that knows pgx.
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

// applicationName is shown in pg_stat_activity, unless the DSN gives another.
const applicationName = "namespace_sampler"

// PoolConfig configures the connections.
type PoolConfig struct {
	DSN            string
	MaxConnections int32
	// ConnectTimeout bounds an attempt to connect, unless the DSN says otherwise, and the time that it takes to get rid of a
	// connection that has failed.
	ConnectTimeout time.Duration
}

// parsePool turns the configuration into pgx's. Where the DSN does not say otherwise, statements are sent in one flight
// and are not prepared on the server, which is also what works behind a pooler in transaction mode.
func parsePool(cfg PoolConfig) (*pgxpool.Config, error) {
	pool, err := pgxpool.ParseConfig(cfg.DSN)
	if err != nil {
		return nil, dsnError(err)
	}
	// pgx takes its own parameters out of the configuration that it returns, so whether the DSN gave one shows only in
	// what the lower layer makes of it.
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
	if pool.ConnConfig.ConnectTimeout == 0 {
		pool.ConnConfig.ConnectTimeout = cfg.ConnectTimeout
	}
	pool.MaxConns = cfg.MaxConnections
	pool.MinConns = min(pool.MinConns, pool.MaxConns)
	// To ask an idle connection first whether it lives would cost every load in quiet traffic a second round trip. One
	// that turns out dead is replaced (session.send).
	pool.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	return pool, nil
}

// ValidateDSN reports why a DSN cannot be used, without repeating any of it.
func ValidateDSN(dsn string) error {
	if strings.TrimSpace(dsn) == "" {
		return errors.New("is required: a URL such as postgres://user@host:5432/database, or keywords such as " +
			"host=localhost dbname=tasker")
	}
	_, err := parsePool(PoolConfig{DSN: dsn, MaxConnections: 1})
	return err
}

// dsnError says what is wrong with a DSN. pgx's own messages can repeat parts of it, a password with a special character among
// them, so only those are passed on that name a setting and cannot.
func dsnError(err error) error {
	const form = "is not a valid connection URL (postgres://user@host:5432/database) or keyword string " +
		"(host=localhost dbname=tasker); it is not shown, as it may hold a secret"
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
			return fmt.Errorf("%s: %s", form, known)
		}
	}
	return errors.New(form)
}

// open returns a pool and its sockets. It connects when it is first used, so a database that is down is no reason not to
// start.
func open(cfg PoolConfig, t Telemetry) (*pgxpool.Pool, *sockets, error) {
	poolConfig, err := parsePool(cfg)
	if err != nil {
		return nil, nil, err
	}
	poolConfig.ConnConfig.Tracer = newTracer(t)
	all := newSockets(cfg.ConnectTimeout)
	poolConfig.ConnConfig.DialFunc = all.dial(poolConfig.ConnConfig.DialFunc)
	pool, err := pgxpool.NewWithConfig(context.Background(), poolConfig)
	return pool, all, err
}
