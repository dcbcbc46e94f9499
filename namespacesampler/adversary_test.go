// SPDX-License-Identifier: Apache-2.0

//go:build unix

package namespacesampler_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// adversaryTasks is the number of tasks in the database.
const adversaryTasks = 500

// adversary disturbs a processor by its database and its HTTP server.
type adversary struct {
	db  *samplertest.Database
	tap *pgtest.Tap // between the processor and the database
}

func newAdversary(t *testing.T) *adversary {
	t.Helper()
	script, err := os.ReadFile("../testdata/overrides.sql")
	require.NoError(t, err)
	a := &adversary{db: samplertest.NewDatabase(t, adversaryTasks, string(script))}
	a.tap = pgtest.NewTap(t, a.db.Cluster.Addr())
	return a
}

// configuration returns a configuration that remembers little. One that holds keeps whole traces, and holds few spans for a short time.
func (a *adversary) configuration(t *testing.T, holds bool) *namespacesampler.Config {
	t.Helper()
	tracing := map[string]any{
		"always_keep": []any{"span.status.code == STATUS_CODE_ERROR"}, "trace_memory": map[string]any{"max_traces": 500, "ttl": "1s"},
	}
	if holds {
		tracing["always_keep_traces"] = []any{"span.status.code == STATUS_CODE_ERROR"}
		tracing["hold"] = map[string]any{"wait": "50ms", "max_spans": 20}
	}
	return samplertest.Load(t, map[string]any{
		"sample_rate": 0.5,
		"namespaces":  map[string]any{"team-1": 0.1, "team-1?": 0.3, "*x?x*": 0.2, "": 0.9},
		"tracing":     tracing,
		"spans":       map[string]any{"internal": map[string]any{"match": []any{"span.kind == SPAN_KIND_INTERNAL"}}},
		"metrics":     map[string]any{"detailed": map[string]any{"sample_rate": 0.4}},
		"postgres": map[string]any{
			"dsn": a.tap.DSN(a.db.DSN), "wait": "20ms", "query_timeout": "200ms",
			"cache":           map[string]any{"max_entries": 300, "ttl": "1s", "refresh_after": "100ms", "negative_ttl": "50ms"},
			"circuit_breaker": map[string]any{"failures": 1, "cooldown": "50ms"},
			"registry":        map[string]any{"interval": "50ms"},
			"overrides":       map[string]any{"enabled": true, "interval": "50ms"},
		},
		"inspect":   map[string]any{"endpoint": "127.0.0.1:0"},
		"telemetry": map[string]any{"max_namespaces": 50},
	})
}

// disturb disturbs the processor until ctx ends. Statements and requests may fail: the database is killed and the server shut down.
func (a *adversary) disturb(ctx context.Context, all *sync.WaitGroup, inspect string) {
	repeat := func(pause time.Duration, do func()) {
		all.Go(func() {
			for ctx.Err() == nil {
				do()
				wait(ctx, pause)
			}
		})
	}
	all.Go(func() { a.changeTables(ctx) })
	all.Go(func() { // slower than query_timeout, and back: the circuit breaker opens and closes
		defer a.tap.Delay(0)
		// On a fast machine a life is over before the first change, so that some begin slowly.
		for pause := time.Duration(rand.IntN(2)) * 300 * time.Millisecond; ctx.Err() == nil; pause = 300*time.Millisecond - pause {
			a.tap.Delay(pause)
			wait(ctx, 400*time.Millisecond)
		}
	})
	for _, request := range []string{
		"", "GET /con", strings.Repeat("GET /namespaces HTTP/1.1\r\nHost: localhost\r\n\r\n", 50), "\x00\xff\r\n\r\n",
		"POST /config HTTP/1.1\r\nHost: x\r\nContent-Encoding: snappy\r\nContent-Length: 9000000\r\n\r\n\xff\xff\xff\x7f",
		"GET /config HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
	} {
		repeat(20*time.Millisecond, func() {
			conn, err := net.Dial("tcp", inspect)
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, request)
			all.Go(func() { // it reads nothing
				defer func() { _ = conn.Close() }()
				wait(ctx, 100*time.Millisecond)
			})
		})
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	repeat(5*time.Millisecond, func() {
		path := []string{"/", "/config", "/namespaces", "/explain?namespace=team-1", "/explain?trace_id=x", "/nowhere"}[rand.IntN(6)]
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+inspect+path, nil)
		if err != nil {
			panic(err)
		}
		if response, err := client.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	})
}

// changeTables changes overrides and registered namespaces, notifies of nothing, locks and hides tables, and kills the connections of the
// processor.
func (a *adversary) changeTables(ctx context.Context) {
	conn, err := pgx.Connect(ctx, a.db.DSN)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for n := 0; ctx.Err() == nil; n++ {
		name := fmt.Sprintf("team-%d", rand.IntN(50))
		statements := []string{
			fmt.Sprintf(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, expires_at)
				VALUES ('%s', '%s', %v, now() + '%d ms') ON CONFLICT (namespace, signal)
				DO UPDATE SET sample_rate = excluded.sample_rate, expires_at = excluded.expires_at`,
				name, []string{"all", "traces", "metrics", "logs"}[rand.IntN(4)], rand.Float64(), rand.IntN(1000)),
			`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('` + name[:6] + `*', 0.7) ON CONFLICT DO NOTHING`,
			`DELETE FROM namespace_sampling_overrides WHERE namespace < '` + name + `'`,
			`NOTIFY namespace_sampling_overrides`,
			`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
				VALUES (gen_random_uuid(), '` + name + `', now(), now()) ON CONFLICT DO NOTHING`,
		}
		statements = statements[:1+rand.IntN(len(statements))]
		switch n % 60 {
		case 20:
			statements = []string{
				`ALTER TABLE namespace_sampling_overrides RENAME TO hidden`, `SELECT pg_sleep(0.06)`,
				`ALTER TABLE hidden RENAME TO namespace_sampling_overrides`,
			}
		case 40:
			statements = []string{`BEGIN`, `LOCK TABLE tasker.tasks`, `SELECT pg_sleep(0.03)`, `COMMIT`}
		case 59:
			statements = []string{`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'namespace_sampler'`}
		}
		for _, statement := range statements {
			_, _ = conn.Exec(context.WithoutCancel(ctx), statement) // to the end, so that no table stays hidden
		}
		wait(ctx, 5*time.Millisecond)
	}
}

// wait waits for a time, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
