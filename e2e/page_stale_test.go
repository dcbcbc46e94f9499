// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// unreachable is the test of a page whose collector is killed: the browser's complaints that it cannot be reached are no failures.
type unreachable struct{ testing.TB }

func (u unreachable) Errorf(format string, arguments ...any) {
	if text := fmt.Sprintf(format, arguments...); !strings.Contains(text, "net::ERR_") {
		u.Error(text)
	}
}

// A page whose collector is gone, or hangs, says as of when it is and is grey, until the collector answers again.
func TestThePageIsStaleWhileTheCollectorDoesNotAnswer(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, FixedPorts: true, Processor: "sample_rate: 0.5"})
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": "payments"})))
	b := open(unreachable{t}, "http://"+collector.Inspect()+"/")
	b.await(pageRow("payments") + ` !== undefined`)
	isFresh := func() {
		assert.Equal(t, "none", eval[string](b, `getComputedStyle(document.querySelector("main")).filter`))
		assert.Equal(t, "namespace_sampler", eval[string](b, `document.title`))
		assert.True(t, eval[bool](b, `document.querySelector("#trouble").hidden`))
	}
	assert.False(t, eval[bool](b, `document.body.classList.contains("stale")`))
	isFresh()
	started := eval[string](b, `data.collector.started_at`)

	for name, fault := range map[string]struct{ begin, end func() }{
		"killed": {collector.Kill, collector.StartAgain}, "hanging": {collector.Pause, collector.Resume},
	} {
		began := time.Now()
		fault.begin()
		b.await(`document.body.classList.contains("stale")`)
		t.Logf("%s: stale after %v", name, time.Since(began).Round(time.Millisecond))
		assert.Equal(t, "grayscale(1)", eval[string](b, `getComputedStyle(document.querySelector("main")).filter`))
		assert.Equal(t, "(stale) namespace_sampler", eval[string](b, `document.title`))
		assert.False(t, eval[bool](b, `document.querySelector("#trouble").hidden`))
		assert.Regexp(t, `^As of \d\d:\d\d:\d\d: the collector does not answer \(`, eval[string](b, `document.querySelector("#trouble").textContent`))
		asOf := eval[string](b, `document.querySelector("#trouble").textContent`)[:len("As of 00:00:00")]
		assert.True(t, eval[bool](b, pageRow("payments")+` !== undefined`), "what is known is still there")
		b.shot("stale " + name)
		b.await(`!document.querySelector("#age").hidden && /^\d+ s ago$/.test(document.querySelector("#age").textContent) && document.querySelector("#age").textContent !== "0 s ago"`)
		assert.Equal(t, asOf, eval[string](b, `document.querySelector("#trouble").textContent`)[:len(asOf)], "the time of the last answer stays")

		began = time.Now()
		fault.end()
		b.await(`!document.body.classList.contains("stale")`)
		t.Logf("%s: fresh %v after the collector was told to go on", name, time.Since(began).Round(time.Millisecond))
		isFresh()
		if name == "killed" {
			assert.NotEqual(t, started, eval[string](b, `data.collector.started_at`), "it is another process")
			harness.NewClient(t, collector).Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": "payments"})))
			b.await(pageRow("payments") + ` !== undefined`)
		}
	}
}

// An empty page says what may be wrong.
func TestThePageOfACollectorWithoutTelemetrySaysWhatToLookFor(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: `
sample_rate: 0.5
namespace: {attributes: [tasker.namespace, domain]}
namespaces: {payments: 1}
`})
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`!document.querySelector("#empty").hidden`)
	empty := eval[string](b, `document.querySelector("#empty").textContent`)
	assert.Regexp(t, `^Nothing has arrived since \d\d:\d\d:\d\d \(.+\)\. Is the processor in a pipeline`, empty)
	assert.Contains(t, empty, "The namespace is looked for in tasker.namespace, domain.")
	assert.Contains(t, eval[string](b, `document.querySelector("#now").textContent`), "none arrive")
	assert.Equal(t, "none seen", eval[string](b, pageRow("payments")+`.querySelector(".numbers").textContent`), "a row of the configuration is not telemetry")

	harness.NewClient(t, collector).Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", nil)))
	b.await(`document.querySelector("#empty").hidden`)
	b.await(pageRow("") + ` !== undefined`)
}

// shownState is all of the page that its address keeps.
const shownState = `JSON.stringify([
	...["filter", "show", "sort"].map((id) => document.getElementById(id).value),
	[...document.querySelectorAll("#namespaces tbody.rows bdi")].map((e) => e.textContent),
	document.querySelector("th[aria-sort]")?.dataset.sort,
	document.querySelector("#panel").hidden,
	...["namespace", "signal", "trace_id"].map((name) => document.querySelector("#question").elements[name].value),
	document.querySelector("#answer").textContent,
])`

// Filter, order and question are in the address: they survive a reload, and whoever gets the address sees the same.
func TestTheAddressOfThePageKeepsWhatIsChosen(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: `
sample_rate: 0.1
namespaces: {"domain_150*": 0.5, domain_1505: 1, domain_0001: 0.5}
`})
	thousands(t, harness.NewClient(t, collector), random(), 2000)
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(pageRow("domain_0000") + ` !== undefined`)
	const focused = `document.activeElement`

	b.screen(1200, 800, "light")
	slash := input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithText("/") // as of a keyboard: what the page prevents types nothing
	b.run(slash, input.DispatchKeyEvent(input.KeyUp).WithKey("/"))
	assert.Equal(t, "filter", eval[string](b, focused+`.id`), "the slash goes to the filter")
	assert.Empty(t, eval[string](b, focused+`.value`))
	b.run(slash)
	assert.Equal(t, "/", eval[string](b, focused+`.value`), "and is a character in there")
	b.run(chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("domain_1"))
	assert.Equal(t, "domain_1", eval[string](b, focused+`.value`))
	eval[bool](b, `(() => {
		const show = document.querySelector("#show");
		show.value = "override";
		return show.dispatchEvent(new Event("change"));
	})()`)
	b.run(chromedp.Focus(`th[data-sort=traces_rate] button`), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelectorAll("#namespaces tbody.rows tr").length === 10`)
	last := `(` + pageRow("domain_1505") + `)`
	assert.True(t, eval[bool](b, last+`.nextElementSibling === null`), "the highest rate is the last one")
	b.run(chromedp.Evaluate(last+`.querySelector("button.name").click()`, nil))
	b.await(`document.querySelector("#answer dl") !== null`)
	b.run(chromedp.SendKeys(`input[name=trace_id]`, "4bf92f3577b34da6a3ce929d0e0e4736"+kb.Enter))
	b.await(`document.querySelector("#answer").textContent.includes("Decisionkept")`)
	state, address := eval[string](b, shownState), eval[string](b, `location.href`)
	for _, part := range []string{`"domain_1","override","other",["domain_1500","domain_1501"`, `"traces_rate",false,"domain_1505","traces","4bf92f3577b34da6a3ce929d0e0e4736","`} {
		assert.Contains(t, state, part)
	}

	b.run(chromedp.Reload())
	b.await(`document.querySelector("#answer dl") !== null && document.querySelectorAll("#namespaces tbody.rows tr").length === 10`)
	assert.Equal(t, state, eval[string](b, shownState), "after a reload")
	assert.Equal(t, address, eval[string](b, `location.href`))
	ctx, cancel := chromedp.NewContext(b.ctx)
	defer cancel()
	tab := &browser{t: t, ctx: ctx}
	tab.run(chromedp.Navigate(address))
	tab.await(`document.querySelector("#answer dl") !== null && document.querySelectorAll("#namespaces tbody.rows tr").length === 10`)
	assert.Equal(t, state, eval[string](tab, shownState), "in another tab")

	b.run(chromedp.KeyEvent(kb.Escape))
	b.await(`document.querySelector("#panel").hidden`)
	assert.NotContains(t, eval[string](b, `location.search`), "explain")
	assert.Contains(t, eval[string](b, `location.search`), "filter=domain_1")
}

// The panel leaves the list where it is, however long that is.
func TestThePanelKeepsThePlaceInALongList(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.1"})
	thousands(t, harness.NewClient(t, collector), random(), 2000)
	b := open(t, "http://"+collector.Inspect()+"/?sort=name")
	b.screen(1600, 900, "light")
	b.await(pageRow("domain_0000") + ` !== undefined`)
	const nth = `chunks[Math.floor(1499 / chunkRows)].body`
	row := `(` + pageRow("domain_1499") + `)`
	eval[bool](b, `(`+nth+`.scrollIntoView(), true)`)
	b.await(row + ` !== undefined`)
	assert.Equal(t, "1501", eval[string](b, row+`.getAttribute("aria-rowindex")`), "row 1,500, after the headings")
	for button, focus := range map[string]string{"name": "panel-title", "change": "change-title"} {
		selected := row + `.querySelector("button.` + button + `")`
		eval[bool](b, `(window.at = NaN, window.still = 0, `+selected+`.scrollIntoView({block: "center"}), true)`)
		b.await(`(at === scrollY ? still++ : still = 0, at = scrollY, still > 5)`)
		at := eval[float64](b, `scrollY`)
		assert.Greater(t, at, 10_000.0)
		place := eval[[]float64](b, `(({left, top, height}) => [left + 5, top + height / 2])(`+selected+`.getBoundingClientRect())`)
		b.run(chromedp.MouseClickXY(place[0], place[1]))
		b.await(`!document.querySelector("#panel").hidden && document.querySelector("#answer dl") !== null`)
		assert.Equal(t, "domain_1499", eval[string](b, `document.querySelector("#panel-title").textContent`))
		assert.Equal(t, focus, eval[string](b, `document.activeElement.id`))
		eval[bool](b, `(window.previous = data, true)`)
		b.await(`data !== previous`) // the list is shown anew
		assert.InDelta(t, at, eval[float64](b, `scrollY`), 1, "the list keeps its place")
		assert.True(t, eval[bool](b, selected+`.isConnected`))

		b.run(chromedp.KeyEvent(kb.Escape))
		b.await(`document.querySelector("#panel").hidden`)
		assert.True(t, eval[bool](b, `document.activeElement === `+selected), "the focus returns to the button")
		assert.InDelta(t, at, eval[float64](b, `scrollY`), 1)
	}
	require.Equal(t, "?sort=name", eval[string](b, `location.search`))
}
