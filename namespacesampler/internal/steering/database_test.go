// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

// database is a database with Tasker's tables and the table of runtime overrides.
type database struct {
	t       *testing.T
	cluster *pgtest.Cluster
	dsn     string
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	scripts := []string{taskerdb.Tasker}
	for _, name := range []string{"overrides.sql", "fleet.sql"} {
		script, err := os.ReadFile("../../../testdata/" + name)
		require.NoError(t, err)
		scripts = append(scripts, string(script))
	}
	cluster := pgtest.Start(t)
	return &database{t: t, cluster: cluster, dsn: cluster.NewDatabase(t, scripts...)}
}

func (d *database) exec(sql string, args ...any) {
	d.t.Helper()
	conn, err := pgx.Connect(d.t.Context(), d.dsn)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, conn.Close(context.Background())) }()
	_, err = conn.Exec(d.t.Context(), sql, args...)
	require.NoError(d.t, err)
}

func (d *database) register(names ...string) {
	d.t.Helper()
	d.exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
		SELECT gen_random_uuid(), n, now(), now() FROM unnest($1::text[]) n`, names)
}

// steered is steering that watches a database.
type steered struct {
	*Steering
	t     *testing.T
	logs  *observer.ObservedLogs
	reads atomic.Int64 // of runtime overrides, successful

	mu         sync.Mutex
	registered []string
}

// options are what tests configure.
type options struct {
	rates            RatesConfig
	dsn              string // in place of the database's own
	table            string
	interval         time.Duration // of runtime overrides
	noOverrides      bool
	registryInterval time.Duration // 0 for none
	nearest          func(ctx context.Context, name string, names []string) (string, bool)
	timeout          time.Duration // of reads, and of connecting to a host
	fleet            *FleetConfig
	isOutage         func() bool
}

// steer starts steering by a database.
func (d *database) steer(o options) *steered {
	d.t.Helper()
	s := &steered{t: d.t}
	core, logs := observer.New(zapcore.DebugLevel)
	s.logs = logs
	if o.timeout == 0 {
		o.timeout = 2 * time.Second
	}
	o.rates.Precision = 4
	cfg := Config{
		Fleet: o.fleet, IsOutage: o.isOutage,
		Rates: o.rates, QueryTimeout: o.timeout, Asked: func(error) {}, Logger: zap.New(core),
		Registered: func(names []string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.registered = names
		},
	}
	if !o.noOverrides {
		if o.table == "" {
			o.table = "public.namespace_sampling_overrides"
		}
		if o.interval == 0 {
			o.interval = time.Hour
		}
		table, err := postgres.ParseTable(o.table)
		require.NoError(d.t, err)
		cfg.Overrides = &OverridesConfig{
			Table: table, Interval: o.interval, Channel: "namespace_sampling_overrides", MissingValues: []string{"", "unknown"},
		}
	}
	if o.registryInterval > 0 {
		cfg.Registry = &RegistryConfig{From: postgres.TaskerRegistry, Interval: o.registryInterval}
	}
	if o.dsn == "" {
		o.dsn = d.dsn
	}
	db, err := postgres.Open(postgres.Config{
		Pool:     postgres.PoolConfig{DSN: o.dsn, MaxConnections: 4, ConnectTimeout: o.timeout},
		Cooldown: time.Second, Logger: zap.NewNop(),
		Telemetry: postgres.Telemetry{Tracer: tracenoop.NewTracerProvider(), Meter: metricnoop.NewMeterProvider(), Pool: "test"},
	})
	require.NoError(d.t, err)
	s.Steering, err = New(cfg)
	require.NoError(d.t, err)
	if w := s.Overrides; w != nil {
		w.read = func() { s.reads.Add(1) }
	}
	if o.nearest != nil {
		s.comparison.nearest = o.nearest
	}
	s.Start()
	s.Watch(db)
	d.t.Cleanup(func() {
		require.NoError(d.t, s.Stop(context.Background()))
		require.NoError(d.t, db.Close(context.Background()))
	})
	return s
}

// eventually waits for a condition, for as long as a busy machine may need.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 2*time.Minute, 2*time.Millisecond, what)
}

func (s *steered) logged(message string) int { return s.logs.FilterMessage(message).Len() }

const listening = "listening for changes of runtime overrides"

// awaitListening waits until changes are notified, and what was there before has been read: at start, and when listening began.
func (s *steered) awaitListening() {
	s.t.Helper()
	eventually(s.t, func() bool { return s.logged(listening) > 0 && s.reads.Load() >= 2 }, "listening")
}
