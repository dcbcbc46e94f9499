//go:build unix

package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestZZLook(t *testing.T) {
	b := open(t, os.Getenv("LOOK"))
	b.await(`document.querySelectorAll("tbody.rows tr").length > 3`)
	time.Sleep(25 * time.Second)
	for _, s := range []string{"light", "dark"} {
		b.screen(1400, 1000, s)
		b.shot("look desktop " + s)
		b.screen(390, 844, s)
		b.shot("look phone " + s)
	}
	b.screen(1400, 1000, "light")
	b.run(chromedp.Evaluate(`document.querySelector("tbody.rows .change").click()`, nil))
	time.Sleep(time.Second)
	b.shot("look change")
	b.run(chromedp.Evaluate(`document.querySelector("#panel").scrollTop = 0`, nil))
	b.shot("look explain")
	b.screen(390, 844, "light")
	b.shot("look phone explain")
}
