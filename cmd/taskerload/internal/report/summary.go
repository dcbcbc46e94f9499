// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
)

// shownNamespaces is how many namespaces the summary shows: those with rates of their own first.
const shownNamespaces = 5

// Summary returns the verdict on all runs, and what they show, on one page.
func (c *Comparison) Summary(style terminal.Style) string {
	var b strings.Builder
	c.printVerdict(&b, style)
	c.Main.printShares(&b, style)
	printWholeWorkflows(&b, style, c.ByTraceID, c.ByWorkflow)
	printGrowth(&b, style, c.Main.Points.Increases)
	c.printKeys(&b, style)
	return b.String()
}

// printVerdict prints what was shown, or every check that fails.
func (c *Comparison) printVerdict(b *strings.Builder, style terminal.Style) {
	checks := c.checks()
	if failed := countFailed(checks); failed > 0 {
		fmt.Fprintf(b, "%s  %d of %d checks\n\n", style.Red("FAIL"), failed, len(checks))
		for _, check := range checks {
			if check.Faults > 0 {
				check.print(b)
			}
		}
		printExamples(b, c.runs()...)
		return
	}
	items := 0
	for _, r := range c.runs() {
		items += r.Spans.Sent + r.Points.Sent + r.Records.Sent
	}
	traces, workflows := allTraces(sampled(c.Main.Traces, c.Main.KeepsFailed)), c.ByWorkflow.undisputed()
	fmt.Fprintf(b, "%s  %d of %d checks: %s spans, data points and log records were sent in %d runs,\n",
		style.Green("PASS"), len(checks), len(checks), Thousands(items), len(c.runs()))
	fmt.Fprintf(b, "      and each was kept or dropped as its rate requires. %s of %s kept traces are whole,\n"+
		"      and so are %s of %s workflows that are kept by their correlation ID.\n",
		Thousands(traces.complete), Thousands(traces.kept), Thousands(workflows.complete), Thousands(workflows.kept))
}

func printTitle(b *strings.Builder, style terminal.Style, title, legend string) {
	fmt.Fprintf(b, "\n%s   %s\n", title, style.Dim("("+legend+")"))
}

// printShares shows what was kept of some namespaces beside the rate that was asked for.
func (r *Run) printShares(b *strings.Builder, style terminal.Style) {
	printTitle(b, style, "KEPT OF SINGLE TASKS", glyphFirst+" by rate, "+glyphSecond+" because the trace failed; share: without "+glyphSecond)
	t := table{header: []string{"namespace", "signal", "sent", "kept", "share", "asked for", ""}, left: 2}
	for _, label := range r.shownLabels() {
		first := label
		for _, s := range []struct {
			name string
			*ledger.Summary
		}{{"spans", r.Spans}, {"data points", r.Points}, {"log records", r.Records}} {
			row := s.Rows[label]
			if row == nil {
				continue
			}
			byRate, decided := row.Kept-row.Failing, row.Sent-row.Failing
			t.add(first, s.name, Thousands(row.Sent), Thousands(row.Kept), percent(byRate, decided)+" %", FormatRate(100*row.Rate)+" %",
				bar(style, float64(byRate), float64(row.Failing), float64(row.Sent)))
			first = ""
		}
	}
	t.print(b)
}

// shownLabels returns the namespaces with the highest rates of their own, and fills up with those that have most spans.
func (r *Run) shownLabels() []string {
	rows := slices.DeleteFunc(sortedRows(r.Spans), func(row *ledger.Row) bool { return strings.HasPrefix(row.Label, "(") })
	slices.SortStableFunc(rows, func(a, b *ledger.Row) int {
		ownA, ownB := a.Rule == oracle.RuleExact, b.Rule == oracle.RuleExact
		switch {
		case ownA && ownB:
			return cmp.Compare(b.Rate, a.Rate)
		case ownA:
			return -1
		case ownB:
			return 1
		default:
			return cmp.Compare(b.Sent, a.Sent)
		}
	})
	labels := make([]string, 0, shownNamespaces)
	for _, row := range rows[:min(len(rows), shownNamespaces)] {
		labels = append(labels, row.Label)
	}
	return labels
}

// undisputed counts the workflows without those about which another sampler has decided.
func (r *Run) undisputed() (all completeness) {
	lines := countWorkflows(r.Workflows)
	total, overruled := lines[labelAll], lines[labelOverruled]
	return completeness{total.sent - overruled.sent, total.kept - overruled.kept, total.complete - overruled.complete}
}

func printWholeWorkflows(b *strings.Builder, style terminal.Style, runs ...*Run) {
	overruled := countWorkflows(runs[0].Workflows)[labelOverruled].sent
	printTitle(b, style, "WORKFLOWS", fmt.Sprintf("%s kept whole, %s in part; without %s about which another sampler decided",
		glyphFirst, glyphSecond, Thousands(overruled)))
	t := table{header: []string{"", "sent", "kept", "whole", ""}, left: 1}
	for _, r := range runs {
		all := r.undisputed()
		t.add(r.decidedBy(), Thousands(all.sent), Thousands(all.kept), Thousands(all.complete),
			bar(style, float64(all.complete), float64(all.kept-all.complete), float64(all.sent)))
	}
	t.print(b)
}

// printGrowth shows that growth is that of what was kept and of what remainders add up to.
func printGrowth(b *strings.Builder, style terminal.Style, i *ledger.Increases) {
	if i == nil {
		return
	}
	printTitle(b, style, "GROWTH", fmt.Sprintf("of %s counters and histograms; %s in kept series, %s in remainders", Thousands(i.Series), glyphFirst, glyphSecond))
	t := table{header: []string{"", "sent", "kept", "remainder", "difference", ""}, left: 1}
	for _, line := range increaseLines {
		sent, kept, remainder, off := i.Total(line.isHistogram, line.number)
		t.add(line.label, rounded(sent), rounded(kept), rounded(remainder), fmt.Sprintf("%.6g", off), bar(style, kept, remainder, sent))
	}
	t.print(b)
}

// printKeys shows what lookups cost.
func (c *Comparison) printKeys(b *strings.Builder, style terminal.Style) {
	r := c.Main
	if r.Growth == nil {
		return
	}
	answered := func(outcome string) int { return int(r.Growth.Sum("lookup_keys", "outcome", outcome)) }
	hit, asked := answered("hit"), answered("resolved")+answered("unknown")+answered("unavailable")
	printTitle(b, style, "LOOKUPS", glyphFirst+" keys that the cache answered, "+glyphSecond+" keys that Postgres was asked for")
	t := table{header: []string{"", "keys", "cache", "Postgres", "round trips", ""}, left: 1}
	t.add("all signals", Thousands(hit+asked), Thousands(hit), Thousands(asked), Thousands(r.Growth.Total("lookup_round_trips")),
		bar(style, float64(hit), float64(asked), float64(hit+asked)))
	t.print(b)
	fmt.Fprintf(b, "  keys for spans: %s (%s), %s (%s), %s (%s)\n",
		Thousands(c.Ratio.spanKeys()), c.Ratio.Title, Thousands(r.spanKeys()), r.Title, Thousands(c.Low.spanKeys()), c.Low.Title)
}
