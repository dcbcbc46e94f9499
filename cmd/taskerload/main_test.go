// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// programVariable makes the test binary the load tool or, as collectorProgram, a collector that accepts connections, answers nothing, and ends
// with SIGTERM alone: SIGINT would be an error. With stopVariable, the address of a test, it first connects to that, and waits for the test to
// close the connection.
const (
	programVariable  = "TASKERLOAD_TEST_PROGRAM"
	stopVariable     = "TASKERLOAD_TEST_STOP"
	loadTool         = "taskerload"
	collectorProgram = "collector"
)

func TestMain(m *testing.M) {
	switch os.Getenv(programVariable) {
	case loadTool:
		_ = os.Setenv(programVariable, collectorProgram) // for the child
		main()
	case collectorProgram:
		os.Exit(silentCollectorMain())
	}
	goleak.VerifyTestMain(m)
}

func silentCollectorMain() int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	for _, variable := range []string{"OTLP_ENDPOINT", "INSPECT_ENDPOINT"} {
		listener, err := net.Listen("tcp", os.Getenv(variable))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer func() { _ = listener.Close() }()
	}
	<-terminated
	if address := os.Getenv(stopVariable); address != "" {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		_, _ = io.Copy(io.Discard, conn)
	}
	return 0
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"--help"}, []string{"taskerload demo", "taskerload live", "taskerload seed", "taskerload run"}},
		{[]string{"help"}, []string{"taskerload demo"}},
		{[]string{"seed", "--help"}, []string{"taskerload seed --dsn", "-layout", "-tasks", "-seed", "-workflows"}},
		{[]string{"run", "--help"}, []string{"taskerload run --endpoint", "-listen", "-config", "-metrics-url", "-spans", "-records", "-timeout", "-cut", "-workflows"}},
		{[]string{"simulate", "--help"}, []string{"taskerload simulate", "-shape", "-collectors", "-skew", "-presampled", "-plot"}},
		{[]string{"live", "-h"}, []string{"taskerload live --collector", "-config", "-overrides", "-items-per-second", "-tasks"}},
		{[]string{"demo", "-h"}, []string{"taskerload demo --collector", "-config", "-datapoints", "-records", "-series", "-workflows", "-v"}},
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitOK, execute(t.Context(), test.args, &stdout, &stderr), test.args)
		for _, want := range test.want {
			assert.Contains(t, stdout.String(), want)
		}
		assert.Empty(t, stderr.String())
	}
}

func TestWrongUsageExitsWithTwoAndNamesTheFlag(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no command":          {nil, "taskerload demo"},
		"no such command":     {[]string{"sed"}, `unknown command "sed"`},
		"no such flag":        {[]string{"run", "--spanz", "1"}, "spanz"},
		"no such shape":       {[]string{"simulate", "--shape", "square"}, "step-up-10"},
		"no budget":           {[]string{"simulate", "--budget", "0"}, "--budget"},
		"no interval":         {[]string{"simulate", "--joins", "3,x"}, "joins"},
		"nobody left":         {[]string{"simulate", "--departures", "3"}, "--departures"},
		"plots of all shapes": {[]string{"simulate", "--plot", "x.svg"}, "--plot"},
		"stray argument":      {[]string{"seed", "--dsn", "x", "y"}, `"y"`},
		"seed without DSN":    {[]string{"seed"}, "--dsn"},
		"run without config":  {[]string{"run"}, "--config"},
		"workflows cut":       {[]string{"run", "--config", "x", "--workflows", "1", "--cut"}, "--cut"},
		"no workflows":        {[]string{"demo", "--workflows", "0"}, "--workflows"},
		"fewer workflows":     {[]string{"seed", "--dsn", "x", "--workflows", "-1"}, "--workflows"},
		"no items":            {[]string{"live", "--items-per-second", "NaN"}, "--items-per-second"},
		"no tasks":            {[]string{"demo", "--tasks", "0"}, "--tasks"},
		"more series than is": {[]string{"demo", "--tasks", "10", "--series", "1000"}, "--series"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			assert.Equal(t, exitUsage, execute(t.Context(), test.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), test.want)
		})
	}
}

func TestAnErrorExitsWithOne(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), []string{"demo", "--config", "testdata/absent.yaml"}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "absent.yaml")
}

func TestSeedInsertsTheTasksOnce(t *testing.T) {
	t.Parallel()
	cluster, err := pgtest.Launch(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, cluster.Stop()) })
	dsn := cluster.DSN("postgres")

	var stdout, stderr bytes.Buffer
	args := []string{"seed", "--dsn", dsn, "--tasks", "3000"}
	require.Equal(t, exitOK, execute(t.Context(), args, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "of 3,000 tasks")
	require.Equal(t, exitOK, execute(t.Context(), args, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "nothing inserted")
	require.Equal(t, exitFailed, execute(t.Context(), []string{"seed", "--dsn", dsn, "--tasks", "3100"}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "another --tasks")
	stdout.Reset()
	require.Equal(t, exitOK, execute(t.Context(), []string{"seed", "--dsn", dsn, "--workflows", "20"}, &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), "inserted 1")
}

func TestARunThatIsNotFinishedInTimeFails(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), []string{
		"run", "--config", "../../testdata/demo.yaml", "--endpoint", "127.0.0.1:1", "--listen", "127.0.0.1:0",
		"--tasks", "10", "--series", "10", "--timeout", "200ms",
	}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "--timeout 200ms")
}

func TestARunWhoseTracesDoNotFitInTheProcessorsMemoryIsRefused(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), []string{
		"run", "--config", "../../testdata/demo.yaml", "--listen", "127.0.0.1:0", "--spans", "2000001", "--cut",
	}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "tracing::trace_memory::max_traces: must be at least 100001, the number of traces that are cut, got 100000")
}

func TestARunWithConsistentByAndNoWorkflowsIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(file, []byte("processors: {namespace_sampler: {consistent_by: [correlation_id]}}"), 0o600))
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), []string{"run", "--config", file, "--listen", "127.0.0.1:0"}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "consistent_by: must be empty for a load without workflows (--workflows)")
}
