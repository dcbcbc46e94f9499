// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// psql executes text as a user does who pastes it, and fails the test if the server or psql does not understand it.
func psql(t testing.TB, dsn, text string) {
	t.Helper()
	program, err := exec.LookPath("psql")
	if err != nil {
		installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/psql") // the pattern is valid
		require.NotEmpty(t, installed, "psql is installed with the server")
		program = installed[len(installed)-1]
	}
	cmd := exec.CommandContext(t.Context(), program, "-X", "-v", "ON_ERROR_STOP=1", "-f", "-", dsn)
	cmd.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8")
	cmd.Stdin = strings.NewReader(text + "\n")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", text, output)
}

// wanted is what somebody enters into the form of the panel. Empty fields keep what they have.
type wanted struct{ rate, signal, minutes, reason, author string }

// changeRate opens the panel by the button in the row of a namespace, and fills its form.
func changeRate(b *browser, name string, w wanted) {
	b.t.Helper()
	b.await(`(` + pageRow(name) + `)?.querySelector("button.change")?.offsetParent != null`)
	eval[bool](b, `(`+pageRow(name)+`).querySelector("button.change").click(), true`)
	assert.Equal(b.t, name, eval[string](b, `named`))
	for field, value := range map[string]string{"rate": w.rate, "signal": w.signal, "minutes": w.minutes, "reason": w.reason, "author": w.author} {
		if value != "" {
			eval[bool](b, fmt.Sprintf(`(() => {
				const field = document.querySelector("#wanted").elements[%s];
				field.value = %s;
				field.dispatchEvent(new Event("input", {bubbles: true}));
				return true;
			})()`, js(field), js(value)))
		}
	}
}

// statement returns the text of a statement in the panel, which must be shown.
func statement(b *browser, name string) string {
	b.t.Helper()
	require.False(b.t, eval[bool](b, `document.querySelector("#`+name+`-statement").hidden`), name)
	return eval[string](b, `document.querySelector("#`+name+`-text").textContent`)
}

// awaitOverrides waits until the runtime overrides in force are as expected, and returns them.
func awaitOverrides(t testing.TB, collector *harness.Collector, are func([]inspectedOverride) bool) (last []inspectedOverride) {
	t.Helper()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		last = slices.DeleteFunc(inspectNamespaces(t, collector).Overrides, func(o inspectedOverride) bool { return o.Source != "runtime_override" })
		return are(last)
	}), "the overrides in force: %v", last)
	return last
}

func awaitOverride(t testing.TB, collector *harness.Collector) inspectedOverride {
	t.Helper()
	return awaitOverrides(t, collector, func(all []inspectedOverride) bool { return len(all) == 1 })[0]
}

func awaitNoOverride(t testing.TB, collector *harness.Collector) {
	t.Helper()
	awaitOverrides(t, collector, func(all []inspectedOverride) bool { return len(all) == 0 })
}

// What the page says changes a rate does so in psql, for exactly the namespace that it was asked for, and what it says undoes it does that.
func TestSQLFromThePageWorksInPsql(t *testing.T) {
	t.Parallel()
	dsn := newOverridesDatabase(t, sharedCluster(t))
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: fmt.Sprintf(`
sample_rate: 0.1
postgres: {dsn: %q, layout: none, overrides: {enabled: true}}`, dsn)})
	execute := executor(t, dsn)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	var user string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_user`).Scan(&user))

	const hour = time.Hour
	cases := []struct {
		name   string
		wanted wanted
		rate   float64
		lasts  time.Duration
	}{
		{"o'brien*", wanted{}, 1, hour},
		{"pay\nments", wanted{}, 1, hour}, // an input field would drop the line break
		{"a::b", wanted{rate: "12.5", signal: "traces", minutes: "15"}, 0.125, hour / 4},
		{"תשלומים", wanted{rate: "0", signal: "metrics", minutes: "240"}, 0, 4 * hour},
		{"\u202egnp.exe\tx", wanted{rate: "0.001", signal: "logs", minutes: "1440"}, 0.00001, 24 * hour},
		{`back\slash`, wanted{minutes: "0", reason: `it's "on fire"\`, author: "al'ice"}, 1, 0},
		{"\u202e" + `'); DROP TABLE tasks; --\+000041`, wanted{reason: "a\u202eb \\ '", author: "bob"}, 1, hour},
		{"Ünïcode 🚀", wanted{rate: "33.3333", reason: " 🚀 "}, 0.333333, hour},
		{`'; \! touch pwned`, wanted{}, 1, hour},
		{"", wanted{rate: "50"}, 0.5, hour},
	}
	client, r := harness.NewClient(t, collector), random()
	for _, c := range append(cases, cases[0]) {
		attributes := attrs{}
		if c.name != "" {
			attributes["namespace"] = c.name
		}
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attributes)))
	}
	client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"namespace": "budgeted"})))

	b := open(t, "http://"+collector.Inspect()+"/")
	for _, c := range cases {
		eval[bool](b, `document.querySelector("#wanted").reset() ?? true`)
		changeRate(b, c.name, c.wanted)
		change, undo := statement(b, "change"), statement(b, "undo")
		assert.Equal(t, "To undo it", eval[string](b, `document.querySelector("#undo-title").textContent`))
		assert.True(t, eval[bool](b, `document.querySelector("#remove-statement").hidden`))
		assert.NotContains(t, change, "\t", "no terminal completes it")
		assert.NotContains(t, change, "\u202e", "it is read in the order in which it is executed")

		began := time.Now()
		psql(t, dsn, change)
		o := awaitOverride(t, collector)
		assert.Equal(t, c.name, o.Key)
		signal, reason, author := c.wanted.signal, strings.TrimSpace(c.wanted.reason), c.wanted.author
		if signal == "" {
			signal = "all"
		}
		if reason == "" {
			reason = "incident"
		}
		if author == "" {
			author = user
		}
		assert.Equal(t, []string{signal, reason, author}, []string{o.Signal, o.Reason, o.UpdatedBy}, "%q", c.name)
		if assert.NotNil(t, o.SampleRate) {
			assert.InDelta(t, c.rate, *o.SampleRate, 0, "%q", c.name)
		}
		if c.lasts == 0 {
			assert.Nil(t, o.ExpiresAt)
		} else if assert.NotNil(t, o.ExpiresAt) {
			assert.WithinRange(t, *o.ExpiresAt, began.Add(c.lasts-time.Second), time.Now().Add(c.lasts))
		}
		eval[bool](b, `(load(), true)`) // at once, and not after two seconds
		b.await(`data.overrides.length === 1`)
		assert.Equal(t, undo, statement(b, "undo"), "it undoes what was pasted")
		psql(t, dsn, change) // pasted twice
		psql(t, dsn, undo)
		awaitNoOverride(t, collector)
		eval[bool](b, `(load(), true)`)
		b.await(`data.overrides.length === 0`)
	}

	t.Run("a row is put back", func(t *testing.T) {
		execute(`INSERT INTO namespace_sampling_overrides (namespace, signal, items_per_second, expires_at, reason, updated_by)
			VALUES ('budgeted', 'traces', 0.1, '2099-01-02T03:04:05.678901Z', 'it''s dear', 'carol')`)
		before := awaitOverride(t, collector)
		b.await(`data.overrides.length === 1`)
		eval[bool](b, `document.querySelector("#wanted").reset() ?? true`)
		changeRate(b, "budgeted", wanted{signal: "traces"})
		assert.Equal(t, "To put back the row that is there", eval[string](b, `document.querySelector("#undo-title").textContent`))
		assert.Contains(t, eval[string](b, `document.querySelector("#change-how").textContent`), "It takes the place of a row.")
		change, undo, remove := statement(b, "change"), statement(b, "undo"), statement(b, "remove")

		psql(t, dsn, change)
		awaitOverrides(t, collector, func(all []inspectedOverride) bool {
			return len(all) == 1 && all[0].SampleRate != nil && *all[0].SampleRate == 1
		})
		psql(t, dsn, undo)
		awaitOverrides(t, collector, func(all []inspectedOverride) bool { return len(all) == 1 && assert.ObjectsAreEqual(before, all[0]) })
		var isSame bool
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT date_trunc('milliseconds', expires_at) = '2099-01-02T03:04:05.678Z' FROM namespace_sampling_overrides`).Scan(&isSame))
		assert.True(t, isSame, "to the millisecond")
		psql(t, dsn, remove)
		awaitNoOverride(t, collector)
	})

	t.Run("a rate that is none", func(t *testing.T) {
		changeRate(b, "budgeted", wanted{rate: "101"})
		assert.True(t, eval[bool](b, `["change", "undo", "remove"].every((name) => document.querySelector("#" + name + "-statement").hidden)`))
		assert.Contains(t, eval[string](b, `document.querySelector("#change-how").textContent`), "from 0 to 100")
	})

	t.Run("copied", func(t *testing.T) {
		permit := func(name string, setting cdpbrowser.PermissionSetting) {
			b.run(cdpbrowser.SetPermission(&cdpbrowser.PermissionDescriptor{Name: name}, setting))
		}
		permit("clipboard-read", cdpbrowser.PermissionSettingGranted)
		eval[bool](b, `document.querySelector("#wanted").reset() ?? true`)
		changeRate(b, "\u202egnp.exe\tx", wanted{reason: `it's "on fire"\`})
		for name, setting := range map[string]cdpbrowser.PermissionSetting{"change": cdpbrowser.PermissionSettingGranted, "undo": cdpbrowser.PermissionSettingDenied} {
			permit("clipboard-write", setting) // without it, the text is selected and copied as by hand
			eval[bool](b, `(document.querySelector("#copied").textContent = "", true)`)
			b.run(chromedp.Click(`[data-copies="`+name+`-text"]`, chromedp.ByQuery))
			b.await(`document.querySelector("#copied").textContent === "Copied."`)
			var copied string
			b.run(chromedp.Evaluate(`navigator.clipboard.readText()`, &copied, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
			assert.Equal(t, statement(b, name), copied)
		}
		b.screen(1180, 760, "light")
		b.shot("SQL in the panel")
	})
}

// Without runtime overrides, the page says what to add to the configuration. The collector takes it, for exactly that namespace.
func TestYAMLFromThePageIsAValidConfiguration(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.1"})
	client, r := harness.NewClient(t, collector), random()
	cases := map[string]wanted{
		"a::b": {minutes: "240"}, "$HOME": {rate: "25", signal: "traces"}, "o'brien*": {rate: "0", signal: "logs", minutes: "0"}, "${env:HOME} \"\t🚀": {signal: "metrics"},
	}
	for name := range cases {
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"namespace": name})))
	}
	b := open(t, "http://"+collector.Inspect()+"/")
	for name, w := range cases {
		eval[bool](b, `document.querySelector("#wanted").reset() ?? true`)
		began := time.Now()
		changeRate(b, name, w)
		assert.Contains(t, eval[string](b, `document.querySelector("#change-how").textContent`), "Runtime overrides are not enabled")
		pasted := filepath.Join(t.TempDir(), "pasted.yaml")
		require.NoError(t, os.WriteFile(pasted, []byte(statement(b, "change")), 0o600))
		code, output := otelcol(t, "validate", "--config", withProcessor(t, "sample_rate: 0.1"), "--config", pasted)
		require.Zero(t, code, "%s\n%s", statement(b, "change"), output)

		other := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.1", Base: pasted})
		all := inspectNamespaces(t, other).Overrides
		other.Stop()
		require.Len(t, all, 1)
		assert.Equal(t, name, all[0].Key)
		if w.signal == "" {
			assert.Equal(t, "all", all[0].Signal)
		} else {
			assert.Equal(t, w.signal, all[0].Signal)
		}
		if want := map[string]float64{"": 1, "25": 0.25, "0": 0}[w.rate]; assert.NotNil(t, all[0].SampleRate) {
			assert.InDelta(t, want, *all[0].SampleRate, 0)
		}
		lasts := map[string]time.Duration{"": time.Hour, "240": 4 * time.Hour}[w.minutes]
		if lasts == 0 {
			assert.Nil(t, all[0].ExpiresAt)
		} else if assert.NotNil(t, all[0].ExpiresAt) {
			assert.WithinRange(t, *all[0].ExpiresAt, began.Add(lasts-2*time.Second), time.Now().Add(lasts))
		}
	}
}
