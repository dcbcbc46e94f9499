// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/stretchr/testify/assert"
)

// filterAndSort filters the namespaces of TestThePageShowsEveryNamespace and sorts them, with the keyboard alone.
func filterAndSort(t *testing.T, b *browser, client *harness.Client) {
	first := func() string { return eval[string](b, renderedRows+`[0].querySelector("bdi").textContent`) }
	enter := func(column, order string) {
		b.run(chromedp.Focus(`th[data-sort=`+column+`] button`), chromedp.KeyEvent(kb.Enter))
		b.await(`document.querySelector("th[data-sort=` + column + `]").getAttribute("aria-sort") === "` + order + `"`)
	}
	b.run(chromedp.Evaluate(`document.activeElement.blur()`, nil),
		input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithText("/").WithWindowsVirtualKeyCode(191), chromedp.KeyEvent("domain_00"))
	b.awaitCount("100 of 2,003")
	enter("traces_rate", "descending")
	assert.Equal(t, "domain_0001", first())
	enter("traces_rate", "ascending")
	assert.Equal(t, "domain_0000", first())

	b.run(chromedp.Focus("#filter")) // with the focus in the table, rows keep their places
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // records of one namespace arrive all the time
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			client.Logs(lines("domain_0005", 20))
			<-tick.C
		}
	}()
	defer func() { stop(); <-done }()
	b.await(renderedRows + `.some((row) => row.querySelector("bdi").textContent === "domain_0005" && / of .*\/s/.test(row.cells[6].textContent))`)
	enter("logs", "descending")
	assert.Equal(t, "domain_0005", first())
	b.choose("filter", "")
	b.choose("show", "temporary")
	b.awaitCount("1 of 2,003")
	assert.Equal(t, "incident", first())
}

// explainOnThePage asks about the only namespace that is shown.
func explainOnThePage(t *testing.T, b *browser) {
	b.run(chromedp.Evaluate(renderedRows+`[0].querySelector(".name").click()`, nil))
	b.await(`document.querySelector("#answer dl") !== null && !document.querySelector("#panel").hidden`)
	assert.Equal(t, "incident", eval[string](b, `document.querySelector("#panel-title").textContent`))
	b.run(chromedp.SendKeys(`input[name=trace_id]`, "4bf92f3577b34da6a3ce929d0e0e4736"+kb.Enter))
	b.await(`document.querySelector("#answer dl")?.textContent.startsWith("Decisionkept")`)
	b.run(chromedp.SendKeys(`input[name=trace_id]`, "0"))
	b.run(chromedp.Evaluate(`document.querySelector("#question button").click()`, nil))
	b.await(`document.querySelector("#answer .error") !== null`)
	assert.Contains(t, eval[string](b, `document.querySelector("#answer").textContent`), "must be 32 hexadecimal digits")
	b.run(chromedp.KeyEvent(kb.Escape))
	b.await(`document.querySelector("#panel").hidden`)
	assert.True(t, eval[bool](b, `document.activeElement === `+renderedRows+`[0].querySelector(".name")`), "the focus returns")
}

// fits shows that nothing is wider than the screen.
func fits(t *testing.T, b *browser) {
	t.Helper()
	for _, width := range []int64{360, 390, 800, 1200, 1400} {
		b.screen(width, 800, "light")
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), int(width))
		assert.Equal(t, int(width), eval[int](b, `innerWidth`), "it is not zoomed out either")
	}
}
