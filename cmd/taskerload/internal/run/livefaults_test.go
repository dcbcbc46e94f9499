// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// endingCollectorMain is a collector that ends when the first spans have come.
func endingCollectorMain() int {
	page, err := net.Listen("tcp", os.Getenv("INSPECT_ENDPOINT"))
	if err != nil {
		panic(err)
	}
	defer func() { _ = page.Close() }()
	listener, err := net.Listen("tcp", os.Getenv("OTLP_ENDPOINT"))
	if err != nil {
		panic(err)
	}
	var once sync.Once
	came := make(chan struct{})
	startReceiver(listener,
		func(ptrace.Traces) error { once.Do(func() { close(came) }); return nil },
		func(pmetric.Metrics) error { return nil }, func(plog.Logs) error { return nil })
	<-came
	fmt.Println("fatal error: out of luck")
	return 9
}

func TestALiveRunWhoseCollectorEndsSaysSoAndLeavesNothing(t *testing.T) {
	dir := temporaryFolder(t)
	t.Setenv(collectorVariable, "ends")
	log := &trigger{word: "out of luck", fire: func() {}}
	err := live(os.Args[0], io.Discard, log).Run(t.Context())
	require.ErrorContains(t, err, "exit status 9")
	assert.Contains(t, log.String(), "last lines of the collector's log:\nfatal error: out of luck")
	assert.NotContains(t, log.String(), "stopped")
	assertNoFolderIsLeft(t, dir)
}

func TestALiveRunWhoseCollectorDoesNotStartFails(t *testing.T) {
	dir := temporaryFolder(t)
	t.Setenv(collectorVariable, "yes")
	t.Setenv("FAKE_COLLECTOR_FAILS", "yes")
	log := &trigger{word: "bad configuration", fire: func() {}}
	err := live(os.Args[0], io.Discard, log).Run(t.Context())
	require.ErrorContains(t, err, "exit status 7")
	assert.Contains(t, log.String(), "Error: bad configuration")
	assertNoFolderIsLeft(t, dir)
}

func TestALiveRunThatIsInterruptedAtItsStartIsNoError(t *testing.T) {
	dir := temporaryFolder(t)
	ctx, interrupt := context.WithCancel(t.Context())
	log := &trigger{word: "starting Postgres", fire: interrupt}
	require.NoError(t, live("no-such-collector", io.Discard, log).Run(ctx))
	assert.Equal(t, "starting Postgres\nstopped; nothing is left\n", log.String())
	assertNoFolderIsLeft(t, dir)
}

func TestTheStatusOfALiveRunFitsInALine(t *testing.T) {
	t.Parallel()
	sent := counts{spans: 9_999_990, points: 999_990, records: 999_990}
	got := statusLine(sent, counts{spans: 2_999_990, points: 20, records: 3}, 10*time.Second)
	assert.Equal(t, "per second: 999,999 spans, 99,999 data points, 99,999 log records; 300,001 arrive (25 %)", got)
	usual := statusLine(counts{spans: 19_340, points: 6_040, records: 4_740}, counts{spans: 10_200}, 10*time.Second)
	assert.LessOrEqual(t, len(usual), 80, usual)
	assert.Equal(t, "per second: 0 spans, 0 data points, 0 log records; 0 arrive (0 %)", statusLine(counts{}, counts{}, time.Second))
}

func TestThePSQLOfTheServerIsNamedByItsPathUnlessOneIsInPATH(t *testing.T) {
	cluster, err := pgtest.Launch(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, cluster.Stop()) }()
	dsn := cluster.DSN("postgres")

	folder := t.TempDir()
	t.Setenv("PATH", folder)
	program, rest, _ := strings.Cut(psql(t.Context(), dsn), " ")
	assert.Equal(t, "'"+dsn+"'", rest, "a shell must not take & and ? for its own")
	assert.Equal(t, "psql", filepath.Base(program))
	if program != "psql" { // the server's packages need not have it
		assert.FileExists(t, program)
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "psql"), nil, 0o700))
	assert.Equal(t, "psql '"+dsn+"'", psql(t.Context(), dsn))
}

func TestThePageAboutTheDemoShowsTheStatementsOfALiveRun(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../../docs/demo.md")
	require.NoError(t, err)
	for _, s := range statements {
		assert.Contains(t, string(text), "-- "+s.effect+"\n"+s.sql+"\n\n")
	}
}
