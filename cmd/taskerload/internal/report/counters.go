// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// judgeCounters compares the collector's own metrics with what it must have done.
func (r *result) judgeCounters() []check {
	switch {
	case r.after == nil:
		return nil
	case r.remembers():
		return []check{{
			"the collector counted every item once",
			abs(int(r.during("spans", "", ""))-r.spans.sent) + abs(int(r.during("datapoints", "", ""))-r.points.sent),
			fmt.Sprintf("otelcol_processor_namespace_sampler_spans grew by %.0f for %d spans, …_datapoints by %.0f for %d points",
				r.during("spans", "", ""), r.spans.sent, r.during("datapoints", "", ""), r.points.sent),
		}}
	}
	items, detail := r.miscounted()
	return []check{
		{"the collector counted every item once, under its namespace, decision and rule", items, detail},
		{
			"the collector looked up exactly the keys that can matter",
			abs(r.lookedUp() - r.spans.keys - r.points.keys),
			fmt.Sprintf("otelcol_processor_namespace_sampler_lookup_keys grew by %d, want %d for spans and %d for data points",
				r.lookedUp(), r.spans.keys, r.points.keys),
		},
	}
}

// remembers says that the collector may remember traces from before the run. It then decides the same, but needs fewer
// lookups, and counts spans that it did not look up under their trace's namespace.
func (r *result) remembers() bool { return r.byTrace && r.before.sum("spans", "", "") > 0 }

// lookedUp is how many distinct keys of requests the collector looked up, be it in its cache.
func (r *result) lookedUp() int {
	return int(r.during("lookup_keys", "", "") - r.during("lookup_keys", "outcome", "malformed"))
}

// lookedUpForSpans takes the data points' keys for looked up as they must be.
func (r *result) lookedUpForSpans() int { return r.lookedUp() - r.points.keys }

// miscounted is by how much the counters of items are off together, and the first few of them.
func (r *result) miscounted() (total int, detail string) {
	var off []string
	for _, b := range []*book{r.spans, r.points} {
		before, got := r.before.counts(b.signal), r.after.counts(b.signal)
		counters := map[count]int{} // by how much each is off
		for c, n := range got {
			counters[c] += n - before[c]
		}
		for c, n := range b.counts {
			counters[c] -= n
		}
		for c, n := range counters {
			total += abs(n)
			if n != 0 {
				off = append(off, fmt.Sprintf("%s %v: %+d for %d", b.signal, c, n, b.counts[c]))
			}
		}
	}
	slices.Sort(off)
	return total, cmp.Or(strings.Join(off[:min(len(off), 2*maxExamples)], "; "), "nothing")
}
