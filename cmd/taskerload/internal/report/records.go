// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

// recordChecks judges the log records.
func (r *Run) recordChecks() []Check {
	records := r.Records
	missing := func(r *ledger.Row) int { return r.Missing }
	unexpected := func(r *ledger.Row) int { return r.Unexpected }
	stamp := func(r *ledger.Row) int { return r.WrongStamp }
	content := func(r *ledger.Row) int { return r.WrongNamespace + r.Altered }
	off, draws := implausibleDraws(records.ByDraw)
	checks := []Check{
		{
			"log records: exactly the expected ones are kept",
			records.Sum(missing) + records.Sum(unexpected) + records.Unknown,
			"rates of the rows marked FAIL, and what the processor remembers of their traces",
		},
		{
			"log records: sampling.threshold and sampling.randomness of every one are as expected",
			records.Sum(stamp),
			"sampling_precision, and other components in the pipeline that edit these attributes",
		},
		{
			"log records: resolved and inherited namespaces are written, nothing else is changed",
			records.Sum(content),
			"whether the database holds the tasks of this --seed and --tasks",
		},
		{"log records: as many of those that are drawn are kept as can be", off, draws},
	}
	if r.RecordsFollow {
		f := followersOf(r.Traces)
		checks = append(checks, Check{
			"log records: of a trace that is kept all are kept, of one that is dropped none",
			f.ofDropped + f.withDropped,
			"the lines about traces and their log records",
		})
	}
	return checks
}

// implausibleDraws counts the rates at which the number of kept records cannot be that of independent draws, with the numbers.
func implausibleDraws(byRate map[float64]*ledger.Count) (n int, detail string) {
	var all []string
	for rate, count := range byRate {
		mean := rate * float64(count.Sent)
		if math.Abs(float64(count.Arrived)-mean) > farthest(mean*(1-rate)) {
			n++
			all = append(all, fmt.Sprintf("%s of %s kept at rate %s", Thousands(count.Arrived), Thousands(count.Sent), FormatRate(rate)))
		}
	}
	slices.Sort(all)
	return n, strings.Join(all, "; ")
}

// farthest is a distance from the mean that a sum of independent draws with this variance exceeds with a probability of at most
// 2·exp(-28), or 1 in 10^12, by Bernstein's inequality.
func farthest(variance float64) float64 {
	const exponent = 28
	return exponent/3.0 + math.Sqrt(exponent*exponent/9.0+2*exponent*variance)
}

// followers counts how log records follow their traces. Traces and records that another sampler has decided about do not count.
type followers struct {
	kept, ofDropped         int // log records that were kept; those of a trace of which no span was
	keptTraces, withDropped int // traces with log records of which a span was kept; those of which a record was dropped
}

func followersOf(traces ledger.Traces) (f followers) {
	for _, t := range traces {
		if t.Foreign || t.Records.Sent == 0 {
			continue
		}
		f.kept += t.Records.Arrived
		if !t.Kept() {
			f.ofDropped += t.Records.Arrived
			continue
		}
		f.keptTraces++
		if !t.Records.Complete() {
			f.withDropped++
		}
	}
	return f
}

// printFollowers compares runs of the same load.
func printFollowers(b *strings.Builder, runs []*Run) {
	fmt.Fprintf(b, "\nTRACES AND THEIR LOG RECORDS   (but for those that another sampler has decided about)\n")
	t := table{header: []string{"run", "kept records whose trace was dropped", "kept traces whose records were dropped"}, left: 1, right: true}
	for _, r := range runs {
		f := followersOf(r.Traces)
		t.add(r.Title, ofAll(f.ofDropped, f.kept), ofAll(f.withDropped, f.keptTraces))
	}
	t.print(b)
}

func ofAll(n, all int) string { return Thousands(n) + " of " + Thousands(all) }
