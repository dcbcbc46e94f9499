// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// logLine is a line that a worker of Tasker writes, and the record that it must become.
type logLine struct {
	fields map[string]any
	record
}

// newLogLine returns a line of a task, whose namespace it names at times.
func newLogLine(r *rand.Rand, task taskerdb.Task, n int) logLine {
	at := time.Date(2026, 11, 28, 10, 0, 0, n*1_000, time.UTC)
	level := []string{"DEBUG", "INFO", "INFO", "WARN", "INFO", "ERROR", "TRACE"}[n%7]
	l := logLine{record: record{trace: randomTrace(r), time: pcommon.NewTimestampFromTime(at)}}
	l.attributes = attrs{"task_uuid": task.UUID, "step_uuid": task.Steps[0], "correlation_id": task.CorrelationID, "attempt": float64(n)}
	if n%3 == 0 {
		l.attributes["namespace"] = task.Namespace
	}
	l.severity = map[string]plog.SeverityNumber{
		"TRACE": plog.SeverityNumberTrace, "DEBUG": plog.SeverityNumberDebug, "INFO": plog.SeverityNumberInfo,
		"WARN": plog.SeverityNumberWarn, "ERROR": plog.SeverityNumberError,
	}[level]
	l.fields = map[string]any{"timestamp": at.Format(time.RFC3339Nano), "level": level, "message": fmt.Sprint("Step finished ", n)}
	if n%10 != 0 { // some are written outside of any span
		l.fields["trace_id"], l.fields["span_id"] = l.trace.String(), "00f067aa0ba902b7"
	} else {
		l.trace = pcommon.TraceID{}
	}
	for name, value := range l.attributes {
		l.fields[name] = value
	}
	return l
}

func appendLines(t *testing.T, path string, lines []logLine) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	encoder := json.NewEncoder(file)
	for i, l := range lines {
		fields := l.fields
		if i%2 == 1 { // as tracing-subscriber nests them by default
			nested := maps.Clone(l.fields)
			delete(nested, "timestamp")
			delete(nested, "level")
			fields = map[string]any{"timestamp": l.fields["timestamp"], "level": l.fields["level"], "fields": nested}
		}
		require.NoError(t, encoder.Encode(fields))
	}
	require.NoError(t, file.Close())
}

// TestRecordsOfATailedFileAreSampledByWorkflow runs testdata/filelog.yaml. The file is there when the collector starts, and grows while
// the collector is away.
func TestRecordsOfATailedFileAreSampledByWorkflow(t *testing.T) { // G2, L1, L2, L4
	t.Parallel()
	const workflows, perWorkflow = 60, 20
	r := random()
	var tasks []taskerdb.Task
	var keys []string
	var lines []logLine
	for i := range workflows {
		tasks = append(tasks, newTask([]string{"payments", "orders", "shipping"}[i%3]))
		keys = append(keys, tasks[i].CorrelationID)
	}
	for n := range workflows * perWorkflow {
		lines = append(lines, newLogLine(r, tasks[n%workflows], n))
	}
	dsn, hashes := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, tasks...), xxh64(t, keys...)
	want, sent := stamps{}, map[pcommon.Timestamp]logLine{}
	for n, l := range lines {
		sent[l.time] = l
		if l.severity >= plog.SeverityNumberError {
			want.expect(t, 1, l.record)
			continue
		}
		want.expectGroup(t, []float64{1, 0.5, 0.1}[n%3], hashes[tasks[n%workflows].CorrelationID], l.record)
	}

	path, sink := filepath.Join(t.TempDir(), "worker.log"), harness.NewSink(t)
	appendLines(t, path, lines[:len(lines)/2])
	options := harness.Options{
		Base: testdata + "/filelog.yaml", Before: []string{"memory_limiter"}, After: []string{"batch"}, LogReceiver: "otlp, file_log", Sink: sink,
		Env:        []string{"TASKER_LOGS=" + filepath.Dir(path) + "/*.log", "TASKER_LOGS_STATE=" + t.TempDir(), "DATABASE_URL=" + dsn},
		Extensions: map[string]string{"file_storage": "{}"}, // with the settings of the file
		Processor:  "postgres: {wait: 20s, query_timeout: 15s, registry: {interval: 0}}",
	}
	collector := harness.Start(t, options)
	counted := func(n int) {
		t.Helper()
		require.True(t, harness.Eventually(time.Minute, func() bool {
			return int(collector.Scrape().Sum(harness.Prefix+"log_records", nil)) == n
		}), "%d records are counted", n)
	}
	counted(len(lines) / 2)
	collector.Stop()
	appendLines(t, path, lines[len(lines)/2:])
	collector = harness.Start(t, options) // it goes on where the last one stopped
	counted(len(lines) - len(lines)/2)
	require.NoError(t, os.WriteFile(path+".panic.log", []byte("panicked at src/worker.rs:42:\n"), 0o600)) // and one that is no JSON
	counted(len(lines) - len(lines)/2 + 1)
	collector.Stop() // it sends what it holds

	var received []harness.Record
	for _, record := range sink.Records() {
		if record.Body().Str() != "panicked at src/worker.rs:42:" {
			received = append(received, record)
		}
	}
	assert.Equal(t, want, stampsOf(received))
	assert.Len(t, received, len(want), "each once")
	for _, got := range received {
		line := sent[got.Timestamp()]
		require.Equal(t, line.trace, got.TraceID())
		require.Equal(t, line.severity, got.SeverityNumber())
		require.Equal(t, line.fields["message"], got.Body().Str())
		for _, gone := range []string{"timestamp", "level", "message", "trace_id", "span_id"} {
			require.NotContains(t, got.Attributes().AsRaw(), gone)
		}
		for name, value := range line.attributes {
			require.Equal(t, value, got.Attributes().AsRaw()[name], name)
		}
	}
}
