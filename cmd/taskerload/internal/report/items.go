// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

const itemsLegend = "expected: 99.9 % interval for the number kept"

func (r *Run) spansLegend() (legend string) {
	if r.RatePerTrace {
		legend = "by trace: decided at the rate of the trace; "
	}
	if r.KeepsFailed {
		legend += "failing: of traces with a failed span, kept at any rate; "
	}
	return legend + itemsLegend
}

func (r *Run) recordsLegend() (legend string) {
	if r.RatePerTrace {
		legend = "by trace: decided at the rate of the trace; "
	}
	if r.KeepsFailed {
		legend += "failing: of traces with a failed span; "
	}
	return legend + itemsLegend
}

// labelAll is the label of the last line of a table.
const labelAll = "all"

// printItems prints how many items of each namespace were sent and kept.
func printItems(b *strings.Builder, title, legend string, s *ledger.Summary) {
	fmt.Fprintf(b, "\n%s   (%s)\n", title, legend)
	byTrace, failing := s.Sum(countByTrace), s.Sum(countFailing)
	t := table{header: []string{"namespace", "rule", "rate", "sent"}, left: 2}
	if byTrace > 0 {
		t.header = append(t.header, "by trace")
	}
	if failing > 0 {
		t.header = append(t.header, "failing")
	}
	t.header = append(t.header, "kept", "kept %", "expected", "result")
	line := func(label, rule, rate string, sent, ofTrace, ofFailing, kept int, rest ...string) {
		cells := []string{label, rule, rate, Thousands(sent)}
		if byTrace > 0 {
			cells = append(cells, Thousands(ofTrace))
		}
		if failing > 0 {
			cells = append(cells, Thousands(ofFailing))
		}
		t.add(append(append(cells, Thousands(kept), percent(kept, sent)), rest...)...)
	}
	var kept int
	for _, r := range sortedRows(s) {
		low, high := keptInterval(r)
		line(r.Label, r.Rule, FormatRate(r.Rate), r.Sent, r.ByTrace, r.Failing, r.Kept, Thousands(low)+"–"+Thousands(high), rowResult(r))
		kept += r.Kept
	}
	line(labelAll, "", "", s.Sent, byTrace, failing, kept, "", unknownResult(s.Unknown))
	t.print(b)
}

func countByTrace(r *ledger.Row) int { return r.ByTrace }
func countFailing(r *ledger.Row) int { return r.Failing }

// sortedRows sorts namespaces with a rate of their own first, and rows without a namespace last.
func sortedRows(s *ledger.Summary) []*ledger.Row {
	rows := make([]*ledger.Row, 0, len(s.Rows))
	for _, r := range s.Rows {
		rows = append(rows, r)
	}
	rank := func(r *ledger.Row) int {
		switch {
		case strings.HasPrefix(r.Label, "("):
			return 2
		case r.Rule == oracle.RuleExact:
			return 0
		default:
			return 1
		}
	}
	slices.SortFunc(rows, func(a, b *ledger.Row) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Label, b.Label))
	})
	return rows
}

func rowResult(r *ledger.Row) string {
	if r.Faults() == 0 {
		return "ok"
	}
	var faults []string
	add := func(n int, what string) {
		if n > 0 {
			faults = append(faults, Thousands(n)+" "+what)
		}
	}
	add(r.Missing, "missing")
	add(r.Unexpected, "unexpected")
	add(r.Repeated, "repeated")
	add(r.WrongTracestate, "wrong tracestate")
	add(r.WrongStamp, "wrong stamp")
	add(r.WrongNamespace, "wrong namespace")
	add(r.Altered, "altered")
	return "FAIL: " + strings.Join(faults, ", ")
}

func unknownResult(n int) string {
	if n == 0 {
		return ""
	}
	return "FAIL: " + Thousands(n) + " never sent"
}

// printAdjustedCounts compares the number of spans with what a backend estimates from the spans that were kept.
func printAdjustedCounts(b *strings.Builder, s *ledger.Summary) {
	fmt.Fprintf(b, "\nADJUSTED COUNTS   (the number of spans that a backend estimates from th in the tracestates of those kept)\n")
	t := table{header: []string{"namespace", "actual", "estimated", "error"}, left: 1, right: true}
	var sent, kept float64
	add := func(label string, sent, kept float64) {
		off := "–"
		if sent > 0 {
			off = fmt.Sprintf("%+.1f %%", 100*(kept-sent)/sent)
		}
		t.add(label, Thousands(int(sent+0.5)), Thousands(int(kept+0.5)), off)
	}
	for _, r := range sortedRows(s) {
		add(r.Label, r.WeightSent, r.WeightKept)
		sent += r.WeightSent
		kept += r.WeightKept
	}
	add(labelAll, sent, kept)
	t.print(b)
}
