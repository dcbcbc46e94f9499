// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

const (
	// minSaved is the share of trace_id_ratio's keys that parent_based must save if nearly all traces are dropped.
	minSaved = 0.9
	// minComplete is the share of the kept traces that must be complete if traces are cut. A trace can be decided at two
	// rates only if Postgres does not know the keys in its first requests.
	minComplete = 0.99
)

// Comparison holds the runs of the demo. Two have the same workflows. The others have the same spans and log records of single tasks; only
// the main one of them has data points.
type Comparison struct {
	ByTraceID  *Run // workflows without consistent_by
	ByWorkflow *Run // the same with it

	Main  *Run // the configuration as it is
	Ratio *Run // trace_id_ratio
	Cut   *Run // parent_based with cut traces
	Held  *Run // the same, and spans wait until their trace has a namespace
	Low   *Run // parent_based with rates so low that nearly all traces are dropped, and failed ones are not kept
}

// Details returns all tables and checks of all runs.
func (c *Comparison) Details() string {
	var b strings.Builder
	printWorkflows(&b, c.ByTraceID, c.ByWorkflow)
	c.Main.print(&b, c.Ratio, c.Main, c.Cut, c.Held)
	printSavedKeys(&b, c.Ratio, c.Main, c.Low)
	checks := c.checks()
	printChecks(&b, checks, c.runs()...)
	printResult(&b, "demo", checks)
	return b.String()
}

// Passed reports whether all checks of all runs pass.
func (c *Comparison) Passed() bool { return passed(c.checks()) }

// runs returns all runs, the main one first.
func (c *Comparison) runs() []*Run {
	return []*Run{c.Main, c.ByTraceID, c.ByWorkflow, c.Ratio, c.Cut, c.Held, c.Low}
}

// checks judges all runs: the main one in detail.
func (c *Comparison) checks() []Check {
	checks := append(c.ByWorkflow.workflowChecks(), c.Main.Checks()...)
	for _, r := range c.runs()[1:] {
		checks = append(checks, r.summarize())
	}
	return append(checks, checkCut(c.Cut), checkHeld(c.Held, c.Cut), checkSaved(c.Low, c.Ratio))
}

// summarize combines the checks of a run into one.
func (r *Run) summarize() Check { return combine(r.Title, r.Checks()) }

func combine(title string, checks []Check) Check {
	all := Check{Name: title + ": everything is as expected here too"}
	for _, c := range checks {
		if c.Faults > 0 {
			all.Faults += c.Faults
			all.Hint = fmt.Sprintf("%s (%s)", c.Name, c.Hint)
		}
	}
	return all
}

func printSavedKeys(b *strings.Builder, ratio *Run, others ...*Run) {
	fmt.Fprintf(b, "\nKEYS LOOKED UP FOR SPANS   (distinct keys per request, answered by the cache or by Postgres)\n")
	t := table{header: []string{"run", "keys", "saved"}, left: 1, right: true}
	all := ratio.spanKeys()
	t.add(ratio.Title, Thousands(all), "")
	for _, r := range others {
		t.add(r.Title, Thousands(r.spanKeys()), percent(all-r.spanKeys(), all)+" %")
	}
	t.print(b)
	for _, r := range others {
		if r.KeepsFailed && !ratio.KeepsFailed {
			fmt.Fprintf(b, "  %s: with the keys of all failing traces, which the others do not keep\n", r.Title)
		}
	}
}

func checkCut(cut *Run) Check {
	all := allTraces(sampled(cut.Traces, cut.KeepsFailed))
	c := Check{
		Name: cut.Title + ": at least 99 % of the traces that are kept are complete" + exceptFailing(cut),
		Hint: "the table of traces, and how many keys Postgres does not know",
	}
	if float64(all.complete) < minComplete*float64(all.kept) {
		c.Faults = all.kept - all.complete
	}
	return c
}

func exceptFailing(r *Run) string {
	if r.KeepsFailed {
		return ", but for failing ones"
	}
	return ""
}

// checkHeld requires that holding spans makes no smaller share of the traces complete: neither of those that are kept by a rate,
// nor of those that fail.
func checkHeld(held, cut *Run) Check {
	c := Check{
		Name: held.Title + ": no smaller share of the traces is complete than without hold",
		Hint: "the tables of traces",
	}
	compare := func(of func(ledger.Traces) ledger.Traces) {
		with, without := allTraces(of(held.Traces)), allTraces(of(cut.Traces))
		if with.complete*without.kept < without.complete*with.kept {
			c.Faults += with.kept - with.complete
		}
	}
	compare(failing)
	compare(func(traces ledger.Traces) ledger.Traces { return sampled(traces, true) })
	return c
}

func checkSaved(low, ratio *Run) Check {
	most := int((1 - minSaved) * float64(ratio.spanKeys()))
	return Check{
		low.Title + ": at least 90 % of the keys of " + ratio.Title + " are saved",
		max(0, low.spanKeys()-most),
		"lookups for spans of traces that are dropped",
	}
}
