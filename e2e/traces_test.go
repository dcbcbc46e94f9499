// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const rates = `
sample_rate: 0.25
namespaces: {payments: 1.0, orders: 0.5, analytics: 0.01, thirds: 0.3333333333333333, silent: 0}
`

var rateOf = map[string]float64{
	"payments": 1, "orders": 0.5, "analytics": 0.01, "thirds": 1.0 / 3, "silent": 0, "nobody listed it": 0.25,
}

func TestSpansAreKeptByTheRateOfTheirNamespaceWhereverItStands(t *testing.T) {
	t.Parallel()
	for _, processorType := range []string{"namespace_sampler", "namespacesampler"} {
		t.Run(processorType, func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{
				Type: processorType, Processor: rates, Sink: sink, Expect: []string{"deprecated"},
			})
			client := harness.NewClient(t, collector)
			want, r := outcomes{}, random()
			for name, rate := range rateOf {
				named := attrs{"namespace": name}
				onItem, onScope, onResource := randomSpans(r, 1000, named), randomSpans(r, 1000, nil), randomSpans(r, 1000, nil)
				client.Traces(traces(t, nil, nil, onItem...))
				client.Traces(traces(t, nil, named, onScope...))
				client.Traces(traces(t, named, nil, onResource...))
				want.expect(t, rate, onItem...)
				want.expect(t, rate, onScope...)
				want.expect(t, rate, onResource...)
			}
			assert.Equal(t, want, outcomesOf(sink.Spans()))
		})
	}
}

func TestTheItemSpeaksBeforeItsScopeAndTheScopeBeforeItsResource(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: rates, Sink: sink}))
	want, r := outcomes{}, random()
	for _, c := range []struct {
		item, scope, resource any
		rate                  float64
	}{
		{"orders", "silent", "silent", 0.5},
		{nil, "orders", "silent", 0.5},
		{"unknown", "orders", "silent", 0.5},
		{"", "unknown", "orders", 0.5},
		{"unknown", nil, "orders", 0.5},
		{"unknown", "", "unknown", 0.25},
		{nil, nil, nil, 0.25},
		{int64(7), nil, "orders", 0.5},
		{[]any{"silent"}, true, "orders", 0.5},
		{"Unknown", nil, "orders", 0.25}, // a name like any other
		{" ", nil, "orders", 0.25},
	} {
		spans := randomSpans(r, 200, namespaced(c.item))
		client.Traces(traces(t, namespaced(c.resource), namespaced(c.scope), spans...))
		want.expect(t, c.rate, spans...)
	}
	assert.Equal(t, want, outcomesOf(sink.Spans()))
}

func namespaced(value any) attrs {
	if value == nil {
		return nil
	}
	return attrs{"namespace": value}
}

func TestSeveralAttributesAreTriedInOrder(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0
namespace: {attributes: [tasker.namespace, namespace], missing_values: ["", n/a]}
tracing: {namespaces: {orders: 0.5, unknown: 1}}
namespaces: {orders: 0}
`}))
	want, r := outcomes{}, random()
	for _, c := range []struct {
		item, resource attrs
		rate           float64
	}{
		{attrs{"tasker.namespace": "orders", "namespace": "other"}, nil, 0.5},
		{attrs{"namespace": "other"}, attrs{"tasker.namespace": "orders"}, 0.5}, // the first attribute, wherever it is
		{attrs{"namespace": "orders", "tasker.namespace": "n/a"}, nil, 0.5},
		{attrs{"namespace": "unknown"}, nil, 1}, // not among the missing values here
		{attrs{"namespace": "other"}, nil, 0},
	} {
		spans := randomSpans(r, 200, c.item)
		client.Traces(traces(t, c.resource, nil, spans...))
		want.expect(t, c.rate, spans...)
	}
	assert.Equal(t, want, outcomesOf(sink.Spans()))
}

func TestWhatIsKeptIsOtherwiseAsItCame(t *testing.T) {
	t.Parallel()
	sink, before := harness.NewSink(t), harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: rates, Sink: sink, Copy: before}))
	td := traces(t, attrs{"service.name": "worker"}, attrs{"lib": "tasker"},
		randomSpans(random(), 100, attrs{"namespace": "orders", "n": int64(1), "list": []any{"a", 2.5}})...)
	for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		s.SetFlags(0x100) // the sampled bit is not set: no reason to drop (T12)
		s.SetParentSpanID(pcommon.SpanID{9})
		link := s.Links().AppendEmpty()
		link.SetTraceID(s.TraceID())
		link.SetFlags(1)
		s.Events().AppendEmpty().SetName("event")
	}
	client.Traces(td)

	sent := map[pcommon.SpanID]harness.Span{}
	for _, s := range before.Spans() {
		require.Empty(t, s.TraceState().AsRaw(), "a pipeline without the processor shows what it stamped")
		sent[s.SpanID()] = s
	}
	require.Len(t, sent, 100)
	require.NotEmpty(t, sink.Spans())
	for _, got := range sink.Spans() {
		want := sent[got.SpanID()]
		want.TraceState().FromRaw(got.TraceState().AsRaw()) // the one difference
		assert.Equal(t, want.Resource.Attributes().AsRaw(), got.Resource.Attributes().AsRaw())
		assert.Equal(t, want.Scope.Attributes().AsRaw(), got.Scope.Attributes().AsRaw())
		assert.Equal(t, encodedSpan(t, want), encodedSpan(t, got))
	}
}

func TestASpanFaresTheSameInAnyBatchOrderAndReplica(t *testing.T) {
	t.Parallel()
	spans := randomSpans(random(), 400, attrs{"namespace": "thirds"})
	want := outcomes{}
	want.expect(t, 1.0/3, spans...)
	shuffled := append([]span(nil), spans...)
	random().Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

	for _, size := range []int{1, 7, 400} { // each in a replica of its own
		sink := harness.NewSink(t)
		client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: rates, Sink: sink}))
		for at := 0; at < len(shuffled); at += size {
			client.Traces(traces(t, nil, nil, shuffled[at:min(at+size, len(shuffled))]...))
		}
		assert.Equal(t, want, outcomesOf(sink.Spans()), "batches of %d", size)
	}
}

func TestNoSpansLeaveWhileTracingIsDisabled(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Processor: "tracing: {enabled: false}", Sink: sink, Expect: []string{"no spans leave"},
	})
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, randomSpans(random(), 10, attrs{"namespace": "a"})...))
	assert.Empty(t, sink.Spans())
	assert.Equal(t, 1, collector.Log().Count("no spans leave"))
	assert.EqualValues(t, 10, collector.Scrape().Sum(harness.Prefix+"spans",
		harness.Labels{"decision": "dropped", "rule": "disabled", "sampling_namespace": "a"}))
}
