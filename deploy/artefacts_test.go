// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

// release returns the folder in which `make release-snapshot` has put a release, and its version.
func release(t *testing.T) (folder, version string) {
	t.Helper()
	folder = os.Getenv("RELEASE")
	if folder == "" {
		t.Skip("RELEASE is not set: make release-snapshot")
	}
	return folder, distribution.Version(t)
}

var systems = []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64"}

// extension returns that of a system's archive.
func extension(system string) string {
	if strings.HasPrefix(system, "windows") {
		return ".zip"
	}
	return ".tar.gz"
}

func TestEachSystemHasAnArchive(t *testing.T) {
	folder, version := release(t)
	for _, system := range systems {
		binary := "otelcol-tasker"
		if extension(system) == ".zip" {
			binary += ".exe"
		}
		path := filepath.Join(folder, "otelcol-tasker_"+version+"_"+system+extension(system))
		assert.ElementsMatch(t, []string{binary, "LICENSE", "README.md", "config.yaml"}, archived(t, path), system)
	}
}

// archived returns the names of the files in an archive.
func archived(t *testing.T, path string) (names []string) {
	t.Helper()
	if strings.HasSuffix(path, ".zip") {
		archive, err := zip.OpenReader(path)
		require.NoError(t, err)
		for _, file := range archive.File {
			names = append(names, file.Name)
		}
		require.NoError(t, archive.Close())
		return names
	}
	file, err := os.Open(filepath.Clean(path))
	require.NoError(t, err)
	uncompressed, err := gzip.NewReader(file)
	require.NoError(t, err)
	for archive := tar.NewReader(uncompressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			require.NoError(t, file.Close())
			return names
		}
		require.NoError(t, err)
		names = append(names, header.Name)
	}
}

func TestEachFileOfAReleaseHasAChecksum(t *testing.T) {
	folder, version := release(t)
	text, err := os.ReadFile(filepath.Join(folder, "otelcol-tasker_"+version+"_checksums.txt"))
	require.NoError(t, err)
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		require.Len(t, fields, 2, line)
		sums[fields[1]] = fields[0]
	}
	published := []string{
		"packages/otelcol-tasker_" + version + "_amd64.deb", "packages/otelcol-tasker_" + version + "_arm64.deb",
		"packages/otelcol-tasker-" + version + "-1.x86_64.rpm", "packages/otelcol-tasker-" + version + "-1.aarch64.rpm",
	}
	for _, system := range systems {
		published = append(published, "otelcol-tasker_"+version+"_"+system+extension(system), "otelcol-tasker_"+version+"_"+system+".cdx.json")
	}
	assert.Len(t, sums, len(published))
	for _, path := range published {
		contents, err := os.ReadFile(filepath.Join(folder, path))
		require.NoError(t, err)
		sum := sha256.Sum256(contents)
		assert.Equal(t, hex.EncodeToString(sum[:]), sums[filepath.Base(path)], path)
	}
}

func TestABillOfMaterialsNamesTheProcessor(t *testing.T) {
	folder, version := release(t)
	for _, system := range systems {
		text, err := os.ReadFile(filepath.Join(folder, "otelcol-tasker_"+version+"_"+system+".cdx.json"))
		require.NoError(t, err)
		var bill struct {
			BomFormat  string
			Components []struct{ Name, Version string }
		}
		require.NoError(t, json.Unmarshal(text, &bill), system)
		assert.Equal(t, "CycloneDX", bill.BomFormat)
		assert.Greater(t, len(bill.Components), 100, system)
		versions := map[string]string{}
		for _, component := range bill.Components {
			versions[component.Name] = component.Version
		}
		assert.Equal(t, "v"+version, versions["github.com/otelcol-tasker/otelcol-tasker"], system)
		assert.NotContains(t, string(text), "(devel)", system)
		assert.NotContains(t, string(text), "../", system)
	}
}
