// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// cooldown is how long refused lookups rest in these tests.
const cooldown = 5 * time.Second

// nowhere is telemetry that nobody looks at.
var nowhere = Telemetry{Tracer: tracenoop.NewTracerProvider(), Meter: metricnoop.NewMeterProvider()}

// fixture is a database that is asked as the processor asks it.
type fixture struct {
	*DB
	t      testing.TB
	layout Layout
	logs   *observer.ObservedLogs
	ahead  atomic.Int64 // of the clock

	unreadable, long *atomic.Int64 // names that are ignored
}

// openLayout opens a database that closes with the test. Refused queries are not retried.
func openLayout(t testing.TB, dsn string, layout Layout) *fixture {
	return openRetrying(t, dsn, layout, cooldown, 0)
}

// openRetrying is openLayout for a database that retries refused queries, each for so long at most.
func openRetrying(t testing.TB, dsn string, layout Layout, cooldown, timeout time.Duration) *fixture {
	core, logs := observer.New(zapcore.DebugLevel)
	var unreadable, long atomic.Int64
	db, err := Open(Config{
		Pool:     PoolConfig{DSN: dsn, MaxConnections: 4, ConnectTimeout: 10 * time.Second},
		Queries:  layout.Queries,
		Cooldown: cooldown,
		Logger:   zap.New(core),

		QueryTimeout: timeout,

		Telemetry: nowhere,
		Ignored: func(why problems.Kind, names int) {
			map[problems.Kind]*atomic.Int64{problems.UnreadableNames: &unreadable, problems.LongNames: &long}[why].Add(int64(names))
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	f := &fixture{DB: db, t: t, layout: layout, logs: logs, unreadable: &unreadable, long: &long}
	db.now = func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
	return f
}

// advance lets time pass for the rest of lookups.
func (f *fixture) advance(d time.Duration) { f.ahead.Add(int64(d)) }

// key returns the key that an attribute makes.
func (f *fixture) key(attribute, text string) namespace.Key {
	for _, l := range f.layout.Lookups {
		if l.Attribute == attribute {
			key, err := namespace.NewKey(l.Kind, l.Format, text)
			require.NoError(f.t, err, "%s %q", attribute, text)
			return key
		}
	}
	require.Fail(f.t, "no such lookup", attribute)
	return namespace.Key{}
}

// ask is an attribute, its value, and what it should come to.
type ask struct{ attribute, value, want string }

// Outcomes besides names.
const (
	unknown     = "(unknown)"
	unavailable = "(unavailable)"
)

// check looks all up together and compares; it returns the round trips.
func (f *fixture) check(asks ...ask) int {
	f.t.Helper()
	roundTrips, err := f.lookup(asks...)
	require.NoError(f.t, err)
	return roundTrips
}

func (f *fixture) lookup(asks ...ask) (int, error) {
	f.t.Helper()
	keys, answers := make([]namespace.Key, len(asks)), make([]namespace.Answer, len(asks))
	for i, a := range asks {
		keys[i] = f.key(a.attribute, a.value)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	roundTrips, err := f.Lookup(ctx, keys, answers)
	for i, a := range asks {
		assert.Equal(f.t, a.want, describe(answers[i]), "%s %q", a.attribute, a.value)
	}
	return roundTrips, err
}

func describe(a namespace.Answer) string {
	switch a.Outcome {
	case namespace.Resolved:
		return a.Name
	case namespace.Unknown:
		return unknown + a.Name
	}
	return unavailable + a.Name
}

// messages returns what was logged, by lookup.
func (f *fixture) messages() []string {
	var all []string
	for _, entry := range f.logs.TakeAll() {
		all = append(all, entry.Level.String()+" "+entry.ContextMap()["lookup"].(string)+": "+entry.Message)
	}
	return all
}

// connect opens a connection beside the pool.
func connect(t testing.TB, dsn string) *pgx.Conn {
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, dsn, sql string) {
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.PgConn().Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err)
}

// eventually waits for a condition of the server.
func eventually(t testing.TB, condition func() bool, what string) {
	require.Eventually(t, condition, 30*time.Second, 5*time.Millisecond, what)
}

// resolves reports whether a key resolves within a second.
func (f *fixture) resolves(key namespace.Key) bool {
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Second)
	defer cancel()
	answers := make([]namespace.Answer, 1)
	_, _ = f.Lookup(ctx, []namespace.Key{key}, answers)
	return answers[0].Outcome == namespace.Resolved
}
