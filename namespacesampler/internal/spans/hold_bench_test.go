// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// heldLoad is spans of traces that nothing has named, and spans that name these traces.
type heldLoad struct{ nameless, naming ptrace.Traces }

// newHeldLoad returns 1,000 spans with 10 attributes, and one more for each of their traces.
func newHeldLoad(spansPerTrace int) heldLoad {
	l := heldLoad{samplertest.BenchSpans(), ptrace.NewTraces()}
	naming := l.naming.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i, span := range l.nameless.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		span.SetTraceID(pcommon.TraceID{15: byte(i / spansPerTrace), 14: byte(i / spansPerTrace >> 8)})
		span.Attributes().Remove("namespace")
		span.Attributes().PutStr("attribute.9", "value")
		if i%spansPerTrace == 0 {
			named := naming.AppendEmpty()
			named.SetTraceID(span.TraceID())
			named.Attributes().PutStr("namespace", "payments")
		}
	}
	return l
}

var loads atomic.Uint64

// CopyTo copies the spans to traces of their own, which nothing remembers.
func (l heldLoad) CopyTo(to heldLoad) {
	number := loads.Add(1)
	l.nameless.CopyTo(to.nameless)
	l.naming.CopyTo(to.naming)
	for _, td := range []ptrace.Traces{to.nameless, to.naming} {
		for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			id := span.TraceID()
			binary.BigEndian.PutUint64(id[:8], number)
			span.SetTraceID(id)
		}
	}
}

// BenchmarkHold reports the time per span that is held until the next batch names its trace, and what hold costs where nothing is held.
func BenchmarkHold(b *testing.B) {
	holding := map[string]any{"hold": map[string]any{"wait": "1h"}}
	empty := func() heldLoad { return heldLoad{ptrace.NewTraces(), ptrace.NewTraces()} }
	for _, spansPerTrace := range []int{20, 1} {
		for _, bench := range []struct {
			name    string
			tracing map[string]any
		}{{"held", holding}, {"decided at once", map[string]any{}}} {
			b.Run(fmt.Sprintf("%d spans a trace/%s", spansPerTrace, bench.name), func(b *testing.B) {
				traces, _ := samplertest.Bare(b, map[string]any{"tracing": bench.tracing})
				samplertest.BenchmarkConsume(b, newHeldLoad(spansPerTrace), empty, func(ctx context.Context, l heldLoad) error {
					if err := traces.ConsumeTraces(ctx, l.nameless); err != nil {
						return err
					}
					return traces.ConsumeTraces(ctx, l.naming)
				})
			})
		}
	}
	for name, tracing := range map[string]map[string]any{"with hold": holding, "without": {}} {
		b.Run("named spans/"+name, func(b *testing.B) {
			traces, _ := samplertest.Bare(b, map[string]any{"sample_rate": 0.1, "tracing": tracing})
			samplertest.BenchmarkConsume(b, samplertest.BenchSpans(), ptrace.NewTraces, traces.ConsumeTraces)
		})
	}
}

// TestMemoryOfHeldSpans logs how much memory a held span takes, with 10 attributes and a resource of 5, as a receiver decodes it.
func TestMemoryOfHeldSpans(t *testing.T) { // T19
	const spans, spansPerTrace = 20_000, 20
	for _, spansPerRequest := range []int{1, 20} {
		t.Run(fmt.Sprintf("%d spans a request", spansPerRequest), func(t *testing.T) {
			traces, _ := samplertest.Bare(t, map[string]any{"tracing": map[string]any{"hold": map[string]any{"wait": "1h"}}})
			var requests [][]byte
			for first := 0; first < spans; first += spansPerRequest {
				requests = append(requests, heldRequest(t, first, spansPerRequest, spansPerTrace))
			}
			before := samplertest.LiveHeap()
			decoded := make([]ptrace.Traces, len(requests))
			for i, request := range requests {
				decoded[i] = decode(t, request)
			}
			arrived := (samplertest.LiveHeap() - before) / spans
			for i := range decoded {
				require.NoError(t, traces.ConsumeTraces(t.Context(), decoded[i]))
				decoded[i] = ptrace.Traces{}
			}
			held := (samplertest.LiveHeap() - before) / spans
			t.Logf("%d bytes a held span, %d as it arrived", held, arrived)
			assert.Greater(t, held, arrived/2, "they are held")
			assert.Less(t, held, arrived+2000)
			runtime.KeepAlive(requests)
		})
	}
}

func decode(t *testing.T, request []byte) ptrace.Traces {
	t.Helper()
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(request)
	require.NoError(t, err)
	return td
}

func heldRequest(t *testing.T, first, n, spansPerTrace int) []byte {
	t.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	for i := range 5 {
		rs.Resource().Attributes().PutStr(fmt.Sprintf("resource.%d", i), fmt.Sprintf("value %d", i))
	}
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("library")
	for i := first; i < first+n; i++ {
		span := ss.Spans().AppendEmpty()
		var id pcommon.TraceID
		binary.BigEndian.PutUint64(id[8:], ^uint64(i/spansPerTrace))
		span.SetTraceID(id)
		span.SetSpanID([8]byte{1, byte(i >> 16), byte(i >> 8), byte(i)})
		span.SetParentSpanID([8]byte{2})
		span.SetName("step.execution")
		for a := range 10 {
			span.Attributes().PutStr(fmt.Sprintf("attribute.%d", a), fmt.Sprintf("value %d", a))
		}
	}
	request, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return request
}
