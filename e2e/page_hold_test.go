// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestThePageShowsHeldSpansAndTracesThatAreKept: two of three spans wait, and a failed one keeps its trace.
func TestThePageShowsHeldSpansAndTracesThatAreKept(t *testing.T) { // T18, T19
	t.Parallel()
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), Inspect: plain, Processor: rates + `
tracing: {hold: {wait: 10m, max_spans: 2}, always_keep_traces: [span.status.code == STATUS_CODE_ERROR]}
`,
	})
	client, r := harness.NewClient(t, collector), random()
	client.Traces(traces(t, nil, nil, randomSpans(r, 3, nil)...))
	failed := newSpan(randomTrace(r), "", attrs{"namespace": "silent"})
	td := traces(t, nil, nil, failed)
	harness.SpansOf(td)[0].Status().SetCode(ptrace.StatusCodeError)
	client.Traces(td)

	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`/2 of 2 spans held/.test(document.querySelector("#state").textContent)`)
	b.await(`/1( \(.*\/s\))? traces were decided before their time was up/.test(document.querySelector("#problems").textContent)`)
	eval[bool](b, `(() => {
		const question = document.querySelector("#question");
		question.elements.namespace.value = "silent";
		question.elements.trace_id.value = "`+failed.trace.String()+`";
		question.requestSubmit();
		return true;
	})()`)
	b.await(`/kept/.test(document.querySelector("#answer").textContent)`)
	assert.Contains(t, eval[string](b, `document.querySelector("#answer").textContent`), "100 %, its trace is kept whole")
}
