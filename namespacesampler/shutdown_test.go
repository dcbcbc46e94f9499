// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// hangingHost is a host that hangs when a status is reported, until it is released.
type hangingHost struct {
	reported chan struct{}
	once     sync.Once
	released chan struct{}
}

func (*hangingHost) GetExtensions() map[component.ID]component.Component { return nil }

func (h *hangingHost) Report(*componentstatus.Event) {
	h.once.Do(func() { close(h.reported) })
	<-h.released
}

// Shutdown would wait for the load that reports the status, without end: the collector gives it no deadline.
func TestShutdownIsBoundedWhateverHangs(t *testing.T) {
	t.Parallel()
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refusing.Close())
	core, logs := observer.New(zap.WarnLevel)
	set := processortest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	cfg := samplertest.Load(t, map[string]any{
		"postgres": map[string]any{"dsn": "postgres://u@" + refusing.Addr().String() + "/d", "wait": "0s", "query_timeout": "100ms"},
	})
	traces, err := namespacesampler.NewFactory().CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	host := &hangingHost{reported: make(chan struct{}), released: make(chan struct{})}
	require.NoError(t, traces.Start(t.Context(), host))
	td := samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}})
	require.NoError(t, traces.ConsumeTraces(t.Context(), td))
	<-host.reported

	require.NoError(t, traces.Shutdown(context.Background()), "for an error the collector would exit when it reloads")
	assert.Equal(t, 1, logs.FilterMessage("background work did not stop within the shutdown timeout").Len())
	close(host.released)
}
