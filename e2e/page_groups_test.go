// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestThePageExplainsGroups asks for a group, and shows that an earlier sampler has overruled one.
func TestThePageExplainsGroups(t *testing.T) { // G2, G3
	t.Parallel()
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), Inspect: plain, Processor: rates + "consistent_by: [correlation_id]\n",
	})
	const workflow = "0199c3e0-ccdb-7581-87ab-000000000001" // its randomness is 8b22b130bd610c
	r := random()
	sampled := newSpan(randomTrace(r), "ot=rv:ffffffffffffff", attrs{"namespace": "orders", "correlation_id": workflow})
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, sampled))

	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`/by another randomness than that of their group/.test(document.querySelector("#problems").textContent)`)
	b.run(chromedp.Click("#ask"))
	ask := func(fields string) string {
		eval[bool](b, `(() => {
			document.querySelector("#answer").replaceChildren();
			const question = document.querySelector("#question");
			question.reset();
			for (const [name, value] of Object.entries(`+fields+`)) question.elements[name].value = value;
			question.requestSubmit();
			return true;
		})()`)
		b.await(`document.querySelector("#answer").textContent !== ""`)
		return eval[string](b, `document.querySelector("#answer").textContent`)
	}
	assert.Contains(t, ask(`{namespace: "orders", group: "`+workflow+`"}`), "8b22b130bd610c, of the group: ")
	assert.Contains(t, ask(`{namespace: "orders", signal: "metrics", group: "`+workflow+`"}`), "8b22b130bd610c, of the group: ")
	answer := ask(`{group: "` + workflow + `", tracestate: "ot=rv:ffffffffffffff", trace_id: "` + sampled.trace.String() + `"}`)
	assert.Contains(t, answer, "ffffffffffffff, of the tracestate: not below the threshold")
	assert.Contains(t, answer, "overruled: an earlier sampler has decided by another randomness")
	b.screen(1200, 800, "light")
	b.shot("groups")
}
