// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestThereIsNoServerUnlessItIsConfigured(t *testing.T) {
	assert.False(t, samplertest.Load(t, nil).Inspect.HasValue())
	assert.False(t, samplertest.Load(t, map[string]any{"inspect": nil}).Inspect.HasValue(), "as print-config prints it if it is not set")
	cfg := samplertest.Load(t, map[string]any{"inspect": map[string]any{}})
	require.True(t, cfg.Inspect.HasValue())
	assert.Equal(t, "localhost:8090", cfg.Inspect.Get().NetAddr.Endpoint)
	assert.Positive(t, cfg.Inspect.Get().ReadHeaderTimeout)
	assert.Positive(t, cfg.Inspect.Get().ReadTimeout)
	assert.Positive(t, cfg.Inspect.Get().WriteTimeout)
}

func TestEveryServerSettingIsTaken(t *testing.T) {
	for name, headers := range map[string]any{
		"map":  map[string]any{"X-Site": "a"},
		"list": []any{map[string]any{"name": "X-Site", "value": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := samplertest.Load(t, map[string]any{"inspect": map[string]any{
				"endpoint": "localhost:1", "transport": "tcp4", "response_headers": headers, "cors": map[string]any{"allowed_origins": []any{"*"}},
				"tls":  map[string]any{"cert_file": "a", "key_file": "b", "min_version": "1.3", "reload_interval": "1m"},
				"auth": map[string]any{"authenticator": "basicauth", "request_params": []any{"token"}}, "middlewares": []any{map[string]any{"id": "x"}},
				"compression_algorithms": []any{"gzip"}, "max_request_body_size": 1000, "include_metadata": true, "read_timeout": "1s",
				"write_timeout": "2s", "idle_timeout": "3s", "keep_alives_enabled": false, "dialer": map[string]any{"timeout": "1s"},
			}}).Inspect.Get()
			site, _ := cfg.ResponseHeaders.Get("X-Site")
			assert.Equal(t, "a", string(site))
			written := confmap.New()
			require.NoError(t, written.Marshal(cfg))
			assert.Equal(t, "basicauth", written.Get("auth::authenticator"), "by its key, as its Go field differs between Collector releases")
			assert.Equal(t, "1.3", cfg.TLS.Get().MinVersion)
			assert.False(t, cfg.KeepAlivesEnabled)
		})
	}
	cfg := samplertest.Load(t, map[string]any{"inspect": map[string]any{"tls": nil, "cors": nil, "auth": nil, "response_headers": nil, "middlewares": nil}})
	assert.False(t, cfg.Inspect.Get().TLS.HasValue(), "as print-config prints it if it is not set")
}

func TestAllowedHostsAreNamesOrAddresses(t *testing.T) {
	cfg := samplertest.Load(t, map[string]any{"inspect": map[string]any{"allowed_hosts": []any{"collector.example.com", "::1"}}})
	assert.Equal(t, []string{"collector.example.com", "::1"}, cfg.Inspect.Get().AllowedHosts)
	require.NoError(t, cfg.Validate())
	cfg.Inspect.Get().AllowedHosts[1] = "http://a:80"
	require.EqualError(t, cfg.Validate(), "inspect::allowed_hosts::1: must be the name or the address of a host, without scheme and port, "+
		`e.g. collector.example.com, got "http://a:80"`)
}
