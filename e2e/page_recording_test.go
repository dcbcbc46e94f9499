// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestTheLiveDemoIsWatched goes through what `make demo-live` invites to: SQL is pasted, and the page shows what it does. RECORDING=file.svg keeps
// the frames as an animation, which is docs/demo-live.svg.
func TestTheLiveDemoIsWatched(t *testing.T) {
	t.Parallel()
	address, dsn := startLive(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	paste := func(sql string) {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}

	b := open(t, address)
	r := &recording{browser: b}
	b.run(emulation.SetDeviceMetricsOverride(1180, 760, 1, false)) // what is shown in a README needs no finer pixels
	b.await(`data && data.now.traces.history.kept.length >= 8 && data.now.traces.kept > 0 && data.now.logs.kept > 0`)
	r.frame("steady load: what arrives, and what is kept")

	b.run(chromedp.SendKeys("#filter", "shipping"))
	b.await(`document.querySelectorAll("tbody.rows tr").length === 1 && document.querySelector("tbody.rows .rate").textContent === "10 %"`)
	b.run(chromedp.Evaluate(`document.querySelector("tbody.rows .change").click()`, nil))
	b.await(`document.querySelector("#change-text").textContent.startsWith("BEGIN")`)
	b.run(chromedp.Evaluate(`document.querySelector("#wanted").elements.reason.value = "incident 7"`, nil),
		chromedp.Evaluate(`document.querySelector("#wanted").dispatchEvent(new Event("input"))`, nil))
	r.frame("change this rate: SQL to paste")

	paste(eval[string](b, `document.querySelector("#change-text").textContent`))
	b.run(chromedp.Evaluate(`document.querySelector("#close").click()`, nil))
	b.await(`document.querySelector("tbody.rows .rate").textContent === "100 %" && !document.querySelector("#temporary").hidden`)
	b.await(`/^([\d.]+) of \1\/s$/.test(document.querySelector("tbody.rows .numbers").textContent)`)
	b.run(chromedp.Evaluate(`document.querySelector("#temporary").scrollIntoView()`, nil))
	r.frame("pasted: all of shipping is kept, for an hour")

	b.run(chromedp.Evaluate(`document.querySelector("#filter").value = ""; document.querySelector("#filter").dispatchEvent(new Event("input")); scrollTo(0, 0)`, nil))
	paste(`ALTER TABLE tasker.tasks RENAME TO tasks_away`)
	b.await(`/Postgres refuses the lookup/.test(document.querySelector("#problems-list").textContent)`)
	assert.Contains(t, eval[string](b, `document.querySelector("#problems-list").textContent`), "does not exist")
	r.frame("a table is renamed: the problem, its consequence, its setting")

	paste(`ALTER TABLE tasker.tasks_away RENAME TO tasks`)
	b.await(`!/Postgres refuses the lookup/.test(document.querySelector("#problems-list").textContent)`)
	r.frame("repaired")
	r.write(os.Getenv("RECORDING"))
}

// startLive starts what `make demo-live` does, and returns the addresses of the page and of the database.
func startLive(t *testing.T) (address, dsn string) {
	t.Helper()
	otelcol := harness.Otelcol(t)
	live := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(filepath.Dir(otelcol), "taskerload"), "live", "--collector", otelcol, "--config", "testdata/demo-live.yaml")
	live.Dir = ".." // it reads testdata/
	live.Stderr = os.Stderr
	out, err := live.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, live.Start(), "make build")
	t.Cleanup(func() {
		assert.NoError(t, live.Process.Signal(syscall.SIGINT))
		_ = live.Wait()
	})
	lines := bufio.NewScanner(out)
	for (address == "" || dsn == "") && lines.Scan() {
		if m := regexp.MustCompile(`http://\S+`).FindString(lines.Text()); m != "" {
			address = m
		}
		if m := regexp.MustCompile(`postgres://[^']+`).FindString(lines.Text()); m != "" {
			dsn = m
		}
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, dsn, "it says how to reach the database")
	go func() { // else it would wait for somebody to read
		for lines.Scan() {
		}
	}()
	return address, dsn
}

// recording is an animation of frames with captions.
type recording struct {
	browser *browser
	frames  [][]byte
	texts   []string
}

func (r *recording) frame(caption string) {
	var picture []byte
	r.browser.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		picture, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatWebp).WithQuality(75).Do(ctx)
		return err
	}))
	r.browser.shot(fmt.Sprint("frame ", len(r.frames)))
	r.frames, r.texts = append(r.frames, picture), append(r.texts, caption)
}

// secondsPerFrame is how long a frame of the animation is shown.
const secondsPerFrame = 5

// write writes the animation as one SVG, unless file is empty. Without animations it shows the first frame.
func (r *recording) write(file string) {
	r.browser.t.Helper()
	if file == "" {
		return
	}
	const width, height, caption = 1180, 760, 44
	var out strings.Builder
	all := secondsPerFrame * len(r.frames)
	share := 100 / float64(len(r.frames))
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="The page while rates are changed">`, width, height+caption)
	fmt.Fprintf(&out, `<style>g{visibility:hidden}g:first-of-type{visibility:visible}text{font:600 20px system-ui,sans-serif;fill:#fff}`+
		`@media (prefers-reduced-motion:no-preference){g,g:first-of-type{visibility:hidden;animation:f %ds step-end infinite}`+
		`@keyframes f{0%%{visibility:visible}%.2f%%,100%%{visibility:hidden}}}</style>`, all, share)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#1c2330"/>`, width, height+caption)
	for i, picture := range r.frames {
		fmt.Fprintf(&out, `<g style="animation-delay:%ds"><text x="20" y="29">%d. %s</text><image y="%d" width="%d" height="%d" href="data:image/webp;base64,%s"/></g>`,
			i*secondsPerFrame, i+1, r.texts[i], caption, width, height, base64.StdEncoding.EncodeToString(picture))
	}
	out.WriteString("</svg>\n")
	require.NoError(r.browser.t, os.WriteFile(file, []byte(out.String()), 0o600))
	r.browser.t.Logf("%s: %d bytes", file, out.Len())
}
