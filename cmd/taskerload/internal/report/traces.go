// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

// completeness counts traces or workflows.
type completeness struct{ sent, kept, complete int }

func (c *completeness) add(kept, complete bool) {
	c.sent++
	if kept {
		c.kept++
	}
	if complete {
		c.complete++
	}
}

func (c completeness) cells() []string {
	return []string{Thousands(c.kept), Thousands(c.complete), percent(c.complete, c.kept) + " %"}
}

func allTraces(traces ledger.Traces) (all completeness) {
	for _, t := range traces {
		all.add(t.Kept(), t.Complete())
	}
	return all
}

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

// printTraces compares runs of the same load. Failing traces have columns of their own if the first run keeps them.
func printTraces(b *strings.Builder, runs []*Run) {
	keepsFailed := slices.ContainsFunc(runs, func(r *Run) bool { return r.KeepsFailed })
	legend := "kept: at least one span arrived; complete: all spans arrived"
	t := table{header: []string{"run", "sent", "kept", "complete", "share"}, left: 1, right: true}
	if keepsFailed {
		legend += "; failing: a span failed, so all spans are kept that arrive with it or after it"
		t.header = append(t.header, "failing", "complete", "share")
	}
	fmt.Fprintf(b, "\nTRACES   (%s)\n", legend)
	for _, r := range runs {
		all := allTraces(sampled(r.Traces, keepsFailed))
		cells := append([]string{r.Title, Thousands(all.sent)}, all.cells()...)
		switch fails := allTraces(failing(r.Traces)); {
		case r.KeepsFailed:
			cells = append(cells, Thousands(fails.sent), Thousands(fails.complete), percent(fails.complete, fails.sent)+" %")
		case keepsFailed:
			cells = append(cells, "not kept", "", "")
		}
		t.add(cells...)
	}
	t.print(b)
	for _, r := range runs {
		traces := sampled(r.Traces, keepsFailed)
		if all := allTraces(traces); r.RatePerTrace && all.complete < all.kept {
			fmt.Fprintf(b, "  %s: %s of %s incomplete traces started with requests whose keys Postgres does not know\n",
				r.Title, Thousands(unresolvedAndIncomplete(traces)), Thousands(all.kept-all.complete))
		}
		if r.Holds && r.Growth != nil {
			held := r.Growth.Total("set_aside_spans")
			fmt.Fprintf(b, "  %s: %s of %s spans were held, %s %%\n", r.Title, Thousands(held), Thousands(r.Spans.Sent), percent(held, r.Spans.Sent))
		}
	}
}
