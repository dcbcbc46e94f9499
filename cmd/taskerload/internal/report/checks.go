// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Check is one statement about a run.
type Check struct {
	Name   string
	Faults int
	Hint   string // what to look at if there are faults
}

// Checks judges the run. Each check is exact: a single wrong item fails it.
func (r *Run) Checks() []Check {
	spans, points := r.Spans, r.Points
	missing := func(r *ledger.Row) int { return r.Missing }
	unexpected := func(r *ledger.Row) int { return r.Unexpected }
	tracestate := func(r *ledger.Row) int { return r.WrongTracestate }
	namespace := func(r *ledger.Row) int { return r.WrongNamespace }
	repeated := func(r *ledger.Row) int { return r.Repeated }
	altered := func(r *ledger.Row) int { return r.Altered }
	notSampled := keepFaults(points.Rows[oracle.LabelNotSampled])

	checks := []Check{
		{
			"spans: exactly the expected spans are kept",
			spans.Sum(missing) + spans.Sum(unexpected) + spans.Unknown,
			"rates and thresholds of the rows marked FAIL; for spans without a namespace also the lookups",
		},
		{
			"spans: every tracestate is as expected",
			spans.Sum(tracestate),
			"sampling_precision, and other components in the pipeline that edit tracestates",
		},
		{
			"spans: resolved and inherited namespaces are written, nothing else is changed",
			spans.Sum(namespace) + spans.Sum(altered),
			"whether the database holds the tasks of this --seed and --tasks",
		},
		{
			"data points: exactly the expected series are kept",
			points.Sum(missing) + points.Sum(unexpected) + points.Unknown - notSampled,
			"rates of the rows marked FAIL, and ADR 002 for the identity of a series",
		},
		{
			"data points: every value is unchanged",
			points.Sum(altered),
			"cumulative values and gauges must not be rescaled",
		},
		{
			"data points: resolved namespaces are written if absent",
			points.Sum(namespace),
			"whether the database holds the tasks of this --seed and --tasks",
		},
		{
			"data points: metrics that are not sampled are all kept",
			notSampled,
			"metrics without a namespace and without a lookup attribute must not be sampled",
		},
		{
			"nothing arrived twice",
			spans.Sum(repeated) + points.Sum(repeated) + r.Records.Sum(repeated),
			"retries of the exporter, and other senders to the listening address",
		},
	}
	checks = append(checks, r.increaseChecks()...)
	checks = append(checks, r.recordChecks()...)
	checks = append(checks, r.traceChecks()...)
	checks = append(checks, r.workflowChecks()...)
	return append(checks, r.counterChecks()...)
}

// keepFaults is the number of missing and unexpected items of a row.
func keepFaults(r *ledger.Row) int {
	if r == nil {
		return 0
	}
	return r.Missing + r.Unexpected
}

// traceChecks requires whole traces to stay whole. Traces that are cut, or whose spans are decided one by one, may not.
func (r *Run) traceChecks() []Check {
	if !r.RatePerTrace || r.Cut {
		return nil
	}
	all := allTraces(r.Traces)
	checks := []Check{{
		"traces: every trace that is kept is complete",
		all.kept - all.complete,
		"the table of traces, and the spans that are missing",
	}}
	if r.KeepsFailed {
		failing := allTraces(failing(r.Traces))
		checks = append(checks, Check{
			"failing traces: all are kept whole",
			failing.sent - failing.complete,
			"tracing::always_keep_traces, and the spans that are missing",
		})
	}
	return checks
}

// Passed reports whether all checks of the run pass.
func (r *Run) Passed() bool { return passed(r.Checks()) }

func passed(checks []Check) bool { return countFailed(checks) == 0 }

func countFailed(checks []Check) (failed int) {
	for _, c := range checks {
		if c.Faults > 0 {
			failed++
		}
	}
	return failed
}

// printChecks prints the checks, and examples of faults in the runs.
func printChecks(b *strings.Builder, checks []Check, runs ...*Run) {
	fmt.Fprintf(b, "\nCHECKS\n")
	for _, c := range checks {
		c.print(b)
	}
	printExamples(b, runs...)
}

func (c *Check) print(b *strings.Builder) {
	if c.Faults == 0 {
		fmt.Fprintf(b, "  ok    %s\n", c.Name)
		return
	}
	fmt.Fprintf(b, "  FAIL  %s: %s wrong\n        look at: %s\n", c.Name, Thousands(c.Faults), c.Hint)
}

// printExamples prints examples of faults. Those of all runs but the first have a title.
func printExamples(b *strings.Builder, runs ...*Run) {
	for i, r := range runs {
		title := ""
		if i > 0 {
			title = r.Title + ": "
		}
		for _, s := range []*ledger.Summary{r.Spans, r.Points, r.Records} {
			for _, example := range s.Examples {
				fmt.Fprintf(b, "  e.g.  %s%s\n", title, example)
			}
		}
	}
}

// printResult prints the last line.
func printResult(b *strings.Builder, command string, checks []Check) {
	if failed := countFailed(checks); failed > 0 {
		fmt.Fprintf(b, "\n%s FAILED: %d of %d checks\n", command, failed, len(checks))
		return
	}
	fmt.Fprintf(b, "\n%s passed: %d checks\n", command, len(checks))
}
