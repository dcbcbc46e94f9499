// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func demoArgs() []string {
	return []string{
		"demo", "--collector", os.Args[0], "--config", "../../testdata/demo.yaml",
		"--spans", strconv.Itoa(smallSizes.spans), "--datapoints", strconv.Itoa(smallSizes.datapoints),
		"--series", strconv.Itoa(smallSizes.series), "--tasks", strconv.Itoa(smallSizes.tasks),
	}
}

func TestTheDemoRunsFromNothingToItsVerdict(t *testing.T) {
	t.Setenv(roleVariable, "collector")
	var stdout, stderr bytes.Buffer
	status := execute(t.Context(), demoArgs(), &stdout, &stderr)
	assert.Equal(t, exitOK, status, "%s\n%s", stdout.String(), stderr.String())
	assert.Contains(t, stdout.String(), "demo passed: 16 checks")
}

func TestACollectorThatDoesNotStartShowsItsLog(t *testing.T) {
	t.Setenv(roleVariable, "collector")
	t.Setenv("FAKE_COLLECTOR_FAILS", "yes")
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), demoArgs(), &stdout, &stderr))
	assert.Contains(t, stderr.String(), "Error: bad configuration")
	assert.Contains(t, stderr.String(), "exit status 7")
}

func TestADemoThatIsInterruptedStopsEverything(t *testing.T) {
	t.Setenv(roleVariable, "collector")
	temporary, err := os.MkdirTemp("", "interrupted-") //nolint:usetesting // Postgres runs as another user: it may not pass through t.TempDir
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(temporary) }()
	require.NoError(t, os.Chmod(temporary, 0o755), "Postgres runs as another user and must get there")
	t.Setenv("TMPDIR", temporary)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var stdout bytes.Buffer
	stderr := &trigger{word: "listens at", fire: interrupt}
	assert.Equal(t, exitFailed, execute(ctx, append(demoArgs(), "--quiet", "5m"), &stdout, stderr))
	assert.Contains(t, stderr.String(), "context canceled")
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	assert.Empty(t, left, "no folder is left")
}

// trigger calls fire when it is written the word.
type trigger struct {
	mu   sync.Mutex
	text strings.Builder
	word string
	fire func()
}

func (w *trigger) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	if strings.Contains(w.text.String(), w.word) {
		w.fire()
	}
	return len(b), nil
}

func (w *trigger) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestSeedingMakesWhatTheExpectationsAreMadeFrom(t *testing.T) {
	cluster, err := pgtest.Launch(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, cluster.Stop()) })
	dsn := cluster.DSN("postgres")
	tasks := newTasks(1, 3000)

	var stdout, stderr bytes.Buffer
	args := []string{"seed", "--dsn", dsn, "--tasks", "3000"}
	require.Equal(t, exitOK, execute(t.Context(), args, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "of 3,000 tasks")
	require.Equal(t, exitOK, execute(t.Context(), args, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "nothing added")
	require.Equal(t, exitFailed, execute(t.Context(), []string{"seed", "--dsn", dsn, "--tasks", "3100"}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "another --tasks")
	_, err = seed(t.Context(), dsn, taskerdb.LayoutLegacy, tasks)
	require.NoError(t, err)

	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	d := newDirectory(seededTasks(tasks))
	const named = " JOIN tasker.named_tasks USING (named_task_uuid) JOIN tasker.task_namespaces n USING (task_namespace_uuid)"
	for attribute, query := range map[string]string{
		"task_uuid": "SELECT task_uuid::text, n.name FROM tasker.tasks" + named,
		"step_uuid": "SELECT workflow_step_uuid::text, n.name FROM tasker.workflow_steps JOIN tasker.tasks USING (task_uuid)" + named,
		"correlation_id": "SELECT DISTINCT ON (correlation_id) correlation_id::text, n.name FROM tasker.tasks t" + named +
			" ORDER BY correlation_id, parent_correlation_id IS NOT NULL, t.created_at, task_uuid",
	} {
		assert.Equal(t, d[attribute], answers(t, conn, query), attribute)
	}
}

func answers(t *testing.T, conn *pgx.Conn, query string) map[string]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	require.NoError(t, err)
	out := map[string]string{}
	var key, namespace string
	_, err = pgx.ForEachRow(rows, []any{&key, &namespace}, func() error {
		out[key] = namespace
		return nil
	})
	require.NoError(t, err)
	return out
}

func TestARunThatIsNotFinishedInTimeSaysSo(t *testing.T) {
	var stdout, stderr bytes.Buffer
	started := time.Now()
	status := execute(t.Context(), []string{
		"run", "--config", "../../testdata/demo.yaml", "--endpoint", "127.0.0.1:1", "--listen", "127.0.0.1:0",
		"--tasks", "10", "--series", "10", "--timeout", "200ms",
	}, &stdout, &stderr)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr.String(), "--timeout 200ms")
	assert.Less(t, time.Since(started), 10*time.Second)
}
