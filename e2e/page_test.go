// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// shownRows returns the cells of the table on the page, row by row.
const shownRows = `[...document.querySelectorAll("#rows tr")].map(
	(row) => [...row.cells].map((cell) => [...cell.querySelectorAll("bdi, .rate, .why, .until, .numbers, .tag")]
		.filter((e) => !e.hidden).map((e) => e.textContent)))`

type shownSignal struct {
	SampleRate    float64 `json:"sample_rate"`
	Rule, Pattern string
	Source        string
	ExpiresAt     *time.Time `json:"expires_at"`
	Kept, Dropped int
}

type shownNamespaces struct {
	Namespaces []struct {
		Name                  string
		Traces, Metrics, Logs shownSignal
	}
}

// The page shows the same as /namespaces, for each of 2,000 namespaces.
func TestThePageShowsEveryNamespace(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: fmt.Sprintf(`
sample_rate: 0.1
namespaces: {domain_0001: 1, "domain_00*": 0.5, incident: {sample_rate: 1, until: %q}}
logs: {namespaces: {"domain_01*": 0.25}}
`, time.Now().Add(50*time.Minute).UTC().Format(time.RFC3339))})
	client := harness.NewClient(t, collector)
	thousands(t, client, random(), 2000)
	for i := range 200 {
		client.Logs(lines(fmt.Sprintf("domain_%04d", i), 1+i%5))
	}
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`document.querySelectorAll("#rows tr").length === 2001`)

	_, body := inspect(t, collector, "/namespaces", nil)
	var want shownNamespaces
	require.NoError(t, json.Unmarshal([]byte(body), &want))
	rows := eval[[][][]string](b, shownRows)
	require.Len(t, rows, len(want.Namespaces))
	for i, n := range want.Namespaces {
		assert.Equal(t, n.Name, rows[i][0][0])
		for column, signal := range map[int]shownSignal{1: n.Traces, 3: n.Metrics, 5: n.Logs} {
			require.Equal(t, fmt.Sprintf("%v %%", 100*signal.SampleRate), rows[i][column][0], "%s", n.Name)
			assert.Contains(t, rows[i][column][1], signal.Pattern)
			if signal.ExpiresAt != nil {
				assert.Regexp(t, `^ends in 4\d min`, rows[i][column][2])
				assert.Contains(t, rows[i][0], "temporary")
			}
			counts := "none seen"
			if all := signal.Kept + signal.Dropped; all > 0 {
				counts = fmt.Sprintf("%d of %d", signal.Kept, all)
			}
			assert.Equal(t, counts, rows[i][column+1][0])
		}
	}

	t.Run("it changes in place", func(t *testing.T) {
		b.run(chromedp.Evaluate(`window.row = [...document.querySelectorAll("#rows tr")].find((r) => r.textContent.startsWith("domain_0001"));
			window.before = row.querySelector(".numbers").textContent; row.querySelector("button").focus()`, nil))
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": "domain_0001"})))
		b.await(`row.querySelector(".numbers").textContent !== before`)
		assert.True(t, eval[bool](b, `row.isConnected && document.activeElement === row.querySelector("button")`), "the focus stays")
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": "a newcomer"})))
		b.await(`document.querySelectorAll("#rows tr").length === 2002`)
		assert.True(t, eval[bool](b, `row.isConnected && document.activeElement === row.querySelector("button")`), "the focus stays")
	})
	t.Run("filter and sort by keyboard", func(t *testing.T) {
		b.screen(1200, 800, "light")
		b.run(chromedp.Focus("#filter"), chromedp.SendKeys("#filter", "domain_00"))
		b.await(`document.querySelectorAll("#rows tr").length === 100`)
		b.run(chromedp.Focus(`th[data-sort=traces_rate] button`), chromedp.KeyEvent(kb.Enter))
		b.await(`document.querySelector("th[data-sort=traces_rate]").getAttribute("aria-sort") === "descending"`)
		assert.Equal(t, "domain_0001", eval[string](b, `document.querySelector("#rows bdi").textContent`))
		b.run(chromedp.KeyEvent(kb.Enter))
		b.await(`document.querySelector("th[data-sort=traces_rate]").getAttribute("aria-sort") === "ascending"`)
		assert.Equal(t, "domain_0000", eval[string](b, `document.querySelector("#rows bdi").textContent`))
		b.run(chromedp.Focus(`th[data-sort=logs] button`), chromedp.KeyEvent(kb.Enter))
		b.await(`document.querySelector("th[data-sort=logs]").getAttribute("aria-sort") === "descending"`)
		assert.Equal(t, "domain_0004", eval[string](b, `document.querySelector("#rows bdi").textContent`), "the first of those with five records")
		b.run(chromedp.Evaluate(`for (const [id, value, event] of [["filter", "", "input"], ["show", "temporary", "change"]]) {
			document.getElementById(id).value = value;
			document.getElementById(id).dispatchEvent(new Event(event));
		}`, nil))
		b.await(`document.querySelectorAll("#rows tr").length === 1`)
	})
	t.Run("explain", func(t *testing.T) {
		b.run(chromedp.Evaluate(`document.querySelector("#rows button").click()`, nil))
		b.await(`document.querySelector("#answer dl") !== null`)
		b.run(chromedp.SendKeys(`input[name=trace_id]`, "4bf92f3577b34da6a3ce929d0e0e4736"+kb.Enter))
		b.await(`document.querySelector("#answer").textContent.startsWith("Decisionkept")`)
		b.run(chromedp.SendKeys(`input[name=trace_id]`, "0"))
		b.run(chromedp.Evaluate(`document.querySelector("#question button").click()`, nil))
		b.await(`document.querySelector("#answer .error") !== null`)
		assert.Contains(t, eval[string](b, `document.querySelector("#answer").textContent`), "must be 32 hexadecimal digits")
	})
	t.Run("it fits the width of a phone", func(t *testing.T) {
		b.screen(360, 740, "dark")
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 360)
		b.screen(800, 800, "light") // of a tablet
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 800)
		assert.True(t, eval[bool](b, `document.querySelector("#sort").offsetParent !== null && document.querySelector("thead").offsetParent === null`), "a list in place of the headings")
		b.screen(1200, 800, "light")
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 1200)
	})
}

func TestHostileNamespacesAreTextOnThePage(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 1"})
	client := harness.NewClient(t, collector)
	for _, name := range hostileNames {
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": name})))
	}
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(fmt.Sprintf(`document.querySelectorAll("#rows tr").length === %d`, len(hostileNames)))
	names := eval[[]string](b, `[...document.querySelectorAll("#rows bdi")].map((e) => e.textContent)`)
	for _, name := range hostileNames {
		if len(name) > 128 {
			name = strings.Repeat(name[:len(name)/(64<<10)], 128/(len(name)/(64<<10)))
		}
		assert.Contains(t, names, name)
	}
	b.run(chromedp.Evaluate(`for (const button of document.querySelectorAll("#rows button")) button.click()`, nil))
	b.await(`document.querySelector("#answer dl") !== null`)
	assert.Equal(t, "namespace_sampler", eval[string](b, `document.title`), "no script was executed")
	assert.Zero(t, eval[int](b, `document.querySelectorAll("main img, main script").length`))
	assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth - window.innerWidth`), 0)
}

// The page shows overrides and registered namespaces from Postgres. SCREENSHOTS=dir keeps screenshots of it.
func TestThePageShowsOverridesAndTheRegistry(t *testing.T) {
	t.Parallel()
	dsn := newOverridesDatabase(t, sharedCluster(t))
	var tasks []taskerdb.Task
	for _, name := range []string{
		"payments", "orders", "analytics", "integrations", "inventory", "shipping", "rust_e2e_linear", "customer_success",
	} {
		tasks = append(tasks, newTask(name))
	}
	insert(t, dsn, taskerdb.LayoutTasker, tasks...)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1`)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
		VALUES ('integrations', 1, now() + interval '42 minutes', 'incident 7', 'alice'), ('incident', 2, NULL, NULL, NULL)`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Expect: []string{"a row of the runtime overrides is skipped"}, Processor: fmt.Sprintf(`
sample_rate: 0.1
namespaces: {payments: 1, orders: 0.5, analytics: 0.01, "rust_e2e_*": 0.2}
metrics: {namespaces: {orders: 0.25}}
logs: {namespaces: {payments: 0.4}}
postgres: {dsn: %q, overrides: {enabled: true}}
`, dsn)})
	client := harness.NewClient(t, collector)
	r := random()
	for i, name := range []string{
		"payments", "orders", "analytics", "integrations", "inventory", "shipping", "customer_success", "rust_e2e_linear", "reporting", "",
	} {
		attributes := attrs{}
		if name != "" {
			attributes["namespace"] = name
		}
		client.Traces(traces(t, nil, nil, randomSpans(r, 900+731*((i*7)%5), attributes)...))
		client.Metrics(gauges(name, 300+211*((i*3)%7)))
		client.Logs(lines(name, 500+317*((i*5)%8)))
	}
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`document.querySelectorAll("#rows tr").length === 9 && /registry read.*runtime overrides read/.test(document.querySelector("#state").textContent)`)
	client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"task_uuid": tasks[0].UUID})))
	b.await(`/Postgres answers.*cache 1 of .*breaker closed/.test(document.querySelector("#state").textContent)`)
	tags := eval[map[string][]string](b, `Object.fromEntries([...document.querySelectorAll("#rows tr")].map((row) => [
		row.querySelector("bdi").textContent, [...row.querySelectorAll(".tag")].filter((e) => !e.hidden).map((e) => e.textContent)]))`)
	assert.Equal(t, []string{"not registered"}, tags["reporting"])
	assert.Equal(t, []string{"temporary"}, tags["integrations"])
	assert.Equal(t, []string{"no override"}, tags["inventory"])
	assert.Empty(t, tags["payments"])
	assert.Equal(t, "(7)", eval[string](b, `document.querySelector("#overrides-count").textContent`))
	overrides := eval[[]string](b, `[...document.querySelectorAll("#overrides-list li")].map((e) => [...e.children].map((p) => p.textContent).join("|"))`)
	assert.Equal(t, []string{"analytics|1 %|for all signals|override", "orders|50 %|for all signals|override"},
		[]string{strings.ReplaceAll(overrides[0], ", ", "|"), strings.ReplaceAll(overrides[2], ", ", "|")})
	assert.Equal(t, "payments|40 %|for log records, override for this signal", overrides[5])
	assert.Regexp(t, `^integrations\|100 %\|for all signals, runtime override\|ends in \d+ min \d+ s\|set (now|\d.* ago)\|incident 7, by alice$`, overrides[1])
	assert.Equal(t, []string{"incident|for all signals|sample rate must be between 0 and 1, got 2 (for 2 % write 0.02)"},
		eval[[]string](b, `[...document.querySelectorAll("#skipped-list li")].map((e) => [...e.children].map((p) => p.textContent).join("|"))`))
	assert.True(t, eval[bool](b, `document.querySelector("#notices").hidden`))
	for _, scheme := range []string{"light", "dark"} {
		b.screen(1180, 760, scheme)
		b.shot("desktop " + scheme)
		b.screen(390, 844, scheme)
		b.shot("phone " + scheme)
	}
	b.screen(1180, 900, "light")
	b.run(chromedp.Evaluate(`[...document.querySelectorAll("#rows button")].find((e) => e.textContent === "orders").click()`, nil),
		chromedp.SendKeys(`input[name=trace_id]`, "4bf92f3577b34da6a3ce929d0e0e4736"+kb.Enter))
	b.await(`document.querySelector("#answer").textContent.startsWith("Decision")`)
	b.shot("explain")
	b.run(chromedp.Evaluate(`document.querySelector("#explain").open = false; document.querySelector("#overrides").open = true`, nil))
	b.shot("overrides")
	b.screen(390, 844, "light")
	b.shot("phone overrides")
	assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 390)
	b.run(chromedp.Evaluate(`document.querySelector("#explain").open = true; document.querySelector("#overrides").open = false`, nil))
	b.screen(390, 844, "light")
	b.shot("phone explain")
}

// gauges returns a gauge with n series of a namespace.
func gauges(namespace string, n int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("tasker.queue.depth")
	points := m.SetEmptyGauge().DataPoints()
	for i := range n {
		dp := points.AppendEmpty()
		dp.Attributes().PutInt("queue", int64(i))
		if namespace != "" {
			dp.Attributes().PutStr("namespace", namespace)
		}
	}
	return md
}
