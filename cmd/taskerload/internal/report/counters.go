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

// counterChecks compares the processor's own metrics with what it must have counted.
//
// A processor that was used before may remember traces. Its decisions are the same, but it needs fewer lookups and counts
// spans that it did not look up under the namespace of their trace, so only the totals are compared.
func (r *Run) counterChecks() []Check {
	switch {
	case r.Growth == nil:
		return nil
	case r.RatePerTrace && r.Growth.UsedBefore():
		spans, points, records := r.Growth.Total("spans"), r.Growth.Total("datapoints"), r.Growth.Total("log_records")
		return []Check{{
			"counters: every item is counted once",
			abs(spans-r.Spans.Sent) + abs(points-r.Points.Sent) + abs(records-r.Records.Sent),
			fmt.Sprintf("otelcol_processor_namespace_sampler_spans grew by %d for %d spans, …_datapoints by %d for %d data points, "+
				"…_log_records by %d for %d log records", spans, r.Spans.Sent, points, r.Points.Sent, records, r.Records.Sent),
		}}
	}
	items, differences := r.counterFaults()
	keys := r.Growth.Keys()
	checks := []Check{
		{"counters: every item is counted once, under its namespace, decision and rule", items, differences},
		{
			"counters: exactly the keys that can matter are looked up",
			abs(keys - r.Spans.Keys - r.Points.Keys - r.Records.Keys),
			fmt.Sprintf("otelcol_processor_namespace_sampler_lookup_keys grew by %d, want %d for spans, %d for data points and %d for log records",
				keys, r.Spans.Keys, r.Points.Keys, r.Records.Keys),
		},
	}
	checks = append(checks, r.stampCheck())
	if r.Holds {
		held := r.Growth.Total("set_aside_spans")
		checks = append(checks, Check{
			"counters: exactly the expected spans are held",
			abs(held - r.Spans.Held),
			fmt.Sprintf("otelcol_processor_namespace_sampler_set_aside_spans grew by %d, want %d", held, r.Spans.Held),
		}, Check{
			"counters: held spans are let go as soon as a request decides them",
			max(0, r.StillHeld-r.Spans.Waiting), // fewer if their wait has ended already
			fmt.Sprintf("otelcol_processor_namespace_sampler_held_spans was %d after the last request, want at most %d", r.StillHeld, r.Spans.Waiting),
		})
	}
	if r.ByWorkflow {
		overruled := int(r.Growth.Sum("tracestate_faults", "fault", "group_overruled"))
		checks = append(checks, Check{
			"counters: exactly the spans are counted whose workflow another sampler has overruled",
			abs(overruled - r.Spans.Overruled),
			fmt.Sprintf("otelcol_processor_namespace_sampler_tracestate_faults grew by %d, want %d, for fault=\"group_overruled\"",
				overruled, r.Spans.Overruled),
		})
	}
	return checks
}

// stampCheck compares the number of log records with faulty stamps.
func (r *Run) stampCheck() Check {
	var off int
	var hints []string
	for _, fault := range []string{oracle.FaultMalformed, oracle.FaultFalse} {
		counted, want := int(r.Growth.Sum("log_record_faults", "fault", fault)), r.Records.Faults[fault]
		off += abs(counted - want)
		hints = append(hints, fmt.Sprintf("grew by %d, want %d, for fault=%q", counted, want, fault))
	}
	return Check{
		"counters: exactly the log records are counted whose stamps are malformed or false", off,
		"otelcol_processor_namespace_sampler_log_record_faults " + strings.Join(hints, "; "),
	}
}

// counterFaults is the total difference between the counters of items and their expected values, with the first few.
func (r *Run) counterFaults() (total int, differences string) {
	const shown = 4
	var all []string
	for _, s := range []*ledger.Summary{r.Spans, r.Points, r.Records} {
		off := map[oracle.Counter]int{}
		for c, n := range r.Growth.Counters(s.Metric) {
			off[c] += n
		}
		for c, n := range s.Counters {
			off[c] -= n
		}
		for c, n := range off {
			total += abs(n)
			if n != 0 {
				all = append(all, fmt.Sprintf("%s %v: %+d for %d", s.Metric, c, n, s.Counters[c]))
			}
		}
	}
	slices.Sort(all)
	return total, cmp.Or(strings.Join(all[:min(len(all), shown)], "; "), "nothing")
}

// spanKeys is the number of keys that were looked up for spans, if those for data points and log records are as expected.
func (r *Run) spanKeys() int { return r.Growth.Keys() - r.Points.Keys - r.Records.Keys }

func abs(n int) int { return max(n, -n) }
