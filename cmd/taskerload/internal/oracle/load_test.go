// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// The load must be able to show whether a processor keeps the spans before a failed one, after it, and in later requests, and
// whether it lets held spans go for either reason.
func TestTheLoadDistinguishesReadingsOfWholeTraces(t *testing.T) { // T18, T19
	t.Parallel()
	sizes := workload.Sizes{Spans: 60_000, Tasks: 3000, Seed: 1, Cut: true}
	tasks := workload.NewTasks(sizes.Seed, sizes.Tasks)
	config := holdingOracle().config
	config.Lookups = true
	o := New(config, workload.Rows(tasks))
	var before, after, later, byName, byFailure int
	for requests := range workload.SpanRounds(tasks, sizes, time.Now()) {
		for request := range requests {
			var failed []bool
			for s := range items.Spans(request) {
				failed = append(failed, s.Status().Code() == ptrace.StatusCodeError)
			}
			for _, t := range o.read(request).traces {
				switch {
				case t.remembered.isKept:
					later += len(t.spans)
				case t.isKept:
					first := slices.IndexFunc(t.spans, func(i int) bool { return failed[i] })
					before += first
					after += len(t.spans) - 1 - first
				}
			}
			for _, d := range o.Spans(request).Decided {
				if d.Rule == RuleAlwaysKeepTrace {
					byFailure++
				} else {
					byName++
				}
			}
		}
	}
	assert.Greater(t, before, 50)
	assert.Greater(t, after, 50)
	assert.Greater(t, later, 50)
	assert.Greater(t, byName, 20)
	assert.Positive(t, byFailure)
}

// The load must be able to show whether a processor gives records the rate, the randomness and the namespace of their trace, and whether it
// heeds what earlier samplers have written to them.
func TestTheLoadDistinguishesReadingsOfRecords(t *testing.T) { // L2 to L4
	t.Parallel()
	sizes := workload.Sizes{Spans: 20_000, Records: 8000, Tasks: 1000, Seed: 1}
	tasks := workload.NewTasks(sizes.Seed, sizes.Tasks)
	config := keepingOracle().config
	config.Lookups, config.RecordRates = true, config.SpanRates
	o, alone := New(config, workload.Rows(tasks)), New(config, workload.Rows(tasks))
	for requests := range workload.SpanRounds(tasks, sizes, time.Now()) {
		for request := range requests {
			o.Spans(request)
		}
	}
	got := map[string]int{}
	count := func(what string, when bool) {
		if when {
			got[what]++
		}
	}
	for request := range workload.RecordRequests(tasks, sizes, time.Now()) {
		for data := range items.Records(request) {
			out, own := o.record(data, Keys{}), alone.record(data, Keys{})
			plain := recordOf(data)
			plain.isExplicit, plain.isStamped = false, false
			count("the trace keeps it", out.Keep && !own.Keep && !out.IsDrawn)
			count("the trace drops it", !out.Keep && own.Keep)
			count("kept with a failing trace", out.Rule == RuleAlwaysKeepTrace && !own.Keep)
			count("by trace", out.Rule == RuleTrace)
			count("in a namespace of its own, by trace", out.Rule == RuleTrace && out.Source == FromAttribute)
			count("inherits", out.Keep && out.Write != "" && out.Source != FromLookup)
			count("resolved", out.Keep && out.Source == FromLookup)
			count("drawn", out.IsDrawn)
			count("drawn in a namespace", out.IsDrawn && out.Namespace != "")
			count("kept by its own randomness", out.Keep && !plain.trace.IsEmpty() && !plain.decide("", out.Rate, 4).keep)
			count("dropped by its own randomness", !out.Keep && plain.decide("", out.Rate, 4).keep)
			count("the threshold is removed", out.Keep && out.RemovesThreshold)
			count("nothing is written below rate 1", out.Keep && out.Rate < 1 && out.Stamps == Stamps{})
		}
	}
	for what, n := range got {
		assert.GreaterOrEqual(t, n, 3, what)
	}
	assert.Len(t, got, 13, "%v", got)
}
