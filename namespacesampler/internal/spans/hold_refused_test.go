// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// scripted is a component whose calls a test scripts.
type scripted struct {
	consumertest.TracesSink
	before func(context.Context, ptrace.Traces) error
}

func (s *scripted) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if err := s.before(ctx, td); err != nil {
		return err
	}
	return s.TracesSink.ConsumeTraces(ctx, td)
}

var _ consumer.Traces = (*scripted)(nil)

// TestABatchThatIsSentAgainHoldsItsSpansOnce: the next component refuses what is left of a batch, whose sender sends all of it again.
func TestABatchThatIsSentAgainHoldsItsSpansOnce(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		refuses := true
		next := &scripted{before: func(context.Context, ptrace.Traces) error {
			if refuses {
				return errRefused
			}
			return nil
		}}
		h := samplertest.StartBefore(t, holding(nil), next)
		batch := func() ptrace.Traces {
			return samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: samplertest.HighID, Attributes: named("kept")})
		}
		require.ErrorIs(t, h.Traces.ConsumeTraces(t.Context(), batch()), errRefused)
		assert.Zero(t, h.Gauges("held_spans")[""])
		assert.Equal(t, map[string]int64{"kept kept exact": 1, "dropped _none global": 1}, h.Counts("spans"), "all of it is counted, each time it comes")
		refuses = false
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), batch()))
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: named("kept")})))
		assert.Equal(t, 3, next.SpanCount())
		assert.Zero(t, h.Gauges("held_spans")[""])
	})
}

func TestARequestWaitsForHeldSpansNoLongerThanItMay(t *testing.T) { // T19, C6
	synctest.Test(t, func(t *testing.T) {
		next := &scripted{before: func(ctx context.Context, td ptrace.Traces) error {
			if td.SpanCount() == 3 { // those that were held
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		h := samplertest.StartBefore(t, holding(nil), next)
		nameless := samplertest.Span{ID: samplertest.LowID}
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, nameless, nameless, nameless)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.NoError(t, h.Traces.ConsumeTraces(ctx, samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: named("kept")})))
		assert.Equal(t, time.Second/2, time.Since(began), "so that its sender does not send it again")
		assert.Equal(t, 1, next.SpanCount())

		other := samplertest.Span{ID: samplertest.HighID}
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, other, other, other)))
		began = time.Now()
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: named("kept")})))
		assert.Equal(t, time.Second, time.Since(began), "a request without a deadline")
	})
}

// TestAStopSendsTheSpansOfManyClients: one call for each of 200, which take 100 ms.
func TestAStopSendsTheSpansOfManyClients(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		next := &scripted{before: func(context.Context, ptrace.Traces) error {
			calls.Add(1)
			time.Sleep(100 * time.Millisecond)
			return nil
		}}
		settings := holding(nil)
		settings["sample_rate"] = 1
		h := samplertest.StartBefore(t, settings, next)
		for port := range 200 {
			ctx := client.NewContext(t.Context(), client.Info{Addr: &net.TCPAddr{Port: port}})
			require.NoError(t, h.Traces.ConsumeTraces(ctx, samplertest.TracesOf(t, samplertest.Span{}, samplertest.Span{})))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		require.NoError(t, h.Traces.Shutdown(ctx))
		assert.Equal(t, 2*time.Second, time.Since(began), "ten at a time")
		assert.EqualValues(t, 200, calls.Load())
		assert.Equal(t, 400, next.SpanCount())
	})
}

func TestWhatABlockedPipelineHoldsDoesNotCutTracesOfAnother(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		settings := holding(map[string]any{"max_spans": 10})
		settings["sample_rate"] = 1
		free := newRegister()
		h, pipelines := samplertest.StartPipelines(t, settings, blocked{}, free)
		for range 12 {
			require.NoError(t, pipelines[0].ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{})))
			time.Sleep(time.Second)
		}
		require.NoError(t, pipelines[1].ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID})))
		synctest.Wait()
		assert.Zero(t, free.count())
		assert.Empty(t, h.Counts("early_released_traces"))
	})
}

// TestHeldSpansAreDecidedAtOnceThoughTheNextComponentIsBlocked: more calls are blocked than are made at the same time.
func TestHeldSpansAreDecidedAtOnceThoughTheNextComponentIsBlocked(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		settings := holding(nil)
		settings["sample_rate"] = 0.5
		h := samplertest.StartBefore(t, settings, blocked{})
		for port := range 20 {
			ctx := client.NewContext(t.Context(), client.Info{Addr: &net.TCPAddr{Port: port}})
			require.NoError(t, h.Traces.ConsumeTraces(ctx, samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID}, samplertest.Span{ID: samplertest.LowID})))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, map[string]int64{"kept _none global": 20, "dropped _none global": 20}, h.Counts("spans"))
	})
}
