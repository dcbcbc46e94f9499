// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// instances returns two instances of one configuration, with an HTTP server.
func instances(t *testing.T, inspect map[string]any) (first, second component.Component) {
	t.Helper()
	cfg := samplertest.Load(t, map[string]any{"inspect": inspect})
	set := processortest.NewNopSettings(metadata.Type)
	factory := namespacesampler.NewFactory()
	first, err := factory.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	second, err = factory.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	return first, second
}

func TestAPortInUseFailsTheStartOfEveryInstance(t *testing.T) { // C2
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	first, second := instances(t, map[string]any{"endpoint": taken.Addr().String()})
	for _, c := range []component.Component{first, second} {
		err = c.Start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, "inspect: endpoint: cannot listen at "+taken.Addr().String())
		require.ErrorContains(t, err, "address already in use")
		defer func() { require.NoError(t, c.Shutdown(context.Background())) }()
	}
}

// The server listens at a socket, since another process can take a port as soon as it is free.
func TestTheServerStopsWithTheLastInstance(t *testing.T) { // C2, C3
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "inspect")
	first, second := instances(t, map[string]any{"endpoint": socket, "transport": "unix"})
	require.NoError(t, first.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, second.Start(t.Context(), componenttest.NewNopHost()), "both share one server")
	require.NoError(t, first.Shutdown(t.Context()))
	connection, err := net.Dial("unix", socket)
	require.NoError(t, err)
	require.NoError(t, connection.Close())
	require.NoError(t, second.Shutdown(t.Context()))
	_, err = net.Dial("unix", socket)
	require.Error(t, err)
}
