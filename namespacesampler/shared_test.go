// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
)

func TestInstancesOfAConfigurationShareARuntime(t *testing.T) { // C2
	rs := newRuntimes()
	set := processortest.NewNopSettings(metadata.Type)
	cfg, other := createDefaultConfig().(*Config), createDefaultConfig().(*Config)

	a, err := rs.acquire(set, cfg)
	require.NoError(t, err)
	b, err := rs.acquire(set, cfg)
	require.NoError(t, err)
	c, err := rs.acquire(set, other)
	require.NoError(t, err)
	assert.Same(t, a.runtime, b.runtime)
	assert.NotSame(t, a.runtime, c.runtime)

	require.NoError(t, a.shutdown(t.Context()))
	require.NoError(t, a.shutdown(t.Context()), "C3: a second shutdown is nothing")
	assert.Len(t, rs.inUse, 2, "b still holds it")
	require.NoError(t, b.shutdown(t.Context()))
	require.NoError(t, c.shutdown(t.Context()))
	assert.Empty(t, rs.inUse)
}

func TestAFailedStartIsEveryInstancesFailure(t *testing.T) { // C2
	cfg := load(t, map[string]any{"postgres": map[string]any{"dsn": "postgres://localhost/x"}})
	cfg.Postgres.Get().DSN = "postgres://localhost:not-a-port/x" // as no validated configuration has it
	rs := newRuntimes()
	set := processortest.NewNopSettings(metadata.Type)
	for range 2 {
		l, err := rs.acquire(set, cfg)
		require.NoError(t, err)
		require.ErrorContains(t, l.start(t.Context(), componenttest.NewNopHost()), "postgres::dsn")
		defer func() { require.NoError(t, l.shutdown(context.Background())) }()
	}
}

func TestAliasMakesTheSameProcessor(t *testing.T) {
	factory := NewFactory()
	set := processortest.NewNopSettings(component.MustNewType("namespacesampler"))
	p, err := factory.CreateTraces(t.Context(), set, factory.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.Shutdown(t.Context()))
	assert.True(t, p.Capabilities().MutatesData, "C1")
}

// statusHost takes what a component says of its status.
type statusHost struct {
	component.Host
	mu     sync.Mutex
	events []componentstatus.Status
}

func (h *statusHost) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event.Status())
}

func TestStatusAndLogTellOnlyChanges(t *testing.T) { // C7, C8
	core, logs := observer.New(zapcore.InfoLevel)
	h := newHealth(zap.New(core))
	first, second := &statusHost{}, &statusHost{}
	h.addHost(first)
	h.addHost(second)
	for _, err := range []error{
		nil, errors.New("down"), errors.New("down"), context.Canceled, nil, nil, errors.New("down"),
	} {
		h.asked(err)
	}
	want := []componentstatus.Status{
		componentstatus.StatusRecoverableError, componentstatus.StatusOK, componentstatus.StatusRecoverableError,
	}
	assert.Equal(t, want, first.events)
	assert.Equal(t, want, second.events, "C2: every instance is told")
	assert.Equal(t, 3, logs.Len())
}

func TestConcurrentBatchesShareNothingTheyShouldNot(t *testing.T) { // C4, under the race detector
	h := start(t, map[string]any{"sample_rate": 0.5, "telemetry": map[string]any{"max_namespaces": 3}})
	const workers, batches = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range batches {
				td := ptrace.NewTraces()
				appendSpans(t, td, nil, nil,
					span{attributes: map[string]any{"namespace": string(rune('a' + w))}}, span{id: highID, tracestate: "x=1"})
				assert.NoError(t, h.traces.ConsumeTraces(context.Background(), td))
			}
		})
	}
	wg.Wait()
	var total int64
	for _, n := range h.counts("spans") {
		total += n
	}
	assert.Equal(t, int64(workers*batches*2), total, "C9: every span is counted exactly once")
}
