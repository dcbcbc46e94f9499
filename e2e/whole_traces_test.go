// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const spansPerTrace = 20

// taskerTraces returns traces of 20 spans as Tasker's are: a root that names the namespace, spans that name it too, and 8 of HTTP, SQL and
// queue clients that carry nothing. The spans are in the order in which they end: the root last, the first with a namespace, and every
// third after it.
func taskerTraces(r *rand.Rand, n int) [][]span {
	namespaces := []string{"payments", "orders", "analytics", "nobody listed it"}
	all := make([][]span, n)
	for t := range all {
		id, named := randomTrace(r), attrs{"namespace": namespaces[t%len(namespaces)]}
		for i := range spansPerTrace {
			s := newSpan(id, "", named)
			if i%5 == 2 || i%5 == 4 {
				s.attributes = nil
			}
			all[t] = append(all[t], s)
		}
		all[t][spansPerTrace-1].attributes = named
		all[t][6].attributes = nil
	}
	return all
}

// linked gives spans the last of their trace for a parent.
func linked(td ptrace.Traces, all [][]span) ptrace.Traces {
	roots := map[pcommon.TraceID]pcommon.SpanID{}
	for _, trace := range all {
		roots[trace[0].trace] = trace[len(trace)-1].id
	}
	for _, s := range harness.SpansOf(td) {
		if root := roots[s.TraceID()]; s.SpanID() != root {
			s.SetParentSpanID(root)
		}
	}
	return td
}

// complete returns how many traces arrived with all of their spans, and how many with any.
func complete(spans []harness.Span) (whole, kept int) {
	arrived := map[pcommon.TraceID]int{}
	for _, s := range spans {
		arrived[s.TraceID()]++
	}
	for _, n := range arrived {
		if n == spansPerTrace {
			whole++
		}
	}
	return whole, len(arrived)
}

func TestKeptTracesAreComplete(t *testing.T) { // T16
	t.Parallel()
	const n = 1000
	all := taskerTraces(random(), n)
	bare := 0
	for _, s := range all[0] {
		if s.attributes == nil {
			bare++
		}
	}
	require.Equal(t, 8, bare)

	// Whole traces in a request, and pieces of them in 2 to 5 requests, round after round.
	whole := func(client *harness.Client) {
		for begin := 0; begin < n; begin += 100 {
			var spans []span
			for _, trace := range all[begin : begin+100] {
				spans = append(spans, trace...)
			}
			client.Traces(linked(traces(t, nil, nil, spans...), all))
		}
	}
	cut := func(client *harness.Client) {
		rest := append([][]span(nil), all...)
		for round := range 5 {
			var spans []span
			for i, trace := range rest {
				pieces := 2 + i%4
				size := spansPerTrace / pieces
				if round == pieces-1 || len(trace) < 2*size {
					size = len(trace)
				}
				spans, rest[i] = append(spans, trace[:size]...), trace[size:]
			}
			client.Traces(linked(traces(t, nil, nil, spans...), all))
		}
	}
	for _, tt := range []struct {
		name, sampler string
		send          func(*harness.Client)
		atLeast       float64 // share of the complete traces among those kept
		atMost        float64
	}{
		{"parent_based, whole traces in a request", "parent_based", whole, 1, 1},
		{"parent_based, traces cut over 2 to 5 requests", "parent_based", cut, 0.99, 1},
		{"trace_id_ratio", "trace_id_ratio", whole, 0, 0.9},
	} {
		sink := harness.NewSink(t)
		collector := harness.Start(t, harness.Options{Sink: sink, Processor: rates + "tracing: {sampler: " + tt.sampler + "}"})
		tt.send(harness.NewClient(t, collector))
		got, kept := complete(sink.Spans())
		share := float64(got) / float64(kept)
		t.Logf("%s: %d of %d kept traces are complete, %.1f %%", tt.name, got, kept, 100*share)
		assert.GreaterOrEqual(t, share, tt.atLeast, tt.name)
		assert.LessOrEqual(t, share, tt.atMost, tt.name)
		assertCountedOnce(t, collector, "spans", n*spansPerTrace, len(sink.Spans()))

		want := outcomes{}
		for i, trace := range all {
			want.expect(t, []float64{1, 0.5, 0.01, 0.25}[i%4], trace...)
		}
		if tt.sampler == "parent_based" {
			assert.Equal(t, want, outcomesOf(sink.Spans()), tt.name)
		}
	}
}

func TestAllErrorsArrive(t *testing.T) { // T17
	t.Parallel()
	const n = 10_000
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: rates + `
tracing: {always_keep: [span.status.code == STATUS_CODE_ERROR]}
`})
	client, r := harness.NewClient(t, collector), random()
	for range 10 {
		td := traces(t, nil, nil, randomSpans(r, n/10, attrs{"namespace": "analytics"})...)
		for _, s := range harness.SpansOf(td) {
			s.Status().SetCode(ptrace.StatusCodeError)
		}
		client.Traces(td)
	}
	assert.Len(t, sink.Spans(), n)
	assert.EqualValues(t, n, collector.Scrape().Sum(harness.Prefix+"spans",
		harness.Labels{"rule": "always_keep", "sampling_namespace": "analytics", "decision": "kept"}))
}

func TestInternalSpansGoAndTheirChildrenStayInTheTrace(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
spans: {internal: {match: ['span.attributes["odd"] == true']}}
`})
	id := randomTrace(random())
	var chain []span
	for depth := range 10 {
		chain = append(chain, newSpan(id, "", attrs{"odd": depth%2 == 1}))
	}
	td := traces(t, nil, nil, chain...)
	for i, s := range harness.SpansOf(td)[1:] {
		s.SetParentSpanID(chain[i].id)
	}
	harness.NewClient(t, collector).Traces(td)

	got := sink.Spans()
	require.Len(t, got, 5)
	assert.True(t, got[0].ParentSpanID().IsEmpty())
	for i := range got[1:] {
		assert.Equal(t, got[i].SpanID(), got[i+1].ParentSpanID(), "those between are gone")
	}
	assert.EqualValues(t, 5, collector.Scrape().Sum(harness.Prefix+"spans", harness.Labels{"rule": "internal"}))
}

func TestADryRunLetsEverythingThrough(t *testing.T) {
	t.Parallel()
	sink, copied := harness.NewSink(t), harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Copy: copied, Expect: []string{"dry_run is true"}, Processor: rates + `
dry_run: true
spans: {internal: {match: ['span.attributes["namespace"] == "silent"']}}
`})
	client, r := harness.NewClient(t, collector), random()
	sent := 0
	for i := range 5 {
		for name := range rateOf {
			spans := randomSpans(r, 20, attrs{"namespace": name})
			client.Traces(traces(t, attrs{"i": fmt.Sprint(i)}, nil, spans...))
			sent += len(spans)
		}
	}
	assert.Equal(t, outcomesOf(copied.Spans()), outcomesOf(sink.Spans()))
	scrape := collector.Scrape()
	dropped := scrape.Sum(harness.Prefix+"spans", harness.Labels{"decision": "dropped"})
	assert.Positive(t, dropped)
	assert.EqualValues(t, sent, dropped+scrape.Sum(harness.Prefix+"spans", harness.Labels{"decision": "kept"}))
	assert.EqualValues(t, 100, scrape.Sum(harness.Prefix+"spans", harness.Labels{"rule": "internal"}))
}
