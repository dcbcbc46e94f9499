// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// accessibility checks pages with axe-core, which the DevTools protocol executes despite their content security policy.
type accessibility struct {
	b      *browser
	source string
}

func newAccessibility(t *testing.T, b *browser) *accessibility {
	t.Helper()
	source, err := os.ReadFile(harness.Axe(t))
	require.NoError(t, err)
	return &accessibility{b, string(source)}
}

// violation is a rule of axe-core that elements of the page violate.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, Summary string }
}

// checked is what axe-core found.
type checked struct {
	Violations []violation
	Passes     int // rules
}

// check fails for each violation of the page as it is, in both color schemes, on a phone and on a desktop.
func (a *accessibility) check(t *testing.T, state string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1400} {
			a.b.screen(width, 900, scheme)
			if !eval[bool](a.b, `Boolean(window.axe)`) {
				a.b.run(chromedp.Evaluate(a.source, nil))
			}
			answer := awaited[checked](a.b, `axe.run(document, {resultTypes: ["violations"]}).then((r) => ({Passes: r.passes.length, Violations: r.violations.map(
				(v) => ({ID: v.id, Help: v.help, Nodes: v.nodes.map((n) => ({HTML: n.html, Summary: n.failureSummary}))}))}))`)
			assert.Greater(t, answer.Passes, 20, "rules were applied")
			for _, v := range answer.Violations {
				text := fmt.Sprintf("%s, %s, %d pixels: %s: %s", state, scheme, width, v.ID, v.Help)
				for _, n := range v.Nodes[:min(len(v.Nodes), 5)] {
					text += fmt.Sprintf("\n\t%s\n\t\t%s", n.HTML, n.Summary)
				}
				assert.Fail(t, text, "%d elements", len(v.Nodes))
			}
		}
	}
}

func TestThePageIsAccessibleOnAnEmptyCollector(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.5"})
	b := open(t, "http://"+collector.Inspect()+"/")
	a := newAccessibility(t, b)
	b.await(`!document.querySelector("#empty").hidden`)
	a.check(t, "an empty collector")
}

// TestThePageIsAccessible checks the page with everything that it can show.
func TestThePageIsAccessible(t *testing.T) {
	t.Parallel()
	collector, stop := everythingOnThePage(t)
	defer stop()
	b := open(t, "http://"+collector.Inspect()+"/")
	a := newAccessibility(t, b)
	b.await(`[...document.querySelectorAll("main > section, #past")].every((e) => !e.hidden || e.id === "past")`)
	b.await(`document.querySelector("#budgets-list path.of-kept").getAttribute("d") && document.querySelectorAll("tr.space").length > 0`)
	b.await(`document.querySelectorAll("#problems-list .severe").length > 0 && document.querySelectorAll("#changes-list li").length > 0`)
	b.run(chromedp.Evaluate(`for (const e of document.querySelectorAll("details")) e.open = true`, nil))
	b.await(`document.querySelectorAll("#overrides-list li").length > 3`)
	a.check(t, "problems, overrides and budgets")

	b.screen(1400, 900, "light")
	b.run(chromedp.Evaluate(renderedRows+`[0].querySelector(".name").click()`, nil),
		chromedp.SendKeys(`input[name=trace_id]`, "4bf92f3577b34da6a3ce929d0e0e4736"+kb.Enter))
	b.await(`document.querySelector("#answer dl")?.textContent.startsWith("Decision")`)
	b.run(chromedp.Evaluate(`document.querySelector("#answer details").open = true`, nil))
	a.check(t, "an explanation")
	b.run(chromedp.SendKeys(`input[name=trace_id]`, "0"+kb.Enter))
	b.await(`document.querySelector("#answer .error") !== null`)
	a.check(t, "an error in the panel")
	b.run(chromedp.KeyEvent(kb.Escape))
	b.choose("filter", "integrations")
	b.run(chromedp.Evaluate(renderedRows+`[0].querySelector(".change").click()`, nil))
	b.await(`document.querySelector("#change-text").textContent.includes("INSERT") && !document.querySelector("#remove-statement").hidden`)
	a.check(t, "a change in the panel")
	b.run(chromedp.KeyEvent(kb.Escape))

	collector.Pause()
	b.await(`document.body.classList.contains("stale")`)
	a.check(t, "out of date")
}

// everythingOnThePage returns a collector whose page has all sections, and more rows than are rendered. Telemetry arrives until stop is called.
func everythingOnThePage(t *testing.T) (collector *harness.Collector, stop func()) {
	t.Helper()
	fleet, err := os.ReadFile(testdata + "/fleet.sql")
	require.NoError(t, err)
	dsn := newOverridesDatabase(t, sharedCluster(t), string(fleet))
	insert(t, dsn, taskerdb.LayoutTasker, newTask("payments"), newTask("integrations"), newTask("orders"))
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1;
		INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by) VALUES
		('integrations', 1, now() + interval '42 minutes', 'incident 7', 'alice'), ('incident', 2, NULL, NULL, NULL), ('ordres', 0.5, NULL, NULL, NULL)`)
	require.NoError(t, err)
	collector = harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), Inspect: plain,
		Expect: []string{"a row of the runtime overrides is skipped", malformedKey, "names no registered", "logs::enabled is false", "dry_run"}, Processor: fmt.Sprintf(`
sample_rate: 0.1
dry_run: true
budgets: {interval: 1s}
namespaces: {payments: 1, orders: 0.5, "rust_e2e_*": 0.2}
tracing: {budget: {items_per_second: 50}, namespaces: {analytics: {items_per_second: 20}}}
logs: {enabled: false}
postgres: {dsn: %q, overrides: {enabled: true}, fleet: {enabled: true}}
`, dsn),
	})
	read := regexp.MustCompile(`"runtime_overrides":\{[^}]*"read_at":"2`)
	require.True(t, harness.Eventually(time.Minute, func() bool {
		_, body := inspect(t, collector, "/namespaces", nil)
		return read.MatchString(body)
	}))
	_, err = conn.Exec(t.Context(), `UPDATE namespace_sampling_overrides SET sample_rate = 0.9 WHERE namespace = 'integrations'`) // a change
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	client := harness.NewClient(t, collector)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick, r := time.NewTicker(200*time.Millisecond), random()
		defer tick.Stop()
		thousands(t, client, r, 200)
		for ctx.Err() == nil {
			client.Traces(traces(t, nil, nil, append(randomSpans(r, 40, attrs{"namespace": "analytics"}),
				newSpan(randomTrace(r), "", attrs{"task_uuid": 42}), newSpan(randomTrace(r), "", attrs{"namespace": "integrations"}))...))
			client.Metrics(gauges("integrations", 30))
			<-tick.C
		}
	}()
	return collector, func() { cancel(); collector.Resume(); <-done }
}
