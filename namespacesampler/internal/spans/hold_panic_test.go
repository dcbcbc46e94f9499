// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// panicking is a component that panics for the spans of a tenant, and counts the others.
type panicking struct{ spans int }

func (*panicking) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (p *panicking) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if client.FromContext(ctx).Metadata.Get("tenant") != nil {
		panic("a bug")
	}
	p.spans += td.SpanCount()
	return nil
}

// TestAPanicForHeldSpansIsAnError: whether another batch lets them go, or their time is up.
func TestAPanicForHeldSpansIsAnError(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		next := &panicking{}
		settings := holding(nil)
		settings["sample_rate"] = 1
		h := samplertest.StartBefore(t, settings, next)
		tenant := client.NewContext(t.Context(), client.Info{Metadata: client.NewMetadata(map[string][]string{"tenant": {"a"}})})
		hold := func(ctx context.Context, spans ...samplertest.Span) {
			require.NoError(t, h.Traces.ConsumeTraces(ctx, samplertest.TracesOf(t, spans...)))
		}
		late := samplertest.RandomID()
		hold(tenant, samplertest.Span{ID: samplertest.LowID}, samplertest.Span{ID: late})
		hold(t.Context(), samplertest.Span{ID: samplertest.LowID})
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: named("kept")})))
		assert.Equal(t, 2, next.spans, "those of the batch, and those of other clients, go on")
		assert.Equal(t, map[string]int64{"": 1}, h.Counts("undelivered_spans"))

		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, map[string]int64{"": 2}, h.Counts("undelivered_spans"))
		assert.Equal(t, map[string]int64{"kept kept exact": 1, "kept kept trace": 2, "kept _none global": 1}, h.Counts("spans"))
		assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
		said := h.Logs.FilterMessageSnippet("are lost").All()
		require.Len(t, said, 2)
		assert.Equal(t, "panic: a bug", said[0].ContextMap()["error"])
	})
}
