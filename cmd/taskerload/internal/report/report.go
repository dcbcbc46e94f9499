// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// printReport prints all about a run but its verdict. In the section about traces it stands among other runs with the same
// spans, or alone.
func printReport(w io.Writer, r *result, among ...*result) {
	printBook(w, "SPANS", spansLegend(r), r.spans)
	printBook(w, "DATA POINTS", legend, r.points)
	if len(among) == 0 {
		among = []*result{r}
	}
	printTraces(w, r, among)
	printLookups(w, r)
	printAdjusted(w, r.spans)
	items := r.spans.sent + r.points.sent
	say(w, "\nTIME   (making and checking the load included, on the same cores)\n  %s items in %.1f s, to the last one received: %s items per second\n",
		thousands(items), r.elapsed.Seconds(), thousands(int(float64(items)/max(r.elapsed.Seconds(), 0.001))))
}

const legend = "range: where 99.9 % of all loads fall"

func spansLegend(r *result) string {
	if r.byTrace {
		return "by trace: with no namespace, or another than their trace's; " + legend
	}
	return legend
}

// labelAll is that of the last line of a table.
const labelAll = "all"

func printBook(w io.Writer, title, explanation string, b *book) {
	say(w, "\n%s   (%s)\n", title, explanation)
	t := table{header: []string{"namespace", "rule", "rate", "sent"}, left: 2}
	byTrace := b.sum(func(r *row) int { return r.byTrace })
	line := func(n int, cells ...string) []string {
		if byTrace > 0 {
			return slices.Insert(cells, 4, thousands(n))
		}
		return cells
	}
	if byTrace > 0 {
		t.header = append(t.header, "by trace")
	}
	t.header = append(t.header, "kept", "kept %", "range", "verdict")
	var kept int
	for _, r := range b.sorted() {
		low, high := r.keptRange()
		t.add(line(r.byTrace, r.label, r.listed, rateText(r.own), thousands(r.sent), thousands(r.kept), percent(r.kept, r.sent),
			thousands(low)+"–"+thousands(high), r.verdict())...)
		kept += r.kept
	}
	t.add(line(byTrace, labelAll, "", "", thousands(b.sent), thousands(kept), percent(kept, b.sent), "", strangersText(b.strangers))...)
	t.print(w)
}

// printTraces says what arrived of each trace in some runs, by the namespaces that the traces have in the main one.
func printTraces(w io.Writer, main *result, runs []*result) {
	say(w, "\nTRACES   (kept: some of the trace arrived; complete: all of it)\n")
	t := table{header: []string{"namespace", "sent"}, groups: []group{{"", 2}}, left: 1, right: true}
	counted := make([]map[string]completeness, len(runs))
	for i, r := range runs {
		t.header = append(t.header, "kept", "complete", "share")
		t.groups = append(t.groups, group{r.title, 3})
		counted[i] = r.traces.count(main.traces)
	}
	for _, label := range append(main.spans.labels(), labelAll) {
		if counted[0][label].sent == 0 {
			continue
		}
		cells := []string{label, thousands(counted[0][label].sent)}
		for i := range runs {
			cells = append(cells, counted[i][label].cells()...)
		}
		t.add(cells...)
	}
	t.print(w)
	for i, r := range runs {
		if all := counted[i][labelAll]; r.byTrace && all.complete < all.kept {
			say(w, "  %s: %s of the %s incomplete traces began with requests that had only keys that Postgres does not know\n",
				r.title, thousands(r.traces.cutByKeys()), thousands(all.kept-all.complete))
		}
	}
}

// sorted puts namespaces with a rate of their own first, the rows that belong to no namespace last.
func (b *book) sorted() []*row {
	rows := make([]*row, 0, len(b.rows))
	for _, r := range b.rows {
		rows = append(rows, r)
	}
	rank := func(r *row) int {
		switch {
		case strings.HasPrefix(r.label, "("):
			return 2
		case r.listed == ruleExact:
			return 0
		default:
			return 1
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.label, b.label)) })
	return rows
}

// labels of the rows, sorted.
func (b *book) labels() (labels []string) {
	for _, r := range b.sorted() {
		labels = append(labels, r.label)
	}
	return labels
}

func (r *row) verdict() string {
	if r.ok() {
		return "ok"
	}
	var faults []string
	note := func(n int, what string) {
		if n > 0 {
			faults = append(faults, thousands(n)+" "+what)
		}
	}
	note(r.missing, "missing")
	note(r.unexpected, "unexpected")
	note(r.repeated, "repeated")
	note(r.wrongState, "wrong tracestate")
	note(r.wrongNamespace, "wrong namespace")
	note(r.altered, "altered")
	return "FAIL: " + strings.Join(faults, ", ")
}

func strangersText(n int) string {
	if n == 0 {
		return ""
	}
	return "FAIL: " + thousands(n) + " never sent"
}

func printLookups(w io.Writer, r *result) {
	say(w, "\nLOOKUPS   (keys, round trips, duration: the collector's own metrics)\n")
	var items []string
	for _, via := range allVias {
		if n := r.spans.via[via] + r.points.via[via]; n > 0 {
			items = append(items, thousands(n)+" "+via)
		}
	}
	say(w, "  items        %s\n", strings.Join(items, ", "))
	if r.after == nil {
		say(w, "  keys         not looked at: no --metrics-url\n")
		return
	}
	var keys []string
	for _, outcome := range lookupOutcomes {
		keys = append(keys, thousands(int(r.during("lookup_keys", "outcome", outcome)))+" "+outcome)
	}
	say(w, "  keys         %s\n", strings.Join(keys, ", "))
	say(w, "  round trips  %s\n", thousands(int(r.during("lookup_round_trips", "", ""))))
	if mean, p99, ok := r.lookupTimes(); ok {
		say(w, "  duration     mean %s, 99th percentile about %s\n", seconds(mean), seconds(p99))
	}
	if n := r.during("spans", "rule", "unavailable") + r.during("datapoints", "rule", "unavailable"); n > 0 {
		say(w, "  %s items were decided while Postgres could not be asked, or not within the processor's wait: "+
			"their rows cannot be exact\n", thousands(int(n)))
	}
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Microsecond).String()
}

func printAdjusted(w io.Writer, b *book) {
	say(w, "\nADJUSTED COUNTS   (what backends compute from th: each span kept stands for 1/P)\n")
	t := table{header: []string{"namespace", "sent for", "adjusted", "off by"}, left: 1}
	var sent, kept float64
	add := func(label string, sent, kept float64) {
		off := "–"
		if sent > 0 {
			off = fmt.Sprintf("%+.1f %%", 100*(kept-sent)/sent)
		}
		t.add(label, thousands(int(sent+0.5)), thousands(int(kept+0.5)), off)
	}
	for _, r := range b.sorted() {
		add(r.label, r.weightSent, r.weightKept)
		sent += r.weightSent
		kept += r.weightKept
	}
	add(labelAll, sent, kept)
	t.print(w)
}

func printChecks(w io.Writer, checks []check, runs ...*result) {
	say(w, "\nCHECKS\n")
	for _, c := range checks {
		if c.faults == 0 {
			say(w, "  ok    %s\n", c.name)
			continue
		}
		say(w, "  FAIL  %s: %s wrong\n        look at: %s\n", c.name, thousands(c.faults), c.detail)
	}
	for i, r := range runs {
		where := ""
		if i > 0 {
			where = r.title + ": "
		}
		for _, b := range []*book{r.spans, r.points} {
			for _, example := range b.examples {
				say(w, "  e.g.  %s%s\n", where, example)
			}
		}
	}
}

// printOutcome is the last line.
func printOutcome(w io.Writer, what string, checks []check) {
	failed := 0
	for _, c := range checks {
		if c.faults > 0 {
			failed++
		}
	}
	if failed > 0 {
		say(w, "\n%s FAILED: %d of %d checks\n", what, failed, len(checks))
		return
	}
	say(w, "\n%s passed: %d checks\n", what, len(checks))
}

func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", 100*float64(part)/float64(whole))
}

func rateText(rate float64) string { return fmt.Sprintf("%g", rate) }
