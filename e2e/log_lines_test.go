// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// logged is a collector whose log is read in scenes.
type logged struct {
	*harness.Collector
	t    *testing.T
	read int // lines of scenes before
}

// lines returns what the processor has logged since the last scene.
func (l *logged) lines() (lines []map[string]any) {
	l.t.Helper()
	all := strings.Split(l.Log().String(), "\n")
	for _, text := range all[l.read : len(all)-1] {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil && line["otelcol.component.kind"] == "processor" {
			lines = append(lines, line)
		}
	}
	return lines
}

// scene waits for the line that ends a scene, and asserts all lines of it, each as its level and the beginning of its message. It returns them.
// Whether it is logged that notifications do not arrive depends on whether an outage is noticed by their connection first.
func (l *logged) scene(what string, want ...string) (lines []map[string]any) {
	l.t.Helper()
	texts := func() (texts []string) {
		lines = nil
		for _, line := range l.lines() {
			text := line["level"].(string) + " " + line["msg"].(string)
			if strings.Contains(text, "listening for changes") {
				continue
			}
			lines, texts = append(lines, line), append(texts, text)
		}
		return texts
	}
	assert.True(l.t, harness.Eventually(time.Minute, func() bool { return len(texts()) >= len(want) }), what)
	got := texts()
	for i, text := range got {
		if i < len(want) && strings.HasPrefix(text, want[i]) {
			got[i] = want[i]
		}
	}
	require.ElementsMatch(l.t, want, got, what)
	for _, line := range lines {
		assert.Equal(l.t, "namespace_sampler", line["otelcol.component.id"], what)
		assert.NotContains(l.t, line, "otelcol.signal", "it is about all signals: %s", line["msg"])
		assert.NotContains(l.t, line, "otelcol.pipeline.id", line["msg"])
	}
	l.read = strings.Count(l.Log().String(), "\n")
	return lines
}

// What an operator reads: the lines of each event, and no others (C8).
func TestTheLogTellsEachEventOnce(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	first, second := newTask("payments"), newTask("orders")
	dsn := newOverridesDatabase(t, cluster)
	insert(t, dsn, taskerdb.LayoutTasker, first, second)
	exec := func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { _ = conn.Close(context.Background()) }()
		_, err = conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	const refuses, unreadable = "Postgres refuses the lookup", "runtime overrides cannot be read"
	sink := harness.NewSink(t)
	options := harness.Options{
		Sink: sink, Inspect: plain, Expect: []string{cannotAsk, breakerOpens, refuses, unreadable, "restart service"}, Processor: `
sample_rate: 0.5
logs: {namespaces: {payments: 0.25}}
postgres: {dsn: "` + dsn + `", wait: 30s, query_timeout: 30s, overrides: {enabled: true, interval: 1h}, registry: {interval: 0},
  cache: {ttl: 1ms, negative_ttl: 1ms, refresh_after: 0}, circuit_breaker: {failures: 2, cooldown: 200ms}}`,
	}
	l := &logged{Collector: harness.Start(t, options), t: t}
	client := harness.NewClient(t, l.Collector)
	send := func(task taskerdb.Task) {
		client.Traces(traces(t, nil, nil, randomSpans(random(), 50, attrs{"task_uuid": task.UUID})...))
	}
	awaitListening := func(times int) {
		t.Helper()
		require.True(t, harness.Eventually(time.Minute, func() bool { return l.Log().Count(`"listening for changes of runtime overrides"`) == times }))
	}
	awaitListening(1)
	start := []string{"info sampling by namespace", "info inspect server listening"}
	lines := l.scene("start", start...)
	assert.InDelta(t, 0.5, lines[0]["spans_global_sample_rate"], 0)
	assert.InDelta(t, 30, lines[0]["wait_seconds"], 0)
	assert.Equal(t, map[string]any{"payments": map[string]any{"sample_rate": 0.25}}, lines[0]["log_records_overrides"])

	exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, reason, updated_by) VALUES ('payments', 1, 'incident 7', 'alice')`)
	in := l.scene("an override is added", "info an override is in force")[0]
	for key, want := range map[string]any{
		"from_traces_sample_rate": 0.5, "to_traces_sample_rate": 1., "from_metrics_sample_rate": 0.5, "to_metrics_sample_rate": 1.,
		"from_logs_sample_rate": 0.25, "to_logs_sample_rate": 1., "reason": "incident 7", "updated_by": "alice",
	} {
		assert.Equal(t, want, in[key], key)
	}
	exec(`UPDATE namespace_sampling_overrides SET sample_rate = 0.75, expires_at = '2999-01-01T09:00:00+09:00'`)
	changed := l.scene("it is changed", "info an override has changed")[0]
	assert.Equal(t, []any{1., 0.75, "2999-01-01T00:00:00Z", true}, []any{
		changed["from_sample_rate"], changed["to_sample_rate"], changed["until"], changed["until_has_changed"],
	})
	exec(`DELETE FROM namespace_sampling_overrides`)
	l.scene("it is removed", "info an override was removed")
	exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, items_per_second, expires_at) VALUES ('orders', 'traces', 200, now() + interval '6s')`)
	ended := l.scene("another one ends", "info an override is in force", "info an override has ended")
	assert.InDelta(t, 200, ended[0]["to_items_per_second"], 0)
	assert.InDelta(t, 200, ended[1]["from_items_per_second"], 0)
	assert.InDelta(t, 0.5, ended[1]["to_sample_rate"], 0)

	exec(`ALTER TABLE namespace_sampling_overrides RENAME TO elsewhere`)
	exec(`INSERT INTO elsewhere (namespace, sample_rate) VALUES ('orders', 0.125)`) // notifies
	l.scene("the table of overrides is gone", "warn "+unreadable)
	exec(`ALTER TABLE elsewhere RENAME TO namespace_sampling_overrides`)
	l.scene("it is back", "info runtime overrides can be read again", "info an override is in force")

	exec(`ALTER TABLE tasker.tasks RENAME TO gone`)
	send(first)
	send(first)
	assert.InDelta(t, 0.2, l.scene("a table is gone", "warn "+refuses)[0]["retry_every_seconds"], 0)
	exec(`ALTER TABLE tasker.gone RENAME TO tasks`)
	require.True(t, harness.Eventually(time.Minute, func() bool {
		send(first)
		return l.Log().Count("the lookup works again") == 1
	}))
	l.scene("it is back", "info the lookup works again")

	require.NoError(t, cluster.Crash())
	crashed := time.Now()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		send(second)
		return l.Log().Count(breakerOpens) == 1
	}))
	for range 20 {
		send(second)
	}
	down := l.scene("an outage", "warn "+cannotAsk, "warn "+breakerOpens)
	assert.Equal(t, []any{
		"items whose namespace is not known are sampled at the global rate (postgres::on_failure)",
		"runtime overrides stay as they were read last, and still end on time",
	}, down[0]["meanwhile"])
	assert.InDelta(t, 0.2, down[1]["retry_every_seconds"], 0)
	require.NoError(t, cluster.Restart(t.Context()))
	up := l.scene("it is over", "info "+answersAgain, "info the circuit breaker has closed")
	for _, line := range up {
		if line["msg"] == answersAgain {
			assert.Positive(t, line["after_seconds"])
			assert.Less(t, line["after_seconds"], time.Since(crashed).Seconds())
			assert.GreaterOrEqual(t, line["unavailable_keys"], 20., "a key for each request")
		}
	}

	listening := l.Log().Count(`"listening for changes of runtime overrides"`)
	l.Reload(&options)
	awaitListening(listening + 1)
	l.scene("a reload", append(start, "info an override is in force")...)
	l.Stop()
	assert.Empty(t, l.lines(), "nothing while it stops")
}
