// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
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
	sub, err := conf.Sub("processors::namespace_sampler")
	require.NoError(t, err)
	return Load(t, sub.ToStringMap())
}
