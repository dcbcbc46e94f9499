// SPDX-License-Identifier: Apache-2.0

// Package distribution tells tests what they test: the built collector, and its version.
package distribution

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Collector returns the path of the built collector, $OTELCOL.
func Collector(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OTELCOL")
	require.FileExists(t, path, "OTELCOL must be the absolute path of the built collector: make build")
	return path
}

// Version returns the version of the distribution as the builder reads it. The collector, packages and images have the same.
func Version(t *testing.T) string {
	t.Helper()
	path := "../builder-config.yaml"
	for _, err := os.Stat(path); err != nil; _, err = os.Stat(path) {
		require.Less(t, len(path), 50, "no folder above this one has a builder-config.yaml")
		path = filepath.Join("..", path)
	}
	text, err := os.ReadFile(filepath.Clean(path))
	require.NoError(t, err)
	var manifest struct{ Dist struct{ Version string } }
	require.NoError(t, yaml.Unmarshal(text, &manifest))
	require.NotEmpty(t, manifest.Dist.Version)
	return manifest.Dist.Version
}

// Validate fails the test unless the collector accepts a configuration, in an environment that has nothing else.
func Validate(t *testing.T, environment []string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), Collector(t), append([]string{"validate"}, arguments...)...) //nolint:gosec // the collector under test
	command.Env = append([]string{}, environment...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
