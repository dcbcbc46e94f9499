// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

// LoadFiles returns the processor's configuration from collector configurations that are merged as by several --config flags.
func LoadFiles(t testing.TB, paths ...string) *namespacesampler.Config {
	t.Helper()
	return load(t, resolve(t, paths))
}

// Resolve returns the processor's section as the collector reads it from files. Each file has one of the given sections, in YAML
// that is not indented.
func Resolve(t testing.TB, sections ...string) *confmap.Conf {
	t.Helper()
	paths, dir := make([]string, len(sections)), t.TempDir()
	for i, section := range sections {
		paths[i] = filepath.Join(dir, strconv.Itoa(i)+".yaml")
		file := "processors:\n  namespace_sampler:\n    " + strings.ReplaceAll(section, "\n", "\n    ")
		require.NoError(t, os.WriteFile(paths[i], []byte(file), 0o600))
	}
	return resolve(t, paths)
}

func resolve(t testing.TB, paths []string) *confmap.Conf {
	t.Helper()
	uris := make([]string, len(paths))
	for i, path := range paths {
		uris[i] = "file:" + path
	}
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              uris,
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
		DefaultScheme:     "env",
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	section, err := conf.Sub("processors::namespace_sampler")
	require.NoError(t, err)
	return section
}
