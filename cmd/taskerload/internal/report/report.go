// SPDX-License-Identifier: Apache-2.0

// Package report judges runs and prints them: tables of what was sent and kept, and checks that each hold exactly or fail.
package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

// Run is the result of one run.
type Run struct {
	Title         string
	RatePerTrace  bool // parent_based
	KeepsFailed   bool // traces with a failed span are kept whole
	Cut           bool // traces were sent in several requests
	Holds         bool // spans wait until their trace has a namespace
	HasRemainder  bool // dropped data points are added up
	RecordsFollow bool // log records are kept exactly if their trace is

	Spans, Points, Records *ledger.Summary

	Traces     ledger.Traces
	Workflows  ledger.Workflows                         // nil unless workflows were sent
	ByWorkflow bool                                     // whole workflows are kept
	Selects    func(workflow string, rate float64) bool // whether a rate keeps a workflow, if ByWorkflow
	Growth     *ledger.Growth                           // nil if the collector's own metrics were not read
	StillHeld  int                                      // spans that the collector held when the last request had been answered
	Elapsed    time.Duration                            // until the last item arrived
}

// Single returns the report about a run, and whether all of its checks pass.
func Single(r *Run) (text string, ok bool) {
	var b strings.Builder
	if r.Workflows != nil {
		printWorkflows(&b, r)
	}
	r.print(&b, r)
	checks := r.Checks()
	printChecks(&b, checks, r)
	printResult(&b, "run", checks)
	return b.String(), passed(checks)
}

// print writes everything about a run except its checks. The section about traces compares it with others.
func (r *Run) print(b *strings.Builder, compared ...*Run) {
	printItems(b, "SPANS", r.spansLegend(), r.Spans)
	printItems(b, "DATA POINTS", itemsLegend, r.Points)
	printIncreases(b, r.Points)
	printItems(b, "LOG RECORDS", r.recordsLegend(), r.Records)
	printTraces(b, compared)
	printFollowers(b, compared)
	printLookups(b, r)
	printAdjustedCounts(b, r.Spans)
	printTime(b, r)
}

func printTime(b *strings.Builder, r *Run) {
	n := r.Spans.Sent + r.Points.Sent + r.Records.Sent
	perSecond := int(float64(n) / max(r.Elapsed.Seconds(), 0.001))
	fmt.Fprintf(b, "\nTIME   (until the last item arrived; generating and checking the load shares the cores)\n"+
		"  %s items in %.1f s: %s items per second\n", Thousands(n), r.Elapsed.Seconds(), Thousands(perSecond))
}
