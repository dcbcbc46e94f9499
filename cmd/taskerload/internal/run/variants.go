// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
)

// variant is a run of the demo: the configuration with some settings of its own, and a load.
type variant struct {
	title    string
	settings []setting
	sizes    sizes
}

const (
	// lowRate is one at which nearly all traces are dropped: where lookups can be saved.
	lowRate = 0.01
	// savedEnough is the least share of trace_id_ratio's keys that parent_based saves at lowRate.
	savedEnough = 0.9
	// completeEnough is the least share of complete traces among those kept where traces are cut. A trace whose first
	// requests have nothing but keys that Postgres does not know may be decided at two rates; no other.
	completeEnough = 0.99
)

// variants are the configuration as it is, with all of the load; then its spans again: each by its own namespace's rate;
// with every trace cut; and with nearly all of them dropped.
func (d *demo) variants(sampler *samplerConfig) []variant {
	spans := d.sizes
	spans.datapoints, spans.series = 0, 0
	cut := spans
	cut.cut = true
	whole := setting{"tracing::sampler", parentBased}
	return []variant{
		{sampler.sampler(), nil, d.sizes},
		{traceIDRatio, []setting{{"tracing::sampler", traceIDRatio}}, spans},
		{cut.title(parentBased), []setting{whole}, cut},
		{parentBased + ", rates " + rateText(lowRate), append(sampler.withRate(lowRate), whole), spans},
	}
}

// report prints what all variants of the demo gave, and says whether that is as it must be.
func (d *demo) report(runs []*result) bool {
	main, ratio, cut, low := runs[0], runs[1], runs[2], runs[3]
	printReport(d.stdout, main, ratio, main, cut) // before and after
	printSaved(d.stdout, ratio, main, low)

	checks := main.checks
	for _, r := range []*result{ratio, cut, low} {
		checks = append(checks, r.summary())
	}
	checks = append(checks, judgeCut(cut), judgeSaved(low, ratio))
	printChecks(d.stdout, checks, runs...)
	printOutcome(d.stdout, "demo", checks)
	return passed(checks)
}

// summary is one check in place of a run's exact ones.
func (r *result) summary() check {
	c := check{name: r.title + ": everything is exactly as expected there too"}
	for _, one := range r.checks {
		if one.faults > 0 {
			c.faults += one.faults
			c.detail = fmt.Sprintf("%s (%s)", one.name, one.detail)
		}
	}
	return c
}

// printSaved compares runs of the same requests.
func printSaved(w io.Writer, ratio *result, others ...*result) {
	say(w, "\nKEYS LOOKED UP FOR SPANS   (distinct ones of each request, whether the cache or Postgres answered)\n")
	t := table{header: []string{"run", "keys", "saved"}, left: 1, right: true}
	all := ratio.lookedUpForSpans()
	t.add(ratio.title, thousands(all), "")
	for _, r := range others {
		t.add(r.title, thousands(r.lookedUpForSpans()), percent(all-r.lookedUpForSpans(), all)+" %")
	}
	t.print(w)
}

func judgeCut(cut *result) check {
	all := cut.traces.count(cut.traces)[labelAll]
	c := check{
		name:   cut.title + ": at least 99 % of the traces of which anything is kept are complete",
		detail: "the rows of TRACES, and how many keys Postgres does not know",
	}
	if float64(all.complete) < completeEnough*float64(all.kept) {
		c.faults = all.kept - all.complete
	}
	return c
}

func judgeSaved(low, ratio *result) check {
	most := int((1 - savedEnough) * float64(ratio.lookedUpForSpans()))
	return check{
		low.title + ": at least 90 % of the keys of " + ratio.title + " are saved",
		max(0, low.lookedUpForSpans()-most),
		"lookups for spans that their trace drops",
	}
}
