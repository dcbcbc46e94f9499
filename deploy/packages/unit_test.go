// SPDX-License-Identifier: Apache-2.0

//go:build linux

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const unitFile = "otelcol-tasker.service"

// exposure is the highest rating of `systemd-analyze security`, in tenths, that the unit may have. README.md says what it has.
const exposure = "12"

// unit returns the settings of the unit's section [Service], in their order.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(unitFile)
	require.NoError(t, err)
	settings, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, found := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "["):
			section = line
		case found && section == "[Service]" && !strings.HasPrefix(line, "#"):
			settings[key] = append(settings[key], value)
		}
	}
	return settings
}

// A reload of an invalid configuration ends the collector, so validate has to come first, with the options of the service.
func TestTheUnitValidatesBeforeItReloads(t *testing.T) {
	service := unit(t)
	require.Len(t, service["ExecStart"], 1)
	binary, options, found := strings.Cut(service["ExecStart"][0], " ")
	require.True(t, found)
	assert.Equal(t, []string{binary + " validate " + options, "/bin/sh -c 'kill -HUP $$MAINPID'"}, service["ExecReload"])
}

// To systemd a process that SIGHUP ends has not failed.
func TestTheUnitRestartsWhatAReloadEnds(t *testing.T) {
	service := unit(t)
	assert.Equal(t, []string{"on-failure"}, service["Restart"])
	assert.Equal(t, []string{"SIGHUP"}, service["RestartForceExitStatus"])
}

func TestTheUnitRunsAsAUserThatThePackageCreates(t *testing.T) {
	service := unit(t)
	text, err := os.ReadFile("otelcol-tasker.sysusers")
	require.NoError(t, err)
	created := ""
	for line := range strings.Lines(string(text)) {
		if field := strings.Fields(line); len(field) > 1 && field[0] == "u" {
			created = field[1]
		}
	}
	assert.Equal(t, []string{created}, service["User"])
	assert.Equal(t, []string{created}, service["Group"])
	assert.Equal(t, []string{""}, service["CapabilityBoundingSet"])
	assert.Equal(t, []string{""}, service["AmbientCapabilities"])
}

// installed returns a folder with the files of the deb.
func installed(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	run(t, "dpkg-deb", "--extract", theDeb(t), folder)
	return folder
}

// systemd finds no fault in the unit as it is installed: neither unknown settings nor commands that do not exist.
func TestSystemdVerifiesTheUnit(t *testing.T) {
	folder := installed(t)
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "bin"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "bin/sh"), nil, 0o755)) // what ExecReload runs
	verify := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "--root="+folder, unitFile)
	output, err := verify.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Empty(t, string(output))
}

func TestSystemdRatesTheUnitAsSafe(t *testing.T) {
	output := run(t, "systemd-analyze", "security", "--offline=true", "--threshold="+exposure, "--no-pager", unitFile)
	lines := strings.Split(strings.TrimSpace(output), "\n")
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	rated := slices.DeleteFunc(strings.Fields(lines[len(lines)-1]), func(word string) bool { return !strings.Contains(word, ".") || len(word) > 3 })
	require.Len(t, rated, 1, output)
	assert.Contains(t, string(readme), "rates its exposure as "+rated[0])
}
