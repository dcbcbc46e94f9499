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

// renderedRows are the rows of namespaces that are rendered: those near the screen.
const renderedRows = `[...document.querySelectorAll("tbody.rows tr:not(.space)")]`

// allRows scrolls through the page, and returns the cells of all rows, row by row, and the most rows that were rendered at once.
const allRows = `(async () => {
	const rows = new Map(), spaces = () => [...document.querySelectorAll("tr.space")].map((row) => row.getBoundingClientRect());
	let most = 0;
	scrollTo(0, 0);
	for (;;) {
		let frames = 0;
		do await new Promise(requestAnimationFrame); while (spaces().some((s) => s.bottom > 0 && s.top < innerHeight) && ++frames < 600);
		if (frames === 600) throw new Error("the screen stays empty at " + scrollY);
		const rendered = ` + renderedRows + `;
		most = Math.max(most, rendered.length);
		for (const row of rendered) rows.set(Number(row.getAttribute("aria-rowindex")), [...row.cells].map((cell) =>
			[...cell.querySelectorAll("bdi, .rate, .why, .until, .numbers, .all, .tag")].filter((e) => !e.hidden).map((e) => e.textContent)));
		if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) break;
		scrollBy(0, innerHeight * .8);
	}
	scrollTo(0, 0);
	return {Most: most, Rows: [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)};
})()`

// scrolled is the value of allRows.
type scrolled struct {
	Most int
	Rows [][][]string
}

// mostRows is the most rows that may be rendered at once.
const mostRows = 200

// choose sets a field of the page as somebody who uses it does.
func (b *browser) choose(id, value string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`((e) => { e.value = %q; return e.dispatchEvent(new Event(e.tagName === "SELECT" ? "change" : "input")); })(document.getElementById(%q))`, value, id))
}

// awaitCount waits until the page shows that it lists so many namespaces, such as "(3 of 2,000)".
func (b *browser) awaitCount(count string) {
	b.t.Helper()
	b.await(fmt.Sprintf(`document.querySelector("#count").textContent === "(%s)"`, count))
}

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
	b.screen(1200, 800, "light")
	b.awaitCount("2,001")
	b.choose("sort", "name")

	_, body := inspect(t, collector, "/namespaces", nil)
	var want shownNamespaces
	require.NoError(t, json.Unmarshal([]byte(body), &want))
	shown := awaited[scrolled](b, allRows)
	require.LessOrEqual(t, shown.Most, mostRows)
	require.Len(t, shown.Rows, len(want.Namespaces))
	for i, n := range want.Namespaces {
		row := shown.Rows[i]
		require.Equal(t, n.Name, row[0][0])
		for column, signal := range map[int]shownSignal{1: n.Traces, 3: n.Metrics, 5: n.Logs} {
			require.Equal(t, fmt.Sprintf("%v %%", 100*signal.SampleRate), row[column][0], "%s", n.Name)
			assert.Contains(t, row[column][1], signal.Pattern)
			if signal.ExpiresAt != nil {
				assert.Regexp(t, `^ends in 4\d min`, row[column][2])
				assert.Contains(t, row[0], "temporary")
			}
			counts := ""
			if all := signal.Kept + signal.Dropped; all > 0 {
				assert.Regexp(t, `^(none now|[\d.]+ of [\d.]+/s)$`, row[column+1][0])
				counts = fmt.Sprintf("%d of %d in all", signal.Kept, all)
			} else {
				assert.Equal(t, "none seen", row[column+1][0])
			}
			assert.Equal(t, counts, row[column+1][1])
		}
		seen := `^seen (now|\d.* ago)$`
		if n.Name == "incident" {
			seen = `^never seen$`
		}
		assert.Regexp(t, seen, row[7][1])
	}

	send := func(namespace string) {
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": namespace})))
	}
	const isFocused = `row.isConnected && document.activeElement === row.querySelector("button")`
	t.Run("it changes in place", func(t *testing.T) {
		b.run(chromedp.Evaluate(`window.row = `+renderedRows+`.find((row) => row.querySelector("bdi").textContent === "domain_0001");
			window.before = row.querySelector(".all").textContent; row.querySelector("button").focus()`, nil))
		send("domain_0001")
		b.await(`row.querySelector(".all").textContent !== before`)
		assert.True(t, eval[bool](b, isFocused), "the focus stays")
		send("a newcomer")
		b.awaitCount("2,002")
		assert.True(t, eval[bool](b, isFocused), "the focus stays")
		require.Len(t, awaited[scrolled](b, allRows).Rows, 2002)
		assert.True(t, eval[bool](b, isFocused), "the focus stays while other rows are on the screen")
	})
	t.Run("rows keep their places while the focus is there", func(t *testing.T) {
		b.choose("sort", "-traces")
		b.run(chromedp.Evaluate(`window.row = `+renderedRows+`[1]; row.querySelector("button").focus()`, nil))
		client.Traces(traces(t, nil, nil, randomSpans(random(), 500, attrs{"namespace": "a burst"})...))
		b.awaitCount("2,003")
		b.await(`!document.querySelector("#held").hidden`)
		assert.True(t, eval[bool](b, renderedRows+`[1] === row && `+isFocused))
		b.run(chromedp.Focus("#filter"))
		b.await(renderedRows + `[0].querySelector("bdi").textContent === "a burst" && document.querySelector("#held").hidden`)
	})
	t.Run("filter and sort by keyboard", func(t *testing.T) { filterAndSort(t, b, client) })
	t.Run("explain", func(t *testing.T) { explainOnThePage(t, b) })
	t.Run("it fits every screen", func(t *testing.T) {
		b.choose("show", "all")
		fits(t, b)
		b.run(chromedp.Evaluate(`document.querySelector("#ask").click()`, nil))
		fits(t, b)
		b.screen(800, 800, "light") // of a tablet
		assert.True(t, eval[bool](b, `document.querySelector("#sort").offsetParent !== null && document.querySelector("thead").offsetParent === null`), "a list in place of the headings")
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
	b.awaitCount(fmt.Sprint(len(hostileNames)))
	names := eval[[]string](b, renderedRows+`.map((row) => row.querySelector("bdi").textContent)`)
	for _, name := range hostileNames {
		if len(name) > 128 {
			name = strings.Repeat(name[:len(name)/(64<<10)], 128/(len(name)/(64<<10)))
		}
		assert.Contains(t, names, name)
	}
	b.run(chromedp.Evaluate(`for (const row of `+renderedRows+`) for (const button of row.querySelectorAll("button")) button.click()`, nil))
	b.await(`document.querySelector("#answer dl") !== null`)
	assert.Equal(t, "namespace_sampler", eval[string](b, `document.title`), "no script was executed")
	assert.Zero(t, eval[int](b, `document.querySelectorAll("main img, main script, #panel img, #panel script").length`))
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
	b.awaitCount("9")
	b.await(`/registry read.*runtime overrides read/.test(document.querySelector("#state").textContent)`)
	client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"task_uuid": tasks[0].UUID})))
	b.await(`/Postgres answers.*cache 1 of .*breaker closed/.test(document.querySelector("#state").textContent)`)
	tags := eval[map[string][]string](b, `Object.fromEntries(`+renderedRows+`.map((row) => [
		row.querySelector("bdi").textContent, [...row.querySelectorAll(".tag")].filter((e) => !e.hidden).map((e) => e.textContent)]))`)
	assert.Equal(t, []string{"not registered"}, tags["reporting"])
	assert.Equal(t, []string{"temporary"}, tags["integrations"])
	assert.Equal(t, []string{"no override"}, tags["inventory"])
	assert.Empty(t, tags["payments"])
	assert.Equal(t, "(7)", eval[string](b, `document.querySelector("#overrides-count").textContent`))
	b.run(chromedp.Evaluate(`document.querySelector("#overrides").open = true`, nil))
	b.await(`document.querySelectorAll("#overrides-list li").length === 7`)
	overrides := eval[[]string](b, `[...document.querySelectorAll("#overrides-list li")].map((e) => [...e.children].map((p) => p.textContent).join("|"))`)
	assert.Equal(t, []string{"analytics|1 %|for all signals|override", "orders|50 %|for all signals|override|superseded for data points"},
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
	b.run(chromedp.Evaluate(renderedRows+`.map((row) => row.querySelector(".name")).find((e) => e.textContent === "orders").click()`, nil),
		chromedp.SendKeys(`input[name=trace_id]`, "4bf92f3577b34da6a3ce929d0e0e4736"+kb.Enter))
	b.await(`document.querySelector("#answer dl")?.textContent.startsWith("Decision")`)
	b.shot("explain")
	b.run(chromedp.Evaluate(`document.querySelector("#close").click(); document.querySelector("#overrides").scrollIntoView()`, nil))
	b.shot("overrides")
	b.screen(390, 844, "light")
	b.shot("phone overrides")
	assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 390)
	b.run(chromedp.Evaluate(`document.querySelector("#ask").click(); document.querySelector("#overrides").open = false`, nil))
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
