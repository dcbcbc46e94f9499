// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// completeness counts traces.
type completeness struct{ sent, kept, complete int }

func (c *completeness) add(t *ledger.Trace) {
	c.sent++
	if t.Kept() {
		c.kept++
	}
	if t.Complete() {
		c.complete++
	}
}

func (c completeness) cells() []string {
	return []string{Thousands(c.kept), Thousands(c.complete), percent(c.complete, c.kept) + " %"}
}

// countTraces counts all traces, and those of each namespace. The namespaces are taken from names, the traces of another
// run with the same load.
func countTraces(traces, names ledger.Traces) map[string]completeness {
	rows := map[string]completeness{}
	for id, t := range traces {
		label := oracle.LabelNone
		if named := names[id]; named != nil && named.Namespace != "" {
			label = named.Namespace
		}
		for _, row := range []string{label, labelAll} {
			c := rows[row]
			c.add(t)
			rows[row] = c
		}
	}
	return rows
}

func allTraces(traces ledger.Traces) completeness { return countTraces(traces, traces)[labelAll] }

// sampled returns the traces that rates decide about: without those that fail, if these are kept whole.
func sampled(traces ledger.Traces, keepsFailed bool) ledger.Traces {
	if !keepsFailed {
		return traces
	}
	return where(traces, func(t *ledger.Trace) bool { return !t.Failed })
}

// failing returns the traces with a failed span.
func failing(traces ledger.Traces) ledger.Traces {
	return where(traces, func(t *ledger.Trace) bool { return t.Failed })
}

func where(traces ledger.Traces, qualifies func(*ledger.Trace) bool) ledger.Traces {
	some := ledger.Traces{}
	for id, t := range traces {
		if qualifies(t) {
			some[id] = t
		}
	}
	return some
}

// unresolvedAndIncomplete is the number of incomplete traces of which a request had no namespace.
func unresolvedAndIncomplete(traces ledger.Traces) (n int) {
	for _, t := range traces {
		if t.Unresolved > 0 && t.Kept() && !t.Complete() {
			n++
		}
	}
	return n
}

// printTraces compares runs of the same load, by the namespaces that the traces have in the main run.
func printTraces(b *strings.Builder, main *Run, runs []*Run) {
	which := ""
	if main.KeepsFailed {
		which = "those without a failed span; "
	}
	fmt.Fprintf(b, "\nTRACES   (%skept: at least one span arrived; complete: all spans arrived)\n", which)
	t := table{header: []string{"namespace", "sent"}, groups: []group{{"", 2}}, left: 1, right: true}
	counts := make([]map[string]completeness, len(runs))
	for i, r := range runs {
		t.header = append(t.header, "kept", "complete", "share")
		t.groups = append(t.groups, group{r.Title, 3})
		counts[i] = countTraces(sampled(r.Traces, main.KeepsFailed), main.Traces)
	}
	var labels []string
	for _, r := range sortedRows(main.Spans) {
		labels = append(labels, r.Label)
	}
	for _, label := range append(labels, labelAll) {
		if counts[0][label].sent == 0 {
			continue
		}
		cells := []string{label, Thousands(counts[0][label].sent)}
		for i := range runs {
			cells = append(cells, counts[i][label].cells()...)
		}
		t.add(cells...)
	}
	t.print(b)
	for i, r := range runs {
		if all := counts[i][labelAll]; r.RatePerTrace && all.complete < all.kept {
			fmt.Fprintf(b, "  %s: %s of %s incomplete traces started with requests whose keys Postgres does not know\n",
				r.Title, Thousands(unresolvedAndIncomplete(sampled(r.Traces, main.KeepsFailed))), Thousands(all.kept-all.complete))
		}
	}
}

// printFailing compares what is left of the traces that fail.
func printFailing(b *strings.Builder, runs []*Run) {
	t := table{header: []string{"run", "sent", "whole", "share"}, left: 1, right: true}
	for _, r := range runs {
		if r.KeepsFailed {
			all := allTraces(failing(r.Traces))
			t.add(r.Title, Thousands(all.sent), Thousands(all.complete), percent(all.complete, all.sent)+" %")
		}
	}
	if len(t.rows) > 0 {
		fmt.Fprintf(b, "\nTRACES WITH ERRORS   (a span failed, so all spans are kept that arrive with it or after it; whole: all spans arrived)\n")
		t.print(b)
	}
}

// printHeld prints how many spans waited for the namespace of their trace.
func printHeld(b *strings.Builder, runs []*Run) {
	for _, r := range runs {
		if r.Holds && r.Growth != nil {
			held := r.Growth.Total("set_aside_spans")
			fmt.Fprintf(b, "\nHELD SPANS   (from the collector's own metrics)\n  %s: %s of %s spans were held, %s %%\n",
				r.Title, Thousands(held), Thousands(r.Spans.Sent), percent(held, r.Spans.Sent))
		}
	}
}
