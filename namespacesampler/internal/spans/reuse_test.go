// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batchtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// newEverything returns a processor whose walks use all of their working memory: it remembers traces, drops internal spans, and
// looks up keys, though there is no Postgres.
func newEverything(t testing.TB) *Processor {
	t.Helper()
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	s, err := steering.New(steering.Config{Rates: steering.RatesConfig{Global: 1, Precision: 4}, Logger: zap.NewNop()})
	require.NoError(t, err)
	reader := namespace.NewReader(namespace.ReaderConfig{
		Attributes: []string{"namespace"}, WriteTo: "namespace",
		Lookups: []namespace.Lookup{{Attribute: "key", Format: namespace.FormatText}},
	})
	p, err := New(Config{
		Enabled: true, Memory: &tracememory.Config{MaxTraces: 100_000, TTL: time.Minute}, DropInternal: []string{`span.name == "internal"`},
	}, &batch.Common{Reader: reader, Labels: labels.New(10, nil), Telemetry: telemetry, Problems: &problems.Counts{}}, s.Rates)
	require.NoError(t, err)
	return p
}

// everything returns n spans, each of its own trace, by turns with a namespace, with a key, and internal. The first trace is numbered.
func everything(n, first int) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(n)
	for i := range n {
		s := spans.AppendEmpty()
		var id [16]byte
		binary.BigEndian.PutUint64(id[8:], uint64(first+i))
		s.SetTraceID(id)
		s.SetSpanID(pcommon.SpanID(id[8:]))
		switch i % 3 {
		case 0:
			s.Attributes().PutStr("namespace", fmt.Sprintf("a namespace of many bytes, so that all of them take more than are remembered: %d", i))
		case 1:
			s.Attributes().PutStr("key", fmt.Sprint(i))
		default:
			s.SetName("internal")
		}
	}
	return td
}

// pass passes a batch through a walk, except for reset.
func (w *walk) pass(t testing.TB, td ptrace.Traces) {
	w.begin(w.p.rates.InForce().Traces)
	w.read(t.Context(), td)
	w.resolve(t.Context(), td)
	w.apply(td)
}

func TestNoMapOfAWalkKeepsTheSizeOfAHugeBatch(t *testing.T) {
	const huge = 30_000
	w := newWalk(newEverything(t))
	w.pass(t, everything(huge, 1))
	grown := batchtest.Maps(w)
	w.report(t.Context())
	w.reset()
	after := batchtest.Maps(w)
	require.Len(t, grown, 4)
	for name, m := range grown {
		assert.Greater(t, m.Len, huge/4, "%s is part of this test", name)
		assert.NotEqual(t, m.ID, after[name].ID, "%s is another map", name)
		assert.Zero(t, after[name].Len, name)
	}

	w.pass(t, everything(100, 1))
	w.report(t.Context())
	w.reset()
	for name, m := range batchtest.Maps(w) {
		assert.Equal(t, after[name].ID, m.ID, "%s is kept after an ordinary batch", name)
	}
}

// Of two spans with one ID, one is dropped as internal, so that the ID is noted and then deleted.
func TestTheMapOfDroppedSpansIsReplacedThoughItsEntriesAreDeleted(t *testing.T) {
	const huge = 30_000
	td := everything(huge, 1)
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i := range huge {
		s := spans.At(i)
		s.SetTraceID(spans.At(i - i%2).TraceID())
		s.SetSpanID(spans.At(i - i%2).SpanID())
		s.SetName([]string{"internal", "handler"}[i%2])
	}
	w := newWalk(newEverything(t))
	w.orphans.removed = map[spanID]removed{}
	before := batchtest.Maps(w)[".orphans.removed"]
	w.pass(t, td)
	require.Empty(t, w.orphans.removed)
	w.report(t.Context())
	w.reset()
	assert.NotEqual(t, before.ID, batchtest.Maps(w)[".orphans.removed"].ID)
}

// BenchmarkSmallBatch compares a batch of 1,000 spans in working memory that has held huge ones with the same batch in new working
// memory. The memory of traces is equally full.
func BenchmarkSmallBatch(b *testing.B) {
	const huge, small = 60_000, 1_000
	for name, each := range map[string]int{"alone": small, "after huge ones": huge} {
		b.Run(name, func(b *testing.B) {
			p := newEverything(b)
			w := newWalk(p)
			pass := func(td ptrace.Traces) {
				w.pass(b, td)
				w.report(b.Context())
				w.reset()
			}
			for first := 1; first < 2*huge; first += each {
				pass(everything(each, first))
			}
			td := everything(small, 1)
			pass(td) // without its internal spans from now on
			spans := td.SpanCount()
			b.ReportAllocs()
			for b.Loop() {
				pass(td)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*spans), "ns/span")
		})
	}
}
