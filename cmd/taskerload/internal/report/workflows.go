// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Labels of workflows that are not in the line of a namespace.
const (
	labelNested    = "(several namespaces)"
	labelOverruled = "(other samplers)"
)

// countWorkflows counts all workflows, and those of each line of the table. A workflow is complete if each of its parts of which
// anything arrived is.
func countWorkflows(workflows ledger.Workflows) map[string]completeness {
	lines := map[string]completeness{}
	for _, w := range workflows {
		label, kept, complete := labelNested, false, true
		for p, count := range w.Parts {
			kept = kept || count.Kept()
			complete = complete && (count.Complete() || !count.Kept())
			if len(w.Parts) == 1 {
				label = p.Namespace
			}
		}
		if w.Overruled {
			label = labelOverruled
		}
		for _, line := range []string{label, labelAll} {
			c := lines[line]
			c.add(kept, kept && complete)
			lines[line] = c
		}
	}
	return lines
}

// printWorkflows compares runs of the same load.
func printWorkflows(b *strings.Builder, runs ...*Run) {
	fmt.Fprintf(b, "\nWORKFLOWS   (each of 3 to 8 tasks, in many traces and series; kept: anything arrived; complete: everything did)\n")
	t := table{header: []string{"namespace", "rate", "sent"}, groups: []group{{"", 3}}, left: 1, right: true}
	lines := make([]map[string]completeness, len(runs))
	for i, r := range runs {
		t.header = append(t.header, "kept", "complete", "share")
		t.groups = append(t.groups, group{r.decidedBy(), 3})
		lines[i] = countWorkflows(r.Workflows)
	}
	line := func(label, rate string) {
		if lines[0][label].sent == 0 {
			return
		}
		cells := []string{label, rate, Thousands(lines[0][label].sent)}
		for i := range runs {
			cells = append(cells, lines[i][label].cells()...)
		}
		t.add(cells...)
	}
	for _, r := range sortedRows(runs[0].Spans) {
		line(r.Label, FormatRate(r.Rate))
	}
	line(labelNested, "")
	line(labelOverruled, "")
	line(labelAll, "")
	t.print(b)
	fmt.Fprintf(b, "  sent in each run: %s spans in %s traces, %s data points, %s log records\n",
		Thousands(runs[0].Spans.Sent), Thousands(len(runs[0].Traces)), Thousands(runs[0].Points.Sent), Thousands(runs[0].Records.Sent))
	fmt.Fprintf(b, "  %s: complete in each namespace of which anything is kept; %s: a trace or a log record came with a decision of another sampler\n",
		labelNested, labelOverruled)
}

func (r *Run) decidedBy() string {
	if r.ByWorkflow {
		return "consistent_by: [" + oracle.WorkflowAttribute + "]"
	}
	return "by trace ID"
}

// workflowChecks requires that workflows are kept whole, but for those about which another sampler has decided.
func (r *Run) workflowChecks() []Check {
	if !r.ByWorkflow {
		return nil
	}
	var incomplete, wrong, unnested int
	for id, w := range r.Workflows {
		if w.Overruled {
			continue
		}
		for p, count := range w.Parts {
			if count.Kept() && !count.Complete() {
				incomplete++
			}
			if count.Kept() != r.Selects(id, p.Rate) {
				wrong++
			}
			for other, more := range w.Parts {
				if other.Rate >= p.Rate && count.Kept() && !more.Kept() {
					unnested++
				}
			}
		}
	}
	const hint = "the table of workflows, and the items that are missing"
	return []Check{
		{"workflows: every one that is kept is complete, in each of its namespaces", incomplete, hint},
		{"workflows: exactly those are kept that XXH64 of the correlation ID selects", wrong, hint},
		{"workflows: what a lower rate keeps of one, the higher rates of its other namespaces keep too", unnested, hint},
	}
}
