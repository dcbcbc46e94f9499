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
