// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"debug/elf"
	"os"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// `make image` and `make release-snapshot` name the layout that they have made.
func TestTheImageIsForBothArchitectures(t *testing.T) {
	path := os.Getenv("IMAGE")
	if path == "" {
		t.Skip("IMAGE is not set: make image")
	}
	outer, err := layout.ImageIndexFromPath(path)
	require.NoError(t, err)
	index := single(t, outer, outer.ImageIndex)
	require.NoError(t, validate.Index(index))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)

	machines := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}
	require.Len(t, manifest.Manifests, len(machines))
	configs := map[string]bool{}
	for _, entry := range manifest.Manifests {
		platform := entry.Platform.String()
		image, err := index.Image(entry.Digest)
		require.NoError(t, err)
		file, err := image.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, platform, file.Platform().String())
		assert.Equal(t, "10001:10001", file.Config.User)
		configs[file.Config.Labels["org.opencontainers.image.version"]] = true
		binary, err := elf.NewFile(bytes.NewReader(files(t, image)["/otelcol-tasker"].contents))
		require.NoError(t, err)
		require.Contains(t, machines, platform)
		assert.Equal(t, machines[platform], binary.Machine)
		delete(machines, platform)
	}
	assert.Len(t, configs, 1, "one version")
}
