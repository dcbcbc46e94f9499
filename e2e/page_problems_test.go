// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// documentation is where the page links to.
const documentation = "https://github.com/otelcol-tasker/otelcol-tasker/blob/main/docs/"

// Telemetry that is sampled otherwise than its operator thinks shows at the top of the page.
func TestThePageShowsProblemsAndTheRateOfItemsWithoutANamespace(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t), Inspect: plain, Expect: []string{malformedKey, cannotAsk, breakerOpens}, Processor: `
sample_rate: 0.5
namespaces: {"": 1}
postgres: {dsn: "postgres://127.0.0.1:1/none", wait: 0s}
`,
	})
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`/without a namespace.*100 %.*none seen/.test(document.querySelector("#sums").textContent)`)
	assert.True(t, eval[bool](b, `document.querySelector("#notices").hidden`))
	assert.NotRegexp(t, `malformed|seven zero bytes`, eval[string](b, `document.querySelector("#problems").textContent`))

	client := harness.NewClient(t, collector)
	r := random()
	for range 3 {
		client.Traces(traces(t, nil, nil,
			newSpan(randomTrace(r), "", attrs{"task_uuid": 42}), newSpan([16]byte{1, 2, 3, 4, 5, 6, 7, 8}, "", attrs{"namespace": "legacy"})))
	}
	b.await(`/3.* malformed[^]*3.* seven zero bytes/.test(document.querySelector("#problems").textContent)`)
	problems := strings.Join(eval[[]string](b, `[...document.querySelectorAll("#problems li")].map((e) => e.textContent)`), "\n")
	assert.Regexp(t, `(?m)^3( \(.*/s\))? values of lookup attributes are malformed; .*postgres::lookups`, problems)
	assert.Regexp(t, `(?m)^3( \(.*/s\))? spans or log records have trace IDs that end in seven zero bytes`, problems)
	assert.Equal(t, documentation+"resolution.md#malformed-keys",
		eval[string](b, `[...document.querySelectorAll("#problems li")].find((e) => e.textContent.includes("malformed")).querySelector("a").href`))
	assert.Regexp(t, `^(\d problems? · )?namespace_sampler$`, eval[string](b, `document.title`))
	b.await(`/without a namespace.*3 of 3/.test(document.querySelector("#sums").textContent)`)
	for width, name := range map[int64]string{1180: "problems", 390: "phone problems"} {
		b.screen(width, 760, "light")
		b.shot(name)
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), int(width))
	}
	assert.Equal(t, 1, collector.Log().Count(malformedKey))
	assert.Equal(t, "it is not a UUID in the form of 8-4-4-4-12 hexadecimal digits", collector.Log().Value("namespace_sampler", "reason"))
}
