// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// documentedScript writes the script of docs/remote-configuration.md and what it calls into a folder: systemctl reloads the collector.
func documentedScript(t *testing.T, collector *harness.Collector) (folder string) {
	t.Helper()
	page, err := os.ReadFile("../docs/remote-configuration.md")
	require.NoError(t, err)
	script := regexp.MustCompile("(?s)```sh\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, script)
	folder = t.TempDir()
	require.NoError(t, os.Symlink(harness.Otelcol(t), filepath.Join(folder, "otelcol-tasker")))
	for name, content := range map[string]string{
		"fetch":     string(script[1]),
		"systemctl": fmt.Sprintf("#!/bin/sh\n[ \"$*\" = 'reload otelcol-tasker' ] && kill -HUP %d\n", collector.PID()),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o700))
	}
	return folder
}

func TestTheDocumentedScriptReloadsOnlyWhatIsNewAndValid(t *testing.T) {
	t.Parallel()
	sink, remote := harness.NewSink(t), harness.NewRemote(t, true)
	options := harness.Options{Sink: sink, FixedPorts: true, Inspect: plain, Processor: "sample_rate: 0.5", Expect: []string{reloads}}
	collector := harness.Start(t, options)
	folder, file := documentedScript(t, collector), collector.ConfigurationFile()
	script := func(failing ...string) (status int, output string) {
		commands := t.TempDir()
		for _, name := range failing {
			require.NoError(t, os.WriteFile(filepath.Join(commands, name), []byte("#!/bin/sh\nexit 1\n"), 0o700))
		}
		cmd := exec.Command(filepath.Join(folder, "fetch"), remote.URL())
		cmd.Env = append(os.Environ(), "PATH="+commands+":"+folder+":"+os.Getenv("PATH"), "FILE="+file, "CURL_CA_BUNDLE="+remote.Certificate())
		text, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			require.NoError(t, err)
		}
		return cmd.ProcessState.ExitCode(), string(text)
	}
	rate := func() string {
		_, body := inspect(t, collector, "/config", nil)
		return regexp.MustCompile(`"sample_rate":([0-9.]+)`).FindStringSubmatch(body)[1]
	}
	require.Equal(t, "0.5", rate())
	original, err := os.ReadFile(file)
	require.NoError(t, err)
	isUntouched := func() {
		t.Helper()
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(original), string(content))
		assert.Zero(t, collector.Log().Count(reloads))
		left, err := filepath.Glob(file + "?*")
		require.NoError(t, err)
		assert.Empty(t, left)
	}

	remote.Serve(original)
	status, output := script()
	assert.Zero(t, status, output)
	isUntouched()

	remote.Serve([]byte("processors: {namespace_sampler: {sample_rate: 50}}"))
	status, output = script()
	assert.NotZero(t, status)
	assert.Contains(t, output, "got 50")
	isUntouched()

	remote.Down()
	status, output = script()
	assert.NotZero(t, status)
	assert.Contains(t, output, "curl")
	isUntouched()

	remote.Up()
	options.Processor = "sample_rate: 0.1"
	changed := collector.Configuration(&options)
	remote.Serve(changed)
	for _, command := range []string{"chown", "chmod", "systemctl"} { // what it stops at is tried again when it next runs
		status, output = script(command)
		assert.NotZero(t, status, "%s: %s", command, output)
		isUntouched()
	}

	collector.AwaitReload(&options, func() {
		status, output = script()
		require.Zero(t, status, output)
	})
	assert.Equal(t, "0.1", rate())
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(changed), string(content))
	previous, err := os.ReadFile(file + ".previous")
	require.NoError(t, err)
	assert.Equal(t, string(original), string(previous))
}
