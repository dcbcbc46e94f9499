// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
)

// demo is a small demo with the fake collector, which exports a request before it answers it.
func demo(t *testing.T, log io.Writer) *Demo {
	t.Helper()
	t.Setenv(collectorVariable, "yes")
	return &Demo{
		Collector: os.Args[0], Config: "../../../../testdata/demo.yaml", Sizes: smallSizes, Workflows: fewWorkflows, Quiet: time.Millisecond, Log: log,
	}
}

func TestTheDemoRunsAllVariantsAndPasses(t *testing.T) {
	var log bytes.Buffer
	runs, err := demo(t, &log).Run(t.Context())
	require.NoError(t, err, log.String())
	text := runs.Details()
	assert.True(t, runs.Passed(), text)
	assert.Contains(t, text, "demo passed: 33 checks")
	assert.True(t, strings.HasPrefix(text, "\nWORKFLOWS"), text)
	assertWidth(t, text, 160)

	summary := runs.Summary(terminal.Plain)
	assert.True(t, strings.HasPrefix(summary, "PASS  33 of 33 checks: "), summary)
	assert.LessOrEqual(t, strings.Count(summary, "\n"), 43, "a page, with the line about more")
	assertWidth(t, summary, 100)
}

func assertWidth(t *testing.T, text string, most int) {
	t.Helper()
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), most, line)
	}
}

func TestTheLogOfACollectorThatDoesNotStartIsShown(t *testing.T) {
	t.Setenv("FAKE_COLLECTOR_FAILS", "yes")
	var log bytes.Buffer
	_, err := demo(t, &log).Run(t.Context())
	require.ErrorContains(t, err, "exit status 7")
	assert.Contains(t, log.String(), "Error: bad configuration")
}

func TestADemoThatIsInterruptedStopsEverything(t *testing.T) {
	temporary, err := os.MkdirTemp("", "interrupted-") //nolint:usetesting // Postgres runs as another user and cannot enter t.TempDir
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(temporary) }()
	require.NoError(t, os.Chmod(temporary, 0o755), "Postgres runs as another user")
	t.Setenv("TMPDIR", temporary)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	d := demo(t, &trigger{word: "listens at", fire: interrupt})
	d.Quiet = 5 * time.Minute
	_, err = d.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	assert.Empty(t, left, "no folder is left")
}

// trigger is a writer that calls fire when the word has been written to it.
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
