// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// lines returns n log records of a namespace with random trace IDs, which no span has.
func lines(namespace string, n int) plog.Logs {
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(namespace))
	r := rand.New(rand.NewPCG(seed.Sum64(), 1))
	ids := make([]pcommon.TraceID, n)
	for i := range ids {
		ids[i] = randomTrace(r)
	}
	return linesOf(namespace, ids...)
}

// linesOf returns a log record of a namespace for each trace ID.
func linesOf(namespace string, ids ...pcommon.TraceID) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i, id := range ids {
		record := records.AppendEmpty()
		record.SetTraceID(id)
		record.Body().SetStr(fmt.Sprintf("step %d has finished", i))
		if namespace != "" {
			record.Attributes().PutStr("namespace", namespace)
		}
	}
	return ld
}

// TestThePageExplainsLogRecords asks about records: of a remembered trace, and while log records are disabled.
func TestThePageExplainsLogRecords(t *testing.T) { // L3
	t.Parallel()
	r := random()
	id := randomTrace(r)
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.25\nnamespaces: {orders: 1}\n"})
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, newSpan(id, "", attrs{"namespace": "orders"})))
	b := open(t, "http://"+collector.Inspect()+"/")
	b.awaitCount("1")
	assert.True(t, eval[bool](b, `document.querySelector("#notices").hidden`))
	b.run(chromedp.Click("#ask"))
	question := func(signal string) []string {
		eval[bool](b, `(() => {
			document.querySelector("#answer").replaceChildren();
			const signal = document.querySelector("#question").elements.signal;
			signal.value = "`+signal+`";
			return signal.dispatchEvent(new Event("change", {bubbles: true}));
		})()`)
		return eval[[]string](b, `[...document.querySelectorAll("#question input")].filter((e) => e.offsetParent).map((e) => e.name)`)
	}
	assert.Equal(t, []string{"namespace", "trace_id", "tracestate", "group"}, question("traces"))
	eval[string](b, `document.querySelector("#question").elements.tracestate.value = "ot=th:8"`)
	assert.Equal(t, []string{"namespace", "group"}, question("metrics"))
	assert.Equal(t, []string{"namespace", "trace_id", "group"}, question("logs"))
	eval[bool](b, `(() => {
		document.querySelector("#question").elements.trace_id.value = "`+id.String()+`";
		document.querySelector("#question").requestSubmit();
		return true;
	})()`)
	b.await(`document.querySelector("#answer").textContent !== ""`)
	answer := eval[string](b, `document.querySelector("#answer dl").textContent`)
	assert.Regexp(t, `^DecisionkeptNamespaceorders, by its traceRate100 %, remembered with its trace`, answer)
	b.screen(1180, 800, "light")
	b.shot("logs explain")

	off := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Expect: []string{"logs::enabled is false"}, Processor: "logs: {enabled: false}\n"})
	harness.NewClient(t, off).Logs(linesOf("orders", id, id))
	b = open(t, "http://"+off.Inspect()+"/")
	b.await(`/logs::enabled is false: all log records are dropped, at any rate[.]/.test(document.querySelector("#notices").textContent)`)
	b.awaitCount("1")
	assert.Equal(t, "0 of 2 in all", eval[string](b, renderedRows+`[0].cells[6].querySelector(".all").textContent`))
}
