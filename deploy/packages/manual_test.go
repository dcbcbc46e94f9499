// SPDX-License-Identifier: Apache-2.0

//go:build linux

package packages

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

// The man page has the commands and the options of `otelcol-tasker --help`, and no others.
func TestTheManPageHasWhatHelpHas(t *testing.T) {
	help := run(t, distribution.Collector(t), "--help")
	page, err := os.ReadFile("otelcol-tasker.8")
	require.NoError(t, err)
	all := func(pattern, text string) []string {
		found := map[string]bool{}
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			found[match[1]] = true
		}
		return slices.Sorted(maps.Keys(found))
	}
	_, commands, found := strings.Cut(help, "Available Commands:\n")
	require.True(t, found)
	commands, _, _ = strings.Cut(commands, "\n\n")
	assert.Equal(t, all(`(?m)^  ([a-z-]+) `, commands), all(`(?m)^\.It Cm ([a-z-]+)$`, string(page)))
	assert.Equal(t, all(`(?m)^  .{4}--([a-z-]+) `, help), all(`(?m)^\.It Fl (?:. , )?-([a-z-]+)`, string(page)))
}

func TestTheManPageIsWellFormed(t *testing.T) {
	_, err := exec.LookPath("mandoc")
	require.NoError(t, err, "run make packaging")
	output, _ := exec.CommandContext(t.Context(), "mandoc", "-Tlint", "-W", "style", "otelcol-tasker.8").Output()
	assert.Empty(t, string(output)) // its index of other pages may be old, which it says on standard error
}

// What the environment file and the man page say about variables is true of the default configuration.
func TestTheVariablesAreThoseOfTheDefaultConfiguration(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
	configuration, environment, page := read("../config.yaml"), read("otelcol-tasker.conf"), read("otelcol-tasker.8")
	used := regexp.MustCompile(`\$\{env:(\w+)(\S*)\}`).FindAllStringSubmatch(configuration, -1)
	require.NotEmpty(t, used)
	for _, match := range used {
		if strings.HasSuffix(match[1], "_HOST") {
			assert.Equal(t, ":-127.0.0.1", match[2], "without a variable, only this machine reaches the collector")
		}
		assert.Regexp(t, `(?m)^#`+match[1]+`="`, environment)
		assert.Contains(t, page, "\n.It Ev "+match[1]+"\n")
	}
	assert.Regexp(t, `(?m)^OTELCOL_OPTIONS="--config=/etc/otelcol-tasker/config.yaml"$`, environment)
}

// The default configuration is valid without a single variable, and with those of the environment file.
func TestTheDefaultConfigurationIsValid(t *testing.T) {
	for _, env := range [][]string{{}, {"OTELCOL_HOST=0.0.0.0", "INSPECT_HOST=0.0.0.0", "OTEL_EXPORTER_OTLP_ENDPOINT=https://backend.example.com:4317"}} {
		distribution.Validate(t, env, "--config=../config.yaml")
	}
}
