// SPDX-License-Identifier: Apache-2.0

package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
)

func aRow(label, rule string, rate float64, sent, kept, failing int) *ledger.Row {
	return &ledger.Row{Group: oracle.Group{Label: label, Rule: rule, Rate: rate}, Sent: sent, Kept: kept, Failing: failing}
}

func aSummary(rows ...*ledger.Row) *ledger.Summary {
	s := &ledger.Summary{Rows: map[string]*ledger.Row{}}
	for _, r := range rows {
		s.Rows[r.Label] = r
		s.Sent += r.Sent
	}
	return s
}

// aComparison returns small runs of which all checks pass.
func aComparison(t *testing.T) *Comparison {
	t.Helper()
	after, err := ledger.Parse(strings.NewReader(`
otelcol_processor_namespace_sampler_lookup_keys_total{outcome="hit"} 30
otelcol_processor_namespace_sampler_lookup_keys_total{outcome="resolved"} 9
otelcol_processor_namespace_sampler_lookup_keys_total{outcome="unknown"} 1
otelcol_processor_namespace_sampler_lookup_round_trips_total 4
`))
	require.NoError(t, err)
	run := func(title string) *Run {
		return &Run{Title: title, Spans: aSummary(), Points: aSummary(), Records: aSummary(), Traces: someTraces(1)}
	}
	main := run("parent_based")
	main.RatePerTrace, main.KeepsFailed, main.Growth = true, true, &ledger.Growth{Before: &ledger.Scrape{}, After: after}
	main.Traces = someTraces(20, 20, 0, 20)
	main.Spans = aSummary(
		aRow("analytics", oracle.RuleExact, 0.01, 40_000, 4400, 4000), aRow("payments", oracle.RuleExact, 1, 10_000, 10_000, 1000),
		aRow("shipping", oracle.RuleGlobal, 0.1, 700, 70, 0), aRow("reporting", oracle.RuleGlobal, 0.1, 900, 90, 0),
		aRow("identity", oracle.RuleGlobal, 0.1, 500, 50, 0), aRow("(none)", oracle.RuleGlobal, 0.1, 5000, 50, 0))
	main.Spans.Keys = 40
	main.Points = aSummary(aRow("payments", oracle.RuleExact, 1, 600, 600, 0), aRow("analytics", oracle.RuleExact, 0.01, 3000, 30, 0))
	main.Points.Increases = &ledger.Increases{Series: 7, Sums: []ledger.Increase{
		{Sent: []float64{5000}, Kept: []float64{1000}, Remainder: []float64{4000}},
		{IsHistogram: true, Sent: []float64{9, 40}, Kept: []float64{9, 40}},
	}}
	c := &Comparison{
		ByTraceID: run("workflows, by trace ID"), ByWorkflow: run("workflows, consistent_by"), Main: main,
		Ratio: run("trace_id_ratio"), Cut: run("cut"), Held: run("hold"), Low: run("rates 0.01"),
	}
	c.ByTraceID.Workflows = ledger.Workflows{"a": parts(3, -1), "b": parts(10, -1), "c": parts(0, -1), "d": overruled(parts(4, -1))}
	c.ByWorkflow.Workflows = ledger.Workflows{"a": parts(10, -1), "b": parts(0, -1), "c": parts(0, -1), "d": overruled(parts(4, -1))}
	c.ByWorkflow.ByWorkflow, c.ByWorkflow.Selects = true, func(workflow string, _ float64) bool { return workflow == "a" }
	for _, r := range []*Run{c.Ratio, c.Low} {
		r.Growth = &ledger.Growth{Before: &ledger.Scrape{}, After: &ledger.Scrape{}}
	}
	c.Ratio.Growth.After, c.Ratio.Spans.Keys = after, 40
	return c
}

const aPage = `PASS  31 of 31 checks: 60,700 spans, data points and log records were sent in 7 runs,
      and each was kept or dropped as its rate requires. 2 of 2 kept traces are whole,
      and so are 1 of 1 workflows that are kept by their correlation ID.

KEPT OF SINGLE TASKS   (█ by rate, ▒ because the trace failed; share: without ▒)
  namespace  signal         sent    kept     share  asked for
  payments   spans        10,000  10,000  100.00 %      100 %  █████████████████████████▒▒▒
             data points     600     600  100.00 %      100 %  ████████████████████████████
  analytics  spans        40,000   4,400    1.11 %        1 %  ▏▒▒·························
             data points   3,000      30    1.00 %        1 %  ▏···························
  reporting  spans           900      90   10.00 %       10 %  ███·························
  shipping   spans           700      70   10.00 %       10 %  ███·························
  identity   spans           500      50   10.00 %       10 %  ███·························

WORKFLOWS   (█ kept whole, ▒ in part; without 1 about which another sampler decided)
                                   sent  kept  whole
  by trace ID                         3     2      1  █████████▒▒▒▒▒▒▒▒▒▒·········
  consistent_by: [correlation_id]     3     1      1  █████████···················

GROWTH   (of 7 counters and histograms; █ in kept series, ▒ in remainders)
                      sent   kept  remainder  difference
  counters           5,000  1,000      4,000           0  ██████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
  histograms: count      9      9          0           0  ████████████████████████████
  histograms: sum       40     40          0           0  ████████████████████████████

LOOKUPS   (█ keys that the cache answered, ▒ keys that Postgres was asked for)
               keys  cache  Postgres  round trips
  all signals    40     30        10            4  █████████████████████▒▒▒▒▒▒▒
  keys for spans: 40 (trace_id_ratio), 40 (parent_based), 0 (rates 0.01)
`

func TestTheSummaryIsOnePage(t *testing.T) {
	t.Parallel()
	c := aComparison(t)
	require.True(t, c.Passed(), c.Details())
	assert.Equal(t, aPage, c.Summary(terminal.Plain))
}

func TestColoursChangeNoText(t *testing.T) {
	t.Parallel()
	text := aComparison(t).Summary(terminal.Coloured)
	assert.True(t, strings.HasPrefix(text, "\x1b[32mPASS\x1b[0m  31 of 31 checks"), text)
	assert.Contains(t, text, "10 %  \x1b[32m███\x1b[0m\x1b[2m·")
	assert.Equal(t, aPage, regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(text, ""))
}

func TestASummaryOfFailedChecksBeginsWithAllOfThem(t *testing.T) {
	t.Parallel()
	c := aComparison(t)
	c.Main.Spans.Rows["analytics"].Missing = 1200
	c.Main.Spans.Examples = []string{"span 7 of analytics is missing"}
	c.Cut.Points.Unknown = 1
	c.Cut.Points.Examples = []string{"a data point was never sent"}
	require.False(t, c.Passed())
	text := c.Summary(terminal.Plain)
	verdict, rest, _ := strings.Cut(text, "\n\nKEPT")
	assert.Equal(t, `FAIL  2 of 31 checks

  FAIL  spans: exactly the expected spans are kept: 1,200 wrong
        look at: rates and thresholds of the rows marked FAIL; for spans without a namespace also the lookups
  FAIL  cut: everything is as expected here too: 1 wrong
        look at: data points: exactly the expected series are kept (rates of the rows marked FAIL, and ADR 002 for the identity of a series)
  e.g.  span 7 of analytics is missing
  e.g.  cut: a data point was never sent`, verdict)
	assert.Contains(t, rest, "WORKFLOWS", "what was kept is shown all the same")
	assert.True(t, strings.HasPrefix(c.Summary(terminal.Coloured), "\x1b[31mFAIL\x1b[0m"))
}

func TestBarsOfWhatCannotBeDrawnAreEmptyOrCut(t *testing.T) {
	t.Parallel()
	assert.Empty(t, bar(terminal.Plain, 0, 0, 0))
	assert.Equal(t, strings.Repeat("·", barWidth), bar(terminal.Plain, 0, 0, 5))
	assert.Equal(t, strings.Repeat("█", barWidth), bar(terminal.Plain, 7, 5, 5), "more arrived than was sent")
	assert.Equal(t, strings.Repeat("▒", barWidth), bar(terminal.Plain, -3, 8, 5))
	assert.Equal(t, "▏"+strings.Repeat("▒", barWidth-1), bar(terminal.Plain, 1, 999, 1000))
}
