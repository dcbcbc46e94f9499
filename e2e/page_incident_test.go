// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// inspectedOverride is an override as /namespaces shows it.
type inspectedOverride struct {
	Key, Signal, Source, Reason string
	UpdatedBy                   string     `json:"updated_by"`
	SampleRate                  *float64   `json:"sample_rate"`
	ItemsPerSecond              float64    `json:"items_per_second"`
	ExpiresAt                   *time.Time `json:"expires_at"`
}

// inspected is the part of /namespaces that is compared with what the page says.
type inspected struct {
	Overrides []inspectedOverride
	State     struct {
		Lookups []struct {
			Attribute    string
			RefusedSince *time.Time `json:"refused_since"`
			Error        *string
		}
	}
}

func inspectNamespaces(t testing.TB, collector *harness.Collector) (n inspected) {
	t.Helper()
	_, body := inspect(t, collector, "/namespaces", nil)
	require.NoError(t, json.Unmarshal([]byte(body), &n))
	return n
}

// js returns a text as an expression of JavaScript.
func js(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // no text fails
	}
	return string(quoted)
}

// pageRow is an expression for the row of a namespace, or for that of items without one. It is undefined if there is none.
func pageRow(name string) string {
	if name == "" {
		name = "without a namespace"
	}
	return `[...document.querySelectorAll("#namespaces tbody tr")].find((row) => row.querySelector("bdi")?.textContent === ` + js(name) + `)`
}

// shownTags returns the tags in an element that are not hidden.
func shownTags(b *browser, element string) []string {
	b.t.Helper()
	return eval[[]string](b, `[...`+element+`.querySelectorAll(".tag")].filter((e) => !e.hidden).map((e) => e.textContent)`)
}

// partsOf returns the texts of the parts of each item of a list.
func partsOf(b *browser, list string) [][]string {
	b.t.Helper()
	return eval[[][]string](b, `[...document.querySelectorAll("`+list+` > li")].map((li) => [...li.children].map((part) => part.textContent))`)
}

// executor returns a function that executes statements on a connection of its own.
func executor(t testing.TB, dsn string) func(statement string, arguments ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return func(statement string, arguments ...any) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement, arguments...)
		require.NoError(t, err)
	}
}

// steadily sends spans of a namespace every 100 ms until the test ends.
func steadily(t testing.TB, client *harness.Client, namespace string, n int) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		ticker, r := time.NewTicker(100*time.Millisecond), random()
		defer ticker.Stop()
		for {
			if err := client.TryTraces(ctx, traces(t, nil, nil, randomSpans(r, n, attrs{"namespace": namespace})...)); ctx.Err() == nil {
				assert.NoError(t, err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// A lookup that Postgres refuses is a problem at the top of the page, in the server's words, until it is repaired. That needs no telemetry.
func TestThePageShowsARefusedLookupUntilItIsRepaired(t *testing.T) {
	t.Parallel()
	known, fresh := newTask("payments"), newTask("orders")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, known, fresh)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Sink: sink, Inspect: plain, Expect: []string{"Postgres refuses the lookup"}, Processor: resolving(dsn, ""),
	})
	client, r, execute := harness.NewClient(t, collector), random(), executor(t, dsn)
	client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"task_uuid": known.UUID})))
	require.Len(t, sink.Spans(), 1)
	assert.Equal(t, "payments", sink.Spans()[0].Attributes().AsRaw()["namespace"])
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(pageRow("payments") + `!== undefined`)
	assert.True(t, eval[bool](b, `document.querySelector("#problems").hidden`), "nothing is wrong")

	execute(`ALTER TABLE tasker.tasks RENAME TO tasks_before`)
	began := time.Now()
	client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"task_uuid": fresh.UUID})))
	const shown = `[...document.querySelectorAll("#problems-list li")].find((li) => li.textContent.includes("refuses"))` // besides that a key was not answered
	b.await(shown + ` !== undefined`)
	t.Logf("refused: on the page after %v", time.Since(began).Round(time.Millisecond))
	problem := eval[string](b, shown+`.textContent`)
	assert.Contains(t, problem, "task_uuid")
	assert.Contains(t, problem, "Postgres refuses the lookup; keys that are not cached are not resolved: unresolved items take the global rate 25 %")
	assert.Contains(t, problem, `relation "tasker.tasks" does not exist`)
	assert.Contains(t, problem, "postgres::lookups")
	assert.True(t, eval[bool](b, shown+`.classList.contains("severe") && !document.querySelector("#problems").hidden`))
	assert.Regexp(t, `^[12] problems? · namespace_sampler$`, eval[string](b, `document.title`))
	assert.Contains(t, eval[string](b, `document.querySelector("#state").textContent`), "1 lookup refused")
	assert.True(t, eval[bool](b, `document.querySelector("#problems").getBoundingClientRect().top < document.querySelector("#now").getBoundingClientRect().top`))
	b.screen(1180, 760, "light")
	b.shot("refused lookup")
	refused := 0
	for _, l := range inspectNamespaces(t, collector).State.Lookups {
		assert.Equal(t, l.RefusedSince == nil, l.Error == nil)
		if l.RefusedSince == nil {
			continue
		}
		refused++
		assert.Equal(t, "task_uuid", l.Attribute)
		assert.WithinRange(t, *l.RefusedSince, began.Add(-time.Second), time.Now())
		assert.Contains(t, *l.Error, "tasker.tasks")
	}
	assert.Equal(t, 1, refused)

	execute(`ALTER TABLE tasker.tasks_before RENAME TO tasks`)
	began = time.Now()
	b.await(shown + ` === undefined`)
	t.Logf("repaired: gone from the page after %v, without telemetry", time.Since(began).Round(time.Millisecond))
	b.await(`document.querySelector("#problems").hidden`)
	assert.Empty(t, partsOf(b, "#problems-list"))
	assert.Equal(t, "namespace_sampler", eval[string](b, `document.title`))
	state := inspectNamespaces(t, collector).State
	assert.NotEmpty(t, state.Lookups)
	for _, l := range state.Lookups {
		assert.Nil(t, l.RefusedSince)
		assert.Nil(t, l.Error)
	}
}

// An override that begins and is removed shows in the row, in what happens now, at the top of the page, and in the last changes.
func TestThePageShowsARateThatFlips(t *testing.T) {
	t.Parallel()
	dsn := newOverridesDatabase(t, sharedCluster(t))
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: fmt.Sprintf(`
sample_rate: 0.1
postgres: {dsn: %q, layout: none, overrides: {enabled: true}}`, dsn)})
	steadily(t, harness.NewClient(t, collector), "payments", 50)
	execute, row := executor(t, dsn), pageRow("payments")
	share := `Number.parseFloat(` + row + `?.querySelector(".kept").style.getPropertyValue("--share"))`
	const headline = `document.querySelector("#now .signal .headline").textContent`

	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(share + ` > 5 && ` + share + ` < 15 && data.now.seconds > 5`)
	assert.Equal(t, "10 %", eval[string](b, row+`.querySelector(".rate").textContent`))
	assert.Regexp(t, `^[\d.,]+ of [\d.,]+/s$`, eval[string](b, row+`.querySelector(".numbers").textContent`))
	assert.Regexp(t, `^[\d.,]+/s in, [\d.,]+/s kept \(([5-9]|1[0-5]) %\)$`, eval[string](b, headline))
	assert.Equal(t, []bool{true, false, false}, eval[[]bool](b, `[...document.querySelectorAll("#now .plot")].map((plot) => getComputedStyle(plot).visibility === "visible")`), "no lines of what does not arrive")
	assert.True(t, eval[bool](b, `document.querySelector("#temporary").hidden && document.querySelector("#changes-section").hidden`))

	execute(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
		VALUES ('payments', 1, now() + interval '42 minutes', 'incident 7', 'alice')`)
	began := time.Now()
	b.await(row + `.querySelector(".rate").textContent === "100 %"`)
	t.Logf("the row says 100 %% after %v", time.Since(began).Round(time.Millisecond))
	assert.Equal(t, []string{"temporary"}, shownTags(b, row))
	assert.Regexp(t, `^ends in 4[12] min`, eval[string](b, row+`.querySelector(".until").textContent`))
	assert.False(t, eval[bool](b, `document.querySelector("#temporary").hidden`))
	assert.True(t, eval[bool](b, `document.querySelector("#temporary").getBoundingClientRect().bottom <= document.querySelector("#namespaces").getBoundingClientRect().top`), "above the table")
	list := partsOf(b, "#temporary-list")
	require.Len(t, list, 1)
	assert.Equal(t, []string{"payments", "100 %", "for all signals, runtime override"}, list[0][:3])
	assert.Regexp(t, `^ends in 4[12] min`, list[0][3])
	assert.Equal(t, "incident 7, by alice", list[0][5])
	list = partsOf(b, "#changes-list")
	require.Len(t, list, 1)
	assert.Regexp(t, `^\d\d:\d\d:\d\d, (now|\d+ s ago|\d+ min .*)$`, list[0][0])
	assert.Equal(t, []string{"payments", "10 % → 100 %", "for all signals, runtime override in force"}, list[0][1:4])
	assert.Regexp(t, `^ends \d\d/\d\d/\d{4}, \d\d:\d\d:\d\d$`, list[0][4])
	assert.Equal(t, "incident 7, by alice", list[0][5])
	b.await(share + ` === 100`)
	t.Logf("the bar of the row is full after %v; the window is %v s", time.Since(began).Round(time.Millisecond), eval[float64](b, `data.now.seconds`))
	assert.LessOrEqual(t, eval[float64](b, `data.now.seconds`), 15.0, "a window, and not all since the start")
	b.await(`/\(100 %\)$/.test(` + headline + `)`)
	assert.Regexp(t, `^[\d,]+ of [\d,]+ in all$`, eval[string](b, row+`.querySelector(".all").textContent`))
	b.screen(1180, 760, "light")
	b.shot("flipped rate")

	execute(`DELETE FROM namespace_sampling_overrides`)
	began = time.Now()
	b.await(row + `.querySelector(".rate").textContent === "10 %"`)
	t.Logf("the row says 10 %% again after %v", time.Since(began).Round(time.Millisecond))
	assert.True(t, eval[bool](b, `document.querySelector("#temporary").hidden`))
	assert.Empty(t, shownTags(b, row))
	list = partsOf(b, "#changes-list")
	require.Len(t, list, 2)
	assert.Equal(t, []string{"payments", "100 % → 10 %", "for all signals, runtime override removed"}, list[0][1:4])
	b.await(share + ` < 15`)
}

// An override that changes nothing says so where it is looked for.
func TestThePageShowsOverridesThatChangeNothing(t *testing.T) {
	t.Parallel()
	dsn := newOverridesDatabase(t, sharedCluster(t))
	insert(t, dsn, taskerdb.LayoutTasker, newTask("payments"), newTask("orders"), newTask("shipping"))
	execute := executor(t, dsn)
	execute(`ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1`)
	execute(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0.5), ('shipping', 2)`)
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), Inspect: plain, Expect: []string{"a row of the runtime overrides is skipped", "an override names no registered"}, Processor: fmt.Sprintf(`
sample_rate: 0.1
namespaces: {payments: 1, ordres: 0.5}
postgres: {dsn: %q, overrides: {enabled: true}}`, dsn),
	})
	client, r := harness.NewClient(t, collector), random()
	for _, name := range []string{"payments", "orders", "shipping"} {
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(r), "", attrs{"namespace": name})))
	}
	b := open(t, "http://"+collector.Inspect()+"/")
	skipped := `row skipped: sample rate must be between 0 and 1, got 2 (for 2 % write 0.02)`
	b.await(pageRow("shipping") + `?.textContent.includes(` + js(skipped) + `)`)
	assert.Contains(t, shownTags(b, pageRow("shipping")), skipped)
	assert.NotContains(t, shownTags(b, pageRow("orders")), skipped)
	assert.Equal(t, "10 %", eval[string](b, pageRow("shipping")+`.querySelector(".rate").textContent`), "it changes nothing")
	assert.Contains(t, eval[string](b, `document.querySelector("#problems-list").textContent`), "1 row of the table of runtime overrides is skipped")

	eval[bool](b, `document.querySelector("#overrides").open = true`)
	b.await(`/did you mean orders\?/.test(document.querySelector("#overrides-list").textContent)`)
	const item = `[...document.querySelectorAll("#overrides-list li")].find((li) => li.textContent.includes("%s") && li.textContent.includes("%s"))`
	assert.Equal(t, []string{"no such namespace is registered; did you mean orders?"}, shownTags(b, fmt.Sprintf(item, "ordres", "override")))
	assert.Equal(t, []string{"superseded"}, shownTags(b, fmt.Sprintf(item, "payments", "100 %")))
	assert.Equal(t, []string{"no end, no reason, no author"}, shownTags(b, fmt.Sprintf(item, "payments", "runtime override")))
	execute(`UPDATE namespace_sampling_overrides SET sample_rate = 0.2 WHERE namespace = 'shipping'`)
	b.await(`!(` + pageRow("shipping") + `).textContent.includes("row skipped: ") || (` + pageRow("shipping") + `).querySelector(".tag.bad").hidden`)
	b.await(`document.querySelector("#problems").hidden`)
}
