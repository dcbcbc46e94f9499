// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package packages tests the deb and the rpm that `make packages` leaves in dist/packages.
package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

// run returns the standard output of a command that succeeds.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	require.NoError(t, err, "%s %s: %s%s", name, strings.Join(args, " "), output, &stderr)
	return string(output)
}

// built returns the path of the package of $PACKAGES, by default dist/packages, that a pattern matches.
func built(t *testing.T, pattern string) string {
	t.Helper()
	folder := os.Getenv("PACKAGES")
	if folder == "" {
		folder = "../../dist/packages"
	}
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, "packages %s in %s: run make packages", pattern, folder)
	path, err := filepath.Abs(found[0])
	require.NoError(t, err)
	return path
}

func theDeb(t *testing.T) string { t.Helper(); return built(t, "*.deb") }
func theRPM(t *testing.T) string { t.Helper(); return built(t, "*.rpm") }

// entry is a file of a package.
type entry struct {
	mode   string // in octal
	owner  string
	config bool
}

func root(mode string) entry   { return entry{mode: mode, owner: "root:root"} }
func config(mode string) entry { return entry{mode: mode, owner: "root:root", config: true} }

// common are the files that both packages have.
func common(more map[string]entry) map[string]entry {
	const doc = "/usr/share/doc/otelcol-tasker/"
	files := map[string]entry{
		"/usr/bin/otelcol-tasker":                        root("755"),
		"/etc/otelcol-tasker":                            root("755"),
		"/etc/otelcol-tasker/config.yaml":                config("644"),
		"/etc/otelcol-tasker/otelcol-tasker.conf":        config("600"), // it may hold a password, and only systemd reads it
		"/usr/lib/systemd/system/otelcol-tasker.service": root("644"),
		"/usr/lib/sysusers.d/otelcol-tasker.conf":        root("644"),
		"/usr/share/man/man8/otelcol-tasker.8.gz":        root("644"),
		doc + "CHANGELOG.md.gz":                          root("644"),
		doc + "overrides.sql":                            root("644"),
	}
	for path, e := range more {
		files[path] = e
	}
	return files
}

// readDeb returns the files of the deb with their contents.
func readDeb(t *testing.T) (map[string]entry, map[string][]byte) {
	t.Helper()
	conffiles := strings.Fields(run(t, "dpkg-deb", "--info", theDeb(t), "conffiles"))
	archive := tar.NewReader(strings.NewReader(run(t, "dpkg-deb", "--fsys-tarfile", theDeb(t))))
	files, contents := map[string]entry{}, map[string][]byte{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		path := strings.TrimSuffix(strings.TrimPrefix(header.Name, "."), "/")
		e := entry{mode: strconv.FormatInt(header.Mode, 8), owner: header.Uname + ":" + header.Gname}
		for _, c := range conffiles {
			e.config = e.config || c == path
		}
		contents[path], err = io.ReadAll(archive)
		require.NoError(t, err)
		files[path] = e
	}
	for path := range files { // folders of other packages are listed, too
		if len(contents[path]) == 0 && path != "/etc/otelcol-tasker" {
			delete(files, path)
		}
	}
	return files, contents
}

func TestTheDebHasTheFiles(t *testing.T) {
	files, contents := readDeb(t)
	assert.Equal(t, common(map[string]entry{
		"/usr/share/doc/otelcol-tasker/changelog.gz":  root("644"),
		"/usr/share/doc/otelcol-tasker/copyright":     root("644"),
		"/usr/share/lintian/overrides/otelcol-tasker": root("644"),
	}), files)
	for path, source := range map[string]string{
		"/usr/bin/otelcol-tasker":                        distribution.Collector(t),
		"/etc/otelcol-tasker/config.yaml":                "../config.yaml",
		"/etc/otelcol-tasker/otelcol-tasker.conf":        "otelcol-tasker.conf",
		"/usr/lib/systemd/system/otelcol-tasker.service": "otelcol-tasker.service",
		"/usr/lib/sysusers.d/otelcol-tasker.conf":        "otelcol-tasker.sysusers",
		"/usr/share/man/man8/otelcol-tasker.8.gz":        "otelcol-tasker.8",
		"/usr/share/doc/otelcol-tasker/CHANGELOG.md.gz":  "../../CHANGELOG.md",
		"/usr/share/doc/otelcol-tasker/overrides.sql":    "../../testdata/overrides.sql",
	} {
		want, err := os.ReadFile(source)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, unzipped(t, path, contents[path])), "%s is not %s", path, source)
	}
}

func TestTheRPMHasTheFiles(t *testing.T) {
	const format = `[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME}:%{FILEGROUPNAME} .%{FILEFLAGS:fflags}\n]`
	files := map[string]entry{}
	for line := range strings.Lines(run(t, "rpm", "-qp", "--queryformat", format, theRPM(t))) {
		field := strings.Fields(line)
		require.Len(t, field, 4, line)
		mode, err := strconv.ParseInt(field[1], 8, 32)
		require.NoError(t, err)
		// n is noreplace: a changed file is kept, and the new one written beside it.
		files[field[0]] = entry{strconv.FormatInt(mode&0o7777, 8), field[2], strings.Contains(field[3], "c") && strings.Contains(field[3], "n")}
	}
	assert.Equal(t, common(map[string]entry{"/usr/share/licenses/otelcol-tasker/LICENSE": root("644")}), files)
	run(t, "rpm", "--checksig", "--nosignature", theRPM(t)) // digests of header and payload
}

// unzipped returns contents without their compression, if the name of the file says that they are compressed.
func unzipped(t *testing.T, path string, contents []byte) []byte {
	t.Helper()
	if !strings.HasSuffix(path, ".gz") {
		return contents
	}
	reader, err := gzip.NewReader(bytes.NewReader(contents))
	require.NoError(t, err, path)
	contents, err = io.ReadAll(reader)
	require.NoError(t, err, path)
	return contents
}
