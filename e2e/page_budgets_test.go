// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// shownBudgets returns what the page says of each budget, and how many points each of its lines has.
const shownBudgets = `[...document.querySelectorAll("#budgets-list li")].map((row) => [
	row.querySelector("bdi").textContent + ": " + row.querySelector(".why").textContent, row.querySelector(".numbers").textContent,
	String(!row.querySelector(".guarded").hidden), ...[...row.querySelectorAll("path")].map((line) => String((line.getAttribute("d") || "").split("L").length)),
])`

// The page shows each budget: what arrives and is kept, a line of both, and where the guard lowers rates (B5).
func TestThePageShowsBudgets(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(testdata + "/fleet.sql")
	require.NoError(t, err)
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: fmt.Sprintf(`
budgets: {interval: 700ms} # so that the page, which asks every two seconds, sees all parts of an interval
tracing: {budget: {items_per_second: 50}, namespaces: {analytics: {items_per_second: 20}, "burst_*": {items_per_second: 5}}}
logs: {budget: {items_per_second: 0.5}}
postgres: {dsn: %q, layout: none, fleet: {enabled: true}}`, sharedCluster(t).NewDatabase(t, string(script)))})
	client := harness.NewClient(t, collector)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	defer func() { stop(); <-done }()
	go func() {
		defer close(done)
		ticker, r := time.NewTicker(100*time.Millisecond), random()
		defer ticker.Stop()
		for n := 0; ; n++ {
			client.Traces(traces(t, nil, nil, randomSpans(r, 40, attrs{"namespace": "analytics"})...))
			client.Traces(traces(t, nil, nil, randomSpans(r, 200, attrs{"namespace": fmt.Sprint("burst_", n/3)})...)) // its first is a burst
			client.Traces(traces(t, nil, nil, randomSpans(r, 1, attrs{"namespace": "orders"})...))
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}()

	b := open(t, "http://"+collector.Inspect()+"/")
	const row = `[...document.querySelectorAll("#budgets-list li")].find((row) => row.querySelector("bdi").textContent === `
	b.await(`document.querySelectorAll("#budgets-list li").length === 4`)
	b.await(`(` + row + `"analytics").querySelectorAll("path")[2].getAttribute("d") || "").split("L").length > 3`)
	b.await(`!(` + row + `"burst_*").querySelector(".guarded").hidden)`)
	b.await(`/budgets shared by 1 collector/.test(document.querySelector("#state").textContent)`)
	budgets := eval[[][]string](b, shownBudgets)
	require.Len(t, budgets, 4)
	assert.Equal(t, "all without an override: 0.5/s log records, shared by 0 namespaces", budgets[0][0])
	assert.Equal(t, "0/s arrived, 0/s kept", budgets[0][1])
	assert.Equal(t, "all without an override: 50/s spans, shared by 1 namespace", budgets[1][0])
	assert.Regexp(t, `^[\d.]+/s arrived, [\d.]+/s kept$`, budgets[1][1])
	assert.Equal(t, "analytics: 20/s spans", budgets[2][0])
	assert.Equal(t, "60", budgets[2][3], "the line of the budget has all intervals")
	assert.Equal(t, budgets[2][4], budgets[2][5], "arrived and kept have the same")
	assert.Regexp(t, `^burst_\*: 5/s spans for each of \d+ namespaces?$`, budgets[3][0])
	assert.Equal(t, "1", budgets[3][3], "one budget each: there is no line of them all")

	rows := renderedRows + `.find((row) => row.querySelector("bdi").textContent === "analytics")`
	b.await(`/budget 20\/s, \d+\/s arrived/.test(` + rows + `.textContent)`)
	eval[bool](b, `(() => {
		const question = document.querySelector("#question");
		document.querySelector("#ask").click();
		question.elements.namespace.value = "analytics";
		question.elements.trace_id.value = "4bf92f3577b34da6a3ce929d0e0e4736";
		question.requestSubmit();
		return true;
	})()`)
	b.await(`/Budget20\/s, \d+\/s arrived/.test(document.querySelector("#answer").textContent)`)
	for _, scheme := range []string{"light", "dark"} {
		b.screen(1180, 1400, scheme)
		b.shot("budgets " + scheme)
		b.screen(390, 844, scheme)
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 390)
		b.shot("budgets phone " + scheme)
	}
}
