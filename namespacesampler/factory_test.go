// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestTheDeprecatedTypeCreatesTheProcessor(t *testing.T) {
	factory := namespacesampler.NewFactory()
	set := processortest.NewNopSettings(component.MustNewType("namespacesampler"))
	p, err := factory.CreateTraces(t.Context(), set, factory.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.Shutdown(t.Context()))
	assert.True(t, p.Capabilities().MutatesData, "C1")
}

func TestConcurrentBatchesAreIndependent(t *testing.T) { // C4, under the race detector
	s := samplertest.Start(t, map[string]any{"sample_rate": 0.5, "telemetry": map[string]any{"max_namespaces": 3}})
	const workers, batches = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range batches {
				td := ptrace.NewTraces()
				samplertest.AppendSpans(t, td, nil, nil,
					samplertest.Span{Attributes: map[string]any{"namespace": string(rune('a' + w))}}, samplertest.Span{ID: samplertest.HighID, Tracestate: "x=1"})
				assert.NoError(t, s.Traces.ConsumeTraces(context.Background(), td))
			}
		})
	}
	for w := range workers {
		wg.Go(func() {
			for range batches {
				ld := samplertest.LogsOf(t, samplertest.Record{Attributes: map[string]any{"namespace": string(rune('a' + w))}},
					samplertest.Record{ID: samplertest.HighID})
				assert.NoError(t, s.LogRecords.ConsumeLogs(context.Background(), ld))
			}
		})
	}
	wg.Wait()
	for _, signal := range []string{"spans", "log_records"} {
		var total int64
		for _, n := range s.Counts(signal) {
			total += n
		}
		assert.Equal(t, int64(workers*batches*2), total, "C9: every item is counted exactly once")
	}
}
