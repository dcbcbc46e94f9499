// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// instances returns two instances of one configuration, which listens at an endpoint, and what they log.
func instances(t *testing.T, endpoint string) (first, second component.Component, logs *observer.ObservedLogs) {
	t.Helper()
	cfg := samplertest.Load(t, map[string]any{"inspect": map[string]any{"endpoint": endpoint}})
	set := processortest.NewNopSettings(metadata.Type)
	core, logs := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	factory := namespacesampler.NewFactory()
	first, err := factory.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	second, err = factory.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	return first, second, logs
}

func TestAPortInUseFailsTheStartOfEveryInstance(t *testing.T) { // C2
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	first, second, _ := instances(t, taken.Addr().String())
	for _, c := range []component.Component{first, second} {
		err = c.Start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, "inspect: endpoint: cannot listen at "+taken.Addr().String())
		require.ErrorContains(t, err, "address already in use")
		defer func() { require.NoError(t, c.Shutdown(context.Background())) }()
	}
}

func TestTheServerStopsWithTheLastInstance(t *testing.T) { // C2, C3
	t.Parallel()
	first, second, logs := instances(t, "127.0.0.1:0")
	require.NoError(t, first.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, second.Start(t.Context(), componenttest.NewNopHost()), "both share one server")
	address := samplertest.LoggedAddress(t, logs)
	require.NoError(t, first.Shutdown(t.Context()))
	status, _ := samplertest.Get(t, "http://"+address+"/config")
	assert.Equal(t, http.StatusOK, status)
	require.NoError(t, second.Shutdown(t.Context()))
	_, err := net.Dial("tcp", address)
	require.Error(t, err)
}
