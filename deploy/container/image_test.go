// SPDX-License-Identifier: Apache-2.0

// Package container tests the container image: the one of this machine's architecture, built from the collector that OTELCOL names.
package container

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

// noBuildah is the exit status of tools/image.sh if buildah is missing or does not work.
const noBuildah = 3

// skip skips a test that this machine cannot run. `make image-test` sets IMAGE_TEST, so that it fails there.
func skip(t *testing.T, why string, arguments ...any) {
	t.Helper()
	if os.Getenv("IMAGE_TEST") != "" {
		t.Fatalf(why, arguments...)
	}
	t.Skipf(why, arguments...)
}

var dir string

func TestMain(m *testing.M) {
	code := 1
	defer func() { os.Exit(code) }()
	var err error
	if dir, err = os.MkdirTemp("", "image"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	code = m.Run()
}

var build = sync.OnceValues(func() ([]byte, error) {
	binary := runtime.GOARCH + "=" + os.Getenv("OTELCOL")
	return exec.Command("../../tools/image.sh", filepath.Join(dir, "context"), filepath.Join(dir, "layout"), binary).CombinedOutput()
})

// built returns the index of the built image, and the image.
func built(t *testing.T) (v1.ImageIndex, v1.Image) {
	t.Helper()
	distribution.Collector(t)
	if runtime.GOOS != "linux" {
		skip(t, "images are built on Linux")
	}
	output, err := build()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == noBuildah {
		skip(t, "the image is not tested: %s", output)
	}
	require.NoError(t, err, "%s", output)
	outer, err := layout.ImageIndexFromPath(filepath.Join(dir, "layout"))
	require.NoError(t, err)
	index := single(t, outer, outer.ImageIndex)
	return index, single(t, index, index.Image)
}

// single returns the only entry of an index.
func single[T any](t *testing.T, index v1.ImageIndex, read func(v1.Hash) (T, error)) T {
	t.Helper()
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	entry, err := read(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	return entry
}

func TestTheLayoutIsWhole(t *testing.T) {
	index, _ := built(t)
	require.NoError(t, validate.Index(index))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	assert.Equal(t, &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}, manifest.Manifests[0].Platform)
}

func TestTheImageSaysWhatItIs(t *testing.T) {
	_, image := built(t)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	config := file.Config
	assert.Equal(t, "linux", file.OS)
	assert.Equal(t, runtime.GOARCH, file.Architecture)
	assert.Equal(t, "10001:10001", config.User, "a number, for runAsNonRoot")
	assert.Equal(t, []string{"/otelcol-tasker"}, config.Entrypoint)
	assert.Equal(t, []string{"--config", "/etc/otelcol-tasker/config.yaml"}, config.Cmd)

	// Whatever the configuration opens with OTELCOL_HOST, and nothing else. The page stays on the loopback interface.
	text, err := os.ReadFile("../config.yaml")
	require.NoError(t, err)
	want := map[string]struct{}{}
	opened := regexp.MustCompile(`\$\{env:OTELCOL_HOST:-[^}]+\}(?::|\n *port: )(\d+)`)
	for _, match := range opened.FindAllSubmatch(text, -1) {
		want[string(match[1])+"/tcp"] = struct{}{}
	}
	require.NotEmpty(t, want)
	require.Len(t, want, bytes.Count(text, []byte("${env:OTELCOL_HOST:-")))
	assert.Equal(t, want, config.ExposedPorts)
	var names []string
	for _, variable := range config.Env {
		if name, value, _ := strings.Cut(variable, "="); name != "PATH" {
			names = append(names, name+"="+value)
		}
	}
	assert.Equal(t, []string{"OTELCOL_HOST=0.0.0.0"}, names)

	const label = "org.opencontainers.image."
	assert.Equal(t, distribution.Version(t), config.Labels[label+"version"])
	assert.Equal(t, "otelcol-tasker", config.Labels[label+"title"])
	assert.Equal(t, "Apache-2.0", config.Labels[label+"licenses"])
	assert.Equal(t, "https://github.com/otelcol-tasker/otelcol-tasker", config.Labels[label+"source"])
	assert.NotEmpty(t, config.Labels[label+"description"])
	assert.Regexp(t, `^([0-9a-f]{40}(-dirty)?|unknown)$`, config.Labels[label+"revision"])
}

func TestTheDefaultConfigurationIsValidInTheImage(t *testing.T) {
	_, image := built(t)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, []string{"--config", "/etc/otelcol-tasker/config.yaml"}, file.Config.Cmd)
	distribution.Validate(t, file.Config.Env, "--config", "../config.yaml") // which the image has as a copy
}

// unpacked is a file of the image.
type unpacked struct {
	mode     int64
	owner    [2]int
	contents []byte
}

// files returns what is in the image, by path. Folders have no contents.
func files(t *testing.T, image v1.Image) map[string]unpacked {
	t.Helper()
	archive := mutate.Extract(image)
	defer func() { require.NoError(t, archive.Close()) }()
	found := map[string]unpacked{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		f := unpacked{mode: header.Mode & 0o7777, owner: [2]int{header.Uid, header.Gid}}
		if header.Typeflag == tar.TypeReg {
			f.contents, err = io.ReadAll(reader)
			require.NoError(t, err)
		} else {
			require.EqualValues(t, tar.TypeDir, header.Typeflag, header.Name)
		}
		found["/"+strings.Trim(header.Name, "/")] = f
	}
}

func TestTheImageHoldsNothingElse(t *testing.T) {
	_, image := built(t)
	found := files(t, image)
	modes := map[string]int64{}
	for path, f := range found {
		modes[path] = f.mode
		assert.Equal(t, [2]int{}, f.owner, "%s belongs to root, so that the collector cannot change it", path)
	}
	assert.Equal(t, map[string]int64{
		"/etc": 0o755, "/etc/otelcol-tasker": 0o755, "/etc/ssl": 0o755, "/etc/ssl/certs": 0o755,
		"/etc/otelcol-tasker/config.yaml": 0o644, "/etc/ssl/certs/ca-certificates.crt": 0o644, "/otelcol-tasker": 0o755,
	}, modes)

	binary := found["/otelcol-tasker"].contents
	want, err := os.ReadFile(distribution.Collector(t))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, binary), "the binary is that of OTELCOL")
	parsed, err := elf.NewFile(bytes.NewReader(binary))
	require.NoError(t, err)
	for _, program := range parsed.Progs {
		assert.NotEqual(t, elf.PT_INTERP, program.Type, "the image has no loader for a dynamic binary")
	}
	config, err := os.ReadFile("../config.yaml")
	require.NoError(t, err)
	assert.Equal(t, string(config), string(found["/etc/otelcol-tasker/config.yaml"].contents))
}

func TestTheImageHasRootCertificates(t *testing.T) {
	_, image := built(t)
	rest := files(t, image)["/etc/ssl/certs/ca-certificates.crt"].contents
	names := map[string]bool{}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		assert.True(t, certificate.IsCA)
		names[certificate.Subject.CommonName] = true
	}
	assert.Greater(t, len(names), 100)
	assert.Contains(t, names, "ISRG Root X1")
}
