// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// observeTasks notes how long the tasks and the frames take that the browser calls long: 50 ms or more.
const observeTasks = `window.slow = {longtask: [], "long-animation-frame": []};
	for (const type of Object.keys(slow)) new PerformanceObserver((list) => slow[type].push(...list.getEntries().map((e) => e.duration))).observe({type})`

// timeCallbacks notes how long the page takes to show an answer.
const timeCallbacks = `window.longest = 0;
	window.showAnswer = refresh;
	refresh = (fresh) => { const began = performance.now(); showAnswer(fresh); longest = Math.max(longest, performance.now() - began); }`

// timed changes a field as somebody who uses the page does, and returns the milliseconds of script, and those until the next frame has been painted.
const timed = `async (id, value) => {
	const field = document.getElementById(id), began = performance.now();
	field.value = value;
	field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input"));
	const script = performance.now() - began;
	await new Promise(requestAnimationFrame);
	await new Promise((done) => setTimeout(done));
	return [script, performance.now() - began];
}`

// metrics returns seconds of script and of all tasks that the page has taken so far.
func (b *browser) metrics() (script, tasks float64) {
	b.t.Helper()
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		found, err := performance.GetMetrics().Do(ctx)
		for _, m := range found {
			switch m.Name {
			case "ScriptDuration":
				script = m.Value
			case "TaskDuration":
				tasks = m.Value
			}
		}
		return err
	}))
	return script, tasks
}

// TestTwoThousandNamespacesOnThePage prints what the page costs the browser and the collector while telemetry arrives, and shows that few rows
// are rendered at once. SOAK=1 measures for a minute, and alone.
func TestTwoThousandNamespacesOnThePage(t *testing.T) {
	seconds, requests := 60, 20
	if os.Getenv("SOAK") == "" {
		t.Parallel()
		seconds, requests = 10, 2
	}
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.5"})
	client, r := harness.NewClient(t, collector), random()
	thousands(t, client, r, 2000)
	costOfAnswers(t, collector, requests)

	b := open(t, "http://"+collector.Inspect()+"/")
	b.screen(1400, 900, "light")
	b.awaitCount("2,000")
	b.run(performance.Enable(), chromedp.Evaluate(observeTasks, nil), chromedp.Evaluate(timeCallbacks, nil))
	script, tasks := b.metrics()
	trickle(t, client, r, seconds)
	scriptAfter, tasksAfter := b.metrics()
	t.Logf("%d s while telemetry arrives: script %.2f %% and all tasks %.2f %% of a core; showing an answer %.1f ms at most; long tasks and frames: %s",
		seconds, 100*(scriptAfter-script)/float64(seconds), 100*(tasksAfter-tasks)/float64(seconds), eval[float64](b, `longest`), eval[string](b, `JSON.stringify(slow)`))
	assert.LessOrEqual(t, eval[int](b, renderedRows+`.length`), mostRows)

	change := func(id, value string) {
		took := awaited[[]float64](b, fmt.Sprintf(`(%s)(%q, %q)`, timed, id, value))
		t.Logf("%s %q: %.1f ms of script, %.1f ms until the next frame; %d rows are rendered", id, value, took[0], took[1], eval[int](b, renderedRows+`.length`))
		assert.LessOrEqual(t, eval[int](b, renderedRows+`.length`), mostRows)
	}
	change("sort", "name")
	ordered := func(first string) {
		names := eval[[]string](b, renderedRows+`.map((row) => row.querySelector("bdi").textContent)`)
		require.GreaterOrEqual(t, len(names), 40)
		assert.IsIncreasing(t, names)
		assert.Equal(t, first, names[0])
	}
	ordered("domain_0000")
	for _, text := range []string{"d", "do", "dom", "domain_1", "domain_19"} {
		change("filter", text)
	}
	b.awaitCount("100 of 2,000")
	ordered("domain_1900")
	change("filter", "")
	b.awaitCount("2,000")
	trickle(t, client, r, 1)
	for _, sort := range []string{"-arrived", "share", "-seen", "-dropped"} {
		change("sort", sort)
	}
	dropped := eval[[]float64](b, renderedRows+`.map((row) => Number(row.cells[7].querySelector(".rate").textContent.replace(/\/s|,/g, "").replace("–", "0")))`)
	require.GreaterOrEqual(t, len(dropped), 40)
	assert.IsNonIncreasing(t, dropped)
	assert.Positive(t, dropped[0])
}

// trickle sends 50 spans of several namespaces ten times a second.
func trickle(t *testing.T, client *harness.Client, r *rand.Rand, seconds int) {
	tick := time.NewTicker(time.Second / 10)
	defer tick.Stop()
	for range 10 * seconds {
		var spans []span
		for range 50 {
			spans = append(spans, newSpan(randomTrace(r), "", attrs{"namespace": fmt.Sprintf("domain_%04d", r.IntN(2000))}))
		}
		client.Traces(traces(t, nil, nil, spans...))
		<-tick.C
	}
}

// costOfAnswers prints the bytes of an answer of /namespaces, and the CPU of the collector for one, with and without gzip. Requests are so far
// apart that each is rendered.
func costOfAnswers(t *testing.T, collector *harness.Collector, requests int) {
	client := http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	cpu := func() float64 { return collector.Scrape().Sum("otelcol_process_cpu_seconds", nil) }
	sizes := map[string]int64{}
	for _, encoding := range []string{"none", "identity", "gzip"} { // none: what the collector takes without requests
		tick, before := time.NewTicker(1100*time.Millisecond), cpu()
		for range requests {
			<-tick.C
			if encoding == "none" {
				continue
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+collector.Inspect()+"/namespaces", nil)
			require.NoError(t, err)
			request.Header.Set("Accept-Encoding", encoding)
			response, err := client.Do(request)
			require.NoError(t, err)
			sizes[encoding], err = io.Copy(io.Discard, response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, encoding == "gzip", response.Header.Get("Content-Encoding") == "gzip")
		}
		tick.Stop()
		t.Logf("/namespaces, %s: %d bytes, %.1f ms of CPU each", encoding, sizes[encoding], 1000*(cpu()-before)/float64(requests))
	}
	assert.Less(t, sizes["gzip"], sizes["identity"]/5)
}
