// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// awaitDecided waits until a collector has decided so many spans.
func awaitDecided(t testing.TB, collector *harness.Collector, spans int) {
	t.Helper()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		return int(collector.Scrape().Sum(harness.Prefix+"spans", nil)) == spans
	}))
}

// childrenFirst sends traces of three spans, each span in a request of its own: two children that carry nothing, then their root, which names
// a namespace with a rate of 1. All first children come before all second ones.
func childrenFirst(t *testing.T, client *harness.Client, r *rand.Rand, n int) {
	t.Helper()
	ids := make([]pcommon.TraceID, n)
	for i := range ids {
		ids[i] = randomTrace(r)
	}
	for round := range 3 {
		for _, id := range ids {
			s := newSpan(id, "", nil)
			if round == 2 {
				s.attributes = attrs{"namespace": "payments"}
			}
			td := traces(t, nil, nil, s)
			if round < 2 {
				harness.SpansOf(td)[0].SetParentSpanID([8]byte{1})
			}
			client.Traces(td)
		}
	}
}

func TestChildrenThatComeFirstWaitForTheNameOfTheirTrace(t *testing.T) { // T19
	t.Parallel()
	const n, size = 100, 3
	for _, tt := range []struct {
		name, hold string
		atLeast    int
	}{
		{"without hold", "", 0},
		{"hold: {wait: 2s}", "tracing: {hold: {wait: 2s}}", 99},
	} {
		sink := harness.NewSink(t)
		collector := harness.Start(t, harness.Options{Sink: sink, Processor: rates + tt.hold})
		client := harness.NewClient(t, collector)
		for seed := range uint64(10) {
			sink.Reset()
			childrenFirst(t, client, rand.New(rand.NewPCG(seed, 1)), n)
			awaitDecided(t, collector, n*size*int(seed+1))
			whole := 0
			for _, spans := range bySpans(sink.Spans()) {
				if spans == size {
					whole++
				}
			}
			t.Logf("%s, seed %d: %d of %d traces are complete", tt.name, seed, whole, n)
			assert.GreaterOrEqual(t, whole, tt.atLeast)
			if tt.hold == "" {
				assert.Less(t, whole, n/2, "or the test would show nothing")
			}
		}
	}
}

// bySpans returns the number of spans of each trace.
func bySpans(spans []harness.Span) map[pcommon.TraceID]int {
	n := map[pcommon.TraceID]int{}
	for _, s := range spans {
		n[s.TraceID()]++
	}
	return n
}

// groupedByTrace is a configuration with groupbytrace and batch, for the front of the pipeline.
func groupedByTrace(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grouped.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`
processors:
  groupbytrace: {wait_duration: 2s, num_traces: 100000}
  batch: {timeout: 200ms}
`), 0o600))
	return path
}

// TestFailingTracesAreKeptWhole: 1,000 traces of 20 spans at a rate of 0.01, a tenth of them with one failed span anywhere.
func TestFailingTracesAreKeptWhole(t *testing.T) { // T18, T19
	t.Parallel()
	const n, failing = 1000, 100
	r := random()
	all := taskerTraces(r, n)
	failed := map[pcommon.TraceID]pcommon.SpanID{}
	for i, trace := range all {
		for s := range trace {
			if trace[s].attributes != nil {
				trace[s].attributes = attrs{"namespace": "analytics"}
			}
		}
		if i%(n/failing) == 0 {
			failed[trace[0].trace] = trace[r.IntN(spansPerTrace)].id
		}
	}
	onlyRoots := make([][]span, n) // the same, but nothing names the namespace before the root does, which comes last
	for i, trace := range all {
		onlyRoots[i] = append(onlyRoots[i], trace...)
		for s := range onlyRoots[i][:spansPerTrace-1] {
			onlyRoots[i][s].attributes = nil
		}
	}
	request := func(spans []span, all [][]span) ptrace.Traces {
		td := linked(traces(t, nil, nil, spans...), all)
		for _, s := range harness.SpansOf(td) {
			if failed[s.TraceID()] == s.SpanID() {
				s.Status().SetCode(ptrace.StatusCodeError)
			}
		}
		return td
	}
	whole := func(client *harness.Client, all [][]span) {
		for begin := 0; begin < n; begin += 100 {
			var spans []span
			for _, trace := range all[begin : begin+100] {
				spans = append(spans, trace...)
			}
			client.Traces(request(spans, all))
		}
	}
	cut := func(client *harness.Client, all [][]span) { // four spans of each trace a request
		for first := 0; first < spansPerTrace; first += 4 {
			var spans []span
			for _, trace := range all {
				spans = append(spans, trace[first:first+4]...)
			}
			client.Traces(request(spans, all))
		}
	}
	type sending func(*harness.Client, [][]span)
	for _, tt := range []struct {
		name    string
		hold    string
		grouped bool
		traces  [][]span
		send    sending
		all     bool
	}{
		{"whole traces in a request", "", false, all, whole, true},
		{"cut, without hold", "", false, all, cut, false},
		{"cut, with hold", "hold: {wait: 2s}", false, all, cut, false},
		{"cut, only roots have names, with hold", "hold: {wait: 2s}", false, onlyRoots, cut, false},
		{"cut, groupbytrace and batch in front", "", true, all, cut, false},
	} {
		sink := harness.NewSink(t)
		o := harness.Options{Sink: sink, Processor: rates + "tracing: {always_keep_traces: [span.status.code == STATUS_CODE_ERROR], " + tt.hold + "}"}
		if tt.grouped {
			o.Base, o.BeforeSpans = groupedByTrace(t), []string{"groupbytrace", "batch"}
		}
		collector := harness.Start(t, o)
		tt.send(harness.NewClient(t, collector), tt.traces)
		awaitDecided(t, collector, n*spansPerTrace)
		arrived, kept := bySpans(sink.Spans()), 0
		for id := range failed {
			if arrived[id] == spansPerTrace {
				kept++
			}
		}
		t.Logf("%s: %d of %d failing traces are whole", tt.name, kept, failing)
		if tt.all {
			assert.Equal(t, failing, kept)
		}
		assert.EqualValues(t, len(sink.Spans()), collector.Scrape().Sum(harness.Prefix+"spans", harness.Labels{"decision": "kept"}))
	}
}
